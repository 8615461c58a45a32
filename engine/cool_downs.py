"""Whom nobody of a workspace may invite yet: for 21 days after a withdrawal LinkedIn refuses the same person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select

from engine.desk import Desk, use_case
from engine.situations import COOL_DOWN
from storage.columns import Instant
from storage.kinds import ActionState, Permission
from storage.tables import Action, Identity, Lead, LinkedInInvitation

DAYS = COOL_DOWN.days
_MOST_NAMED = 200  # of one day
_MAYBE = (ActionState.SENDING, ActionState.UNKNOWN, ActionState.RECONCILING, ActionState.PARKED)


@dataclass(frozen=True, slots=True)
class Freed:
    """Somebody who may be invited again; `lead_id` is the lead whose invitation was withdrawn, where there was one."""

    name: str
    profile: str
    withdrawn_at: datetime
    free_at: datetime
    lead_id: int | None


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A local day of the identity's calendar and who is free again on it; `count` holds where not all are named."""

    day: date
    count: int
    people: tuple[Freed, ...]


@use_case(needs=Permission.READ, reads=True)
def of_workspace(desk: Desk) -> dict[str, datetime]:
    """profile → when that person may be invited again, for everybody in cool-down, whichever identity had invited them."""
    ended = _ends(desk.workspace, desk.now).group_by(LinkedInInvitation.profile)
    return {profile: last + COOL_DOWN for profile, last in desk.session.execute(ended) if last is not None}


@use_case(needs=Permission.READ, reads=True)
def of_lead(desk: Desk, lead_id: int) -> datetime | None:
    """When this lead may be invited again; None when nothing keeps it."""
    profile = desk.session.get_one(Lead, lead_id).linkedin_url
    ended = _ends(desk.workspace, desk.now).where(LinkedInInvitation.profile == profile)
    last = [at for _, at in desk.session.execute(ended.group_by(LinkedInInvitation.profile)) if at is not None]
    return last[0] + COOL_DOWN if profile and last else None


@use_case(needs=Permission.READ, reads=True)
def calendar(desk: Desk, identity_id: int) -> tuple[FreeDay, ...]:
    """Today and the 21 days after it, in the identity's zone, with whom of its withdrawn ones may be invited again when."""
    zone = ZoneInfo(desk.session.get_one(Identity, identity_id).zone)
    today = desk.now.astimezone(zone).date()
    freed: dict[date, list[Freed]] = {today + timedelta(days=after): [] for after in range(DAYS + 1)}
    rows = desk.session.scalars(
        select(LinkedInInvitation)
        .where(LinkedInInvitation.identity_id == identity_id, LinkedInInvitation.withdrawn_at > desk.now - COOL_DOWN)
        .order_by(LinkedInInvitation.withdrawn_at, LinkedInInvitation.id)
    )
    for row in rows:
        one = _freed(row)
        freed.setdefault(one.free_at.astimezone(zone).date(), []).append(one)
    return tuple(FreeDay(day, len(people), tuple(people[:_MOST_NAMED])) for day, people in sorted(freed.items()))


def _freed(row: LinkedInInvitation) -> Freed:
    at = row.withdrawn_at or row.sent_at
    return Freed(row.name, row.profile, at, at + COOL_DOWN, row.lead_id)


def _ends(workspace_id: int, now: datetime) -> Select[str, datetime | None]:
    """profile and the last withdrawal that still counts; a person may have been invited by several identities.

    One whose outcome nobody knows yet counts from its attempt on, as it does for the verdict.
    """
    withdrawn = func.coalesce(LinkedInInvitation.withdrawn_at, Action.sending_at)
    unknown = and_(Action.id == LinkedInInvitation.withdrawal_id, Action.state.in_(_MAYBE))
    return (
        select(LinkedInInvitation.profile, func.max(withdrawn, type_=Instant()))
        .outerjoin(Action, unknown)
        .where(LinkedInInvitation.workspace_id == workspace_id, withdrawn > now - COOL_DOWN)
    )

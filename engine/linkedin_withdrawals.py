"""Withdrawing invitations nobody accepts: after N days, a few a day, each once; and what that costs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine import agenda, counts, linkedin_accounts, linkedin_lanes
from engine.desk import Desk, Problem, use_case
from engine.entries import entry_of
from engine.outcomes import day_of
from engine.rules.hours import local_day, next_window
from engine.rules.withdrawals import share_accepted_after
from engine.situations import COOL_DOWN, working_hours
from storage.database import Database
from storage.kinds import ActionKind, ActionState, LinkedInState, Permission, Reason
from storage.ledger import Note, move, plan
from storage.tables import Action, Event, Identity, LinkedInAccount, LinkedInInvitation, Workspace

LEAST_DAYS, MOST_DAYS, USUAL_DAYS = 7, 180, 30
_MOST_AT_ONCE = 200
MOST_SHOWN = 500  # of the history
_FARTHEST = timedelta(days=400)
_PENDING = (LinkedInInvitation.accepted_at.is_(None), LinkedInInvitation.withdrawn_at.is_(None))


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """One that was withdrawn; nobody of the workspace may invite this person before `until`."""

    name: str
    profile: str
    sent_at: datetime
    withdrawn_at: datetime
    until: datetime
    lead_id: int | None
    was_gone: bool  # nothing was there to withdraw any more: withdrawn by hand, ignored, or gone with the profile


@dataclass(frozen=True, slots=True)
class Overview:
    """`after_days` None means off; `cap` is how many may go a day, None before the first connection."""

    after_days: int | None
    pending: int
    oldest_days: int
    planned: int
    cap: int | None
    gone_today: int
    history: tuple[Withdrawn, ...]


@use_case(needs=Permission.READ, reads=True)
def overview(desk: Desk, identity_id: int) -> Overview:
    account = linkedin_accounts.account_of(desk.session, identity_id)
    after = account.withdraw_after_days if account is not None else None
    of_identity = LinkedInInvitation.identity_id == identity_id
    pending, oldest, planned = desk.session.execute(
        select(func.count(), func.min(LinkedInInvitation.sent_at), func.count(LinkedInInvitation.withdrawal_id)).where(
            of_identity, *_PENDING
        )
    ).one()
    gone = select(LinkedInInvitation).where(of_identity, LinkedInInvitation.withdrawn_at.is_not(None))
    rows = desk.session.scalars(gone.order_by(LinkedInInvitation.withdrawn_at.desc()).limit(MOST_SHOWN)).all()
    were_gone = _found_nothing(desk.session, [row.withdrawal_id for row in rows if row.withdrawal_id is not None])
    cap, gone_today = _today(desk.session, identity_id, desk.now)
    return Overview(
        after,
        pending,
        (desk.now - oldest).days if oldest is not None else 0,
        planned,
        cap,
        gone_today,
        tuple(_withdrawn(row, were_gone) for row in rows),
    )


@use_case(needs=Permission.READ, reads=True)
def rehearse(desk: Desk, identity_id: int, after_days: int) -> str:
    """What withdrawing after N days would mean, in sentences: how many are so old, when they would go, what is lost."""
    found = would_go(desk.session, identity_id, after_days, desk.now)
    which = "1 invitation is" if found == 1 else f"{found:,} invitations are"
    lost = 100 - round(share_accepted_after(after_days) * 100)
    cost = (
        f"In all, about {lost} % of those who would still accept are lost"
        if lost
        else "Hardly anybody accepts later than that"
    )
    return (
        f"{which} older than {after_days} days. {_pace(desk.session, identity_id, found, desk.now)}{cost}. Whoever is "
        f"withdrawn can't be invited again for {COOL_DOWN.days} days, by anybody of this workspace."
    )


def _pace(session: Session, identity_id: int, found: int, now: datetime) -> str:
    """How many of them would go today, and on which day the last: as the daily cap and the working days let them."""
    cap, gone = _today(session, identity_id, now)
    if cap is None or not found:
        return ""
    if not cap:
        return "None of them would go: the daily cap is 0. "
    hours = working_hours(session, [identity_id], now)[identity_id]
    today, last = local_day(hours, now), local_day(hours, now)
    goes_today, left, at = 0, found, now
    while left > 0 and (window := next_window(hours, at)) is not None and last < today + _FARTHEST:
        last, at = local_day(hours, max(window.opens, now)), window.closes
        share = min(left, max(0, cap - gone) if last == today else cap)
        goes_today, left = goes_today + share * (last == today), left - share
    if left > 0:
        return "None of them would go: there is no working day in sight. "
    ends = "" if last == today else f", the last on {last:%A}, {last.day} {last:%B}"
    return f"Of these, {'all' if goes_today == found else f'{goes_today:,}'} would go today (at most {cap:,} a day){ends}. "


def _today(session: Session, identity_id: int, now: datetime) -> tuple[int | None, int]:
    """The daily cap in force, and how many have gone today."""
    lane = linkedin_lanes.lane_of(session, identity_id)
    if lane is None:
        return None, 0
    zone = ZoneInfo(session.get_one(Identity, identity_id).zone)
    use = counts.read(session, {lane.id: zone}, now).today(lane.id).get(ActionKind.WITHDRAWAL)
    return (use.limit, use.used) if use is not None else (0, 0)


@use_case(needs=Permission.MANAGE)
def set_after(desk: Desk, identity_id: int, after_days: int | None) -> None:
    """Withdraw what is older than this from now on; None switches it off."""
    if after_days is not None and not LEAST_DAYS <= after_days <= MOST_DAYS:
        raise Problem(f"Withdraw after {LEAST_DAYS} to {MOST_DAYS} days, or switch it off.")
    account = linkedin_accounts.account_of(desk.session, identity_id)
    if account is None:
        raise Problem("Connect LinkedIn first; then its withdrawals can be set.")
    old, account.withdraw_after_days = account.withdraw_after_days, after_days
    taken_back = _take_back(desk, identity_id, after_days)
    desk.audit(
        "linkedin.withdrawals_set",
        f"identity:{identity_id}",
        old={"after_days": old},
        new={"after_days": after_days, "planned_ones_cancelled": taken_back},
        identity_id=identity_id,
    )


def _take_back(desk: Desk, identity_id: int, after_days: int | None) -> int:
    """Cancel the withdrawals that were planned under the old setting and are not under the new one; returns how many.

    The invitation is free to be planned for again, so the cancelled action lets go of the key that is unique.
    """
    planned = select(LinkedInInvitation).where(
        LinkedInInvitation.identity_id == identity_id, LinkedInInvitation.withdrawal_id.is_not(None), *_PENDING
    )
    if after_days is not None:
        planned = planned.where(LinkedInInvitation.sent_at > desk.now - timedelta(days=after_days))
    cancelled = 0
    for row in desk.session.scalars(planned).all():
        entry = entry_of(desk.session, row.withdrawal_id or 0)
        if entry is not None and entry.state.is_open:
            note = Note(desk.now, day_of(entry, desk.now), desk.actor.label, Reason.DECIDED_GIVE_UP)
            row.withdrawal_id = None
            cancelled += move(desk.session, entry, ActionState.CANCELLED, note, message_id=None)
    return cancelled


def would_go(session: Session, identity_id: int, after_days: int, now: datetime) -> int:
    """How many pending invitations are older than N days."""
    counted = select(func.count()).where(*_old(identity_id, after_days, now))
    return session.scalar(counted) or 0


def plan_due(database: Database, now: datetime) -> int:
    """Plan the withdrawals of all accounts whose invitations are old enough; returns how many are new."""
    with database.read() as session:
        accounts = session.execute(_WITH_SOME_UNPLANNED).all()
    planned = 0
    for identity_id, after_days, oldest in accounts:
        if after_days is not None and oldest is not None and oldest <= now - timedelta(days=after_days):
            with database.write() as session:
                planned += _plan(session, identity_id, after_days, now)
    return planned


# The oldest invitation of each account that withdraws, read in one statement however many accounts there are.
_WITH_SOME_UNPLANNED = (
    select(
        LinkedInAccount.identity_id,
        LinkedInAccount.withdraw_after_days,
        select(func.min(LinkedInInvitation.sent_at))
        .where(
            LinkedInInvitation.identity_id == LinkedInAccount.identity_id,
            *_PENDING,
            LinkedInInvitation.withdrawal_id.is_(None),
        )
        .correlate(LinkedInAccount)
        .scalar_subquery(),
    )
    .join(Identity, Identity.id == LinkedInAccount.identity_id)
    .join(Workspace, Workspace.id == Identity.workspace_id)
    .where(LinkedInAccount.withdraw_after_days.is_not(None), Identity.linkedin_state == LinkedInState.CONNECTED)
    .where(Identity.archived_at.is_(None), Workspace.archived_at.is_(None))
)


def _plan(session: Session, identity_id: int, after_days: int, now: datetime) -> int:
    identity, lane = session.get_one(Identity, identity_id), linkedin_lanes.lane_of(session, identity_id)
    if lane is None:
        return 0
    old = select(LinkedInInvitation).where(*_old(identity_id, after_days, now), LinkedInInvitation.withdrawal_id.is_(None))
    rows = session.scalars(old.order_by(LinkedInInvitation.sent_at).limit(_MOST_AT_ONCE)).all()
    common = {
        "workspace_id": identity.workspace_id,
        "identity_id": identity_id,
        "lane_id": lane.id,
        "kind": ActionKind.WITHDRAWAL,
        "state": ActionState.PLANNED,
        "campaign_id": None,
        "lead_id": None,
        "step_id": None,
        "due_at": now,
        "created_at": now,
    }
    note = Note(now, now.astimezone(ZoneInfo(identity.zone)).date(), "worker")
    new = plan(session, [{**common, "message_id": _key(row)} for row in rows], note)
    for row in rows:
        row.withdrawal_id = session.scalar(select(Action.id).where(Action.message_id == _key(row)))
    session.flush()
    if new:
        agenda.wake_lane(session, [lane.id], now)
    return new


def _key(row: LinkedInInvitation) -> str:
    """Unique among all actions, so that an invitation is never withdrawn twice."""
    return f"withdrawal of invitation {row.id}"


def _old(identity_id: int, after_days: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    sent_before = LinkedInInvitation.sent_at <= now - timedelta(days=after_days)
    return (LinkedInInvitation.identity_id == identity_id, *_PENDING, sent_before)


def _found_nothing(session: Session, action_ids: Collection[int]) -> set[int]:
    """Those withdrawals that found nothing to withdraw."""
    done = select(Event.action_id, Event.evidence).where(
        Event.action_id.in_(action_ids), Event.after == ActionState.ACCEPTED
    )
    return {action_id for action_id, evidence in session.execute(done) if (evidence or {}).get("already")}


def _withdrawn(row: LinkedInInvitation, were_gone: Collection[int]) -> Withdrawn:
    at = row.withdrawn_at or row.sent_at
    was_gone = row.withdrawal_id in were_gone
    return Withdrawn(row.name, row.profile, row.sent_at, at, at + COOL_DOWN, row.lead_id, was_gone)

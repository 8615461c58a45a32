"""Limits: which are in force at an instant, what a new address starts with, and how a person changes one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agenda
from engine.desk import Desk, Problem, use_case
from storage.kinds import ActionKind, Channel, Permission, Provider, QuotaClock
from storage.readings import limit_settings
from storage.tables import Lane, LimitSetting, Mailbox

# product.md: 50 a day per address, 20 while it is new; "new" is the warm-up's 14 days.
MAILS_A_DAY = 50
MAILS_A_DAY_WHILE_NEW = 20
NEW_FOR = timedelta(days=14)
MOST_A_DAY = 2_000
# The providers' own hard limits, per rolling 24 hours (facts: Google Workspace help; Exchange Online limits).
_PROVIDER_GUARDS = {Provider.GOOGLE: 2_000, Provider.MICROSOFT: 10_000}


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in force; `until` is when a temporary one falls back."""

    kind: ActionKind
    clock: QuotaClock
    value: int
    since: datetime
    until: datetime | None
    why: str


def limits_of(session: Session, lane_ids: Iterable[int], now: datetime) -> dict[int, tuple[Limit, ...]]:
    """The limits in force at `now`, by lane: of each kind and clock the latest that has begun and has not ended."""
    newest: dict[int, dict[tuple[ActionKind, QuotaClock], Limit]] = {}
    for lane_id, kind, clock, value, since, until, why in limit_settings(session, list(lane_ids), now):
        newest.setdefault(lane_id, {})[kind, clock] = Limit(kind, clock, value, since, until, why)
    return {lane_id: tuple(limits.values()) for lane_id, limits in newest.items()}


def open_mailbox_lane(session: Session, mailbox: Mailbox, now: datetime, set_by: int | None) -> Lane:
    """The lane of an address, made with its first limits if it has none yet: 20 a day for 14 days, then 50."""
    lane = session.scalar(select(Lane).where(Lane.mailbox_id == mailbox.id))
    if lane is not None:
        return lane
    lane = Lane(
        workspace_id=mailbox.workspace_id,
        identity_id=mailbox.identity_id,
        channel=Channel.EMAIL,
        mailbox_id=mailbox.id,
        epoch=0,
    )
    session.add(lane)
    session.flush()
    day = {"lane_id": lane.id, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY, "since": now, "set_by": set_by}
    session.add(LimitSetting(**day, value=MAILS_A_DAY))
    # Written second, so that among two of the same instant it is the newer one; it falls back to the first by itself.
    session.flush()
    session.add(LimitSetting(**day, value=MAILS_A_DAY_WHILE_NEW, until=now + NEW_FOR, why="a new address"))
    guard = _PROVIDER_GUARDS.get(mailbox.provider)
    if guard is not None:
        day["clock"] = QuotaClock.ROLLING_24_HOURS
        session.add(LimitSetting(**day, value=guard, why="the provider's own limit"))
    session.flush()
    return lane


@use_case(needs=Permission.MANAGE)
def set_limit(desk: Desk, mailbox_id: int, value: int, until: datetime | None = None, why: str = "") -> None:
    """Set an address's daily limit from now on; with `until` it falls back by itself. Lowered limits hold at once."""
    if not 0 <= value <= MOST_A_DAY:
        raise Problem(f"A daily limit lies between 0 and {MOST_A_DAY:,}; {value:,} does not.")
    if until is not None and until <= desk.now:
        raise Problem("The end of a temporary limit lies in the past; choose a later date.")
    lane = desk.session.scalar(select(Lane).where(Lane.mailbox_id == mailbox_id))
    if lane is None:
        raise Problem("Connect the address first; then its limit can be set.")
    before = limit_now(desk.session, lane.id, desk.now)
    desk.session.add(
        LimitSetting(
            lane_id=lane.id,
            kind=ActionKind.EMAIL,
            clock=QuotaClock.LOCAL_DAY,
            value=value,
            since=desk.now,
            until=until,
            why=why.strip(),
            set_by=desk.actor.user_id,
        )
    )
    desk.session.flush()
    desk.audit(
        "limit.changed",
        f"mailbox:{mailbox_id}",
        old={"daily_limit": before},
        new={"daily_limit": value, "until": until.isoformat() if until else None, "why": why.strip()},
        identity_id=lane.identity_id,
    )
    agenda.wake_lane(desk.session, [lane.id], desk.now)


def limit_now(session: Session, lane_id: int, now: datetime) -> int | None:
    """The daily mail limit of a lane, None when it has none."""
    found = limits_of(session, [lane_id], now).get(lane_id, ())
    return next((one.value for one in found if one.clock is QuotaClock.LOCAL_DAY and one.kind is ActionKind.EMAIL), None)

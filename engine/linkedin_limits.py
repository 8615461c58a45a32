"""The limits of a LinkedIn account on all its clocks: what is in force, the sums in words, and how a person changes one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agenda, counts, linkedin_lanes
from engine.desk import Desk, Problem, use_case
from engine.limits import Limit, limits_of
from engine.rules.facts import ClockUse
from engine.rules.quotas import fit_sentence, period_of, week_sentence
from engine.situations import LINKEDIN_GAP, working_hours
from storage import spend_readings
from storage.kinds import ActionKind, Permission, QuotaClock
from storage.tables import Identity, LimitSetting

MOST_A_DAY = 500
LONGEST_RAISE = timedelta(days=30)
KINDS = (ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE, ActionKind.WITHDRAWAL, ActionKind.SCRAPING)


@dataclass(frozen=True, slots=True)
class Used:
    """One clock of one kind: its limit in force, what is used, until when it holds, and why.

    `frees_at` is when a rolling clock that is full has room for one again.
    """

    kind: ActionKind
    clock: QuotaClock
    limit: int
    used: int
    until: datetime | None
    why: str
    frees_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """All clocks, and for the form the sum of each kind in words."""

    clocks: tuple[Used, ...]
    sums: dict[ActionKind, str]


@use_case(needs=Permission.READ, reads=True)
def of_identity(desk: Desk, identity_id: int) -> Limits | None:
    """None until the account was connected for the first time."""
    lane = linkedin_lanes.lane_of(desk.session, identity_id)
    if lane is None:
        return None
    inforce = limits_of(desk.session, [lane.id], desk.now).get(lane.id, ())
    sums = {one.kind: _sum(desk, identity_id, one.kind, one.value, inforce) for one in _of_day(inforce)}
    zone = ZoneInfo(desk.session.get_one(Identity, identity_id).zone)
    found = counts.read(desk.session, {lane.id: zone}, desk.now).uses
    uses = {(kind, use.clock): use for (_, kind), of_kind in found.items() for use in of_kind}
    return Limits(tuple(_used(one, uses.get((one.kind, one.clock))) for one in inforce), sums)


def _used(limit: Limit, use: ClockUse | None) -> Used:
    used, frees_at = (use.used, use.frees_at) if use is not None else (0, None)
    return Used(limit.kind, limit.clock, limit.value, used, limit.until, limit.why, frees_at)


def notes_left(session: Session, lane_id: int, now: datetime) -> bool:
    """Whether our own clock of notes has one left; always, where there is no such clock."""
    inforce = (one for one in limits_of(session, [lane_id], now).get(lane_id, ()) if one.clock is QuotaClock.NOTES_30_DAYS)
    limit = next(inforce, None)
    period = period_of(QuotaClock.NOTES_30_DAYS)
    if limit is None or period is None:
        return True
    used = spend_readings.used_since(session, [lane_id], now - period, of_notes=True)
    return used.get((lane_id, ActionKind.CONNECTION_REQUEST), 0) < limit.value


@use_case(needs=Permission.READ, reads=True)
def rehearse(desk: Desk, identity_id: int, kind: ActionKind, value: int) -> str:
    """What a daily limit would come to, in words, before it is set."""
    lane = linkedin_lanes.lane_of(desk.session, identity_id)
    if lane is None:
        return ""
    return _sum(desk, identity_id, kind, value, limits_of(desk.session, [lane.id], desk.now).get(lane.id, ()))


@use_case(needs=Permission.MANAGE)
def set_daily(
    desk: Desk, identity_id: int, kind: ActionKind, value: int, until: datetime | None = None, why: str = ""
) -> None:
    """Set a daily limit from now on. Above the recommended number it needs a reason and an end, and falls back by itself."""
    lane = linkedin_lanes.lane_of(desk.session, identity_id)
    if lane is None or kind not in KINDS:
        raise Problem("Connect LinkedIn first; then its limits can be set.")
    if not 0 <= value <= MOST_A_DAY:
        raise Problem(f"A daily limit lies between 0 and {MOST_A_DAY}; {value:,} does not.")
    _require_reason(kind, value, until, why, desk.now)
    before = next((one.value for one in _inforce(desk, lane.id) if one.kind is kind), None)
    _end_ramp(desk.session, lane.id, kind, desk.now, until)
    day = {"lane_id": lane.id, "kind": kind, "clock": QuotaClock.LOCAL_DAY, "since": desk.now}
    desk.session.add(LimitSetting(**day, value=value, until=until, why=why.strip(), set_by=desk.actor.user_id))
    desk.session.flush()
    desk.audit(
        "limit.changed",
        f"lane:{lane.id}",
        old={kind.value: before},
        new={kind.value: value, "until": until.isoformat() if until else None, "why": why.strip()},
        identity_id=identity_id,
    )
    agenda.wake_lane(desk.session, [lane.id], desk.now)


def _require_reason(kind: ActionKind, value: int, until: datetime | None, why: str, now: datetime) -> None:
    usual = linkedin_lanes.RECOMMENDED[kind]
    if until is not None and until <= now:
        raise Problem("The end of a temporary limit lies in the past; choose a later date.")
    if value <= usual:
        return
    if not why.strip() or until is None or until > now + LONGEST_RAISE:
        raise Problem(
            f"More than {usual} a day risks the account: LinkedIn restricts accounts that do more than people do. Say why, "
            f"and until when (at most {LONGEST_RAISE.days} days); it falls back by itself then."
        )


def _inforce(desk: Desk, lane_id: int) -> list[Limit]:
    return _of_day(limits_of(desk.session, [lane_id], desk.now).get(lane_id, ()))


def _of_day(inforce: Iterable[Limit]) -> list[Limit]:
    return [one for one in inforce if one.clock is QuotaClock.LOCAL_DAY]


def _end_ramp(session: Session, lane_id: int, kind: ActionKind, now: datetime, until: datetime | None) -> None:
    """What a person sets holds: the steps of the ramp that have not begun are dropped.

    Under a limit that falls back by itself the ramp goes on: it falls back to the step that will have begun by then.
    """
    day = {"lane_id": lane_id, "kind": kind, "clock": QuotaClock.LOCAL_DAY}
    ahead = select(LimitSetting).filter_by(**day).where(LimitSetting.since > now)
    if until is not None:
        ahead = ahead.where(LimitSetting.since <= until)
    steps = session.scalars(ahead.order_by(LimitSetting.since, LimitSetting.id)).all()
    if until is not None and steps:
        steps[-1].since, steps = now, steps[:-1]  # below what is set after it at the same instant
    for step in steps:
        session.delete(step)
    session.flush()


def _sum(desk: Desk, identity_id: int, kind: ActionKind, value: int, inforce: Iterable[Limit]) -> str:
    """Whether the day has room for it, and what a week of it comes to."""
    hours = working_hours(desk.session, [identity_id], desk.now)[identity_id]
    window = timedelta(minutes=(hours.end - hours.start) % 1440 or 1440)
    said = fit_sentence(kind, value, LINKEDIN_GAP, window)
    weeks = (one.value for one in inforce if one.kind is kind and one.clock is QuotaClock.ROLLING_7_DAYS)
    week = next(weeks, None)
    return said if week is None or not value else f"{said} {week_sentence(value, hours.days, week)}"

"""The lane of a LinkedIn account and the limits it starts with: a ramp over 14 days up to what is recommended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storage.kinds import ActionKind, Channel, QuotaClock
from storage.tables import Identity, Lane, LimitSetting

RAMP_DAYS = 14
# product.md: the recommended numbers a day, and the clocks beside the day.
RECOMMENDED = {
    ActionKind.CONNECTION_REQUEST: 20,
    ActionKind.LINKEDIN_MESSAGE: 100,
    ActionKind.SCRAPING: 100,
    ActionKind.WITHDRAWAL: 40,
}
INVITATIONS_A_WEEK, MOST_PENDING, WARN_PENDING = 100, 1_000, 500
FREE_NOTES = 5  # in 30 days; a Premium account, which every seat is, writes as many as it likes
NO_SEAT = "no Sales Navigator seat"
_FIRST_DAY = {ActionKind.CONNECTION_REQUEST: 5, ActionKind.LINKEDIN_MESSAGE: 20}


@dataclass(frozen=True, slots=True)
class RampDay:
    """What a new account may do from a day of its ramp on, counted from 0."""

    day: int
    value: int


def ramp(kind: ActionKind) -> tuple[RampDay, ...]:
    """Rising evenly from the first day's number to the recommended one on the last day; a step only where it changes."""
    first, last = _FIRST_DAY.get(kind, RECOMMENDED[kind]), RECOMMENDED[kind]
    days = [RampDay(day, first + (last - first) * day // (RAMP_DAYS - 1)) for day in range(RAMP_DAYS)]
    return tuple(one for one, before in zip(days, [None, *days], strict=False) if not before or one.value > before.value)


def lane_of(session: Session, identity_id: int) -> Lane | None:
    return session.scalar(select(Lane).where(Lane.identity_id == identity_id, Lane.channel == Channel.LINKEDIN))


def open_lane(session: Session, identity: Identity, has_seat: bool, now: datetime) -> Lane:
    """The identity's LinkedIn lane, made with its first limits if it has none yet; a seat found since opens scraping."""
    lane = lane_of(session, identity.id)
    if lane is not None:
        _seat(session, lane.id, has_seat, now)
        return lane
    lane = Lane(workspace_id=identity.workspace_id, identity_id=identity.id, channel=Channel.LINKEDIN, epoch=0)
    session.add(lane)
    session.flush()
    for kind in RECOMMENDED:
        _first_limits(session, lane.id, kind, has_seat, now)
    guards = ((QuotaClock.ROLLING_7_DAYS, INVITATIONS_A_WEEK), (QuotaClock.PENDING_TOTAL, MOST_PENDING))
    of_invitations = {"lane_id": lane.id, "kind": ActionKind.CONNECTION_REQUEST, "since": now, "why": "usual"}
    session.add_all([LimitSetting(**of_invitations, clock=clock, value=value) for clock, value in guards])
    session.flush()
    return lane


def mind_notes(session: Session, lane_id: int, has_premium: bool, now: datetime) -> None:
    """The clock of notes holds for a free account alone; what was in force of it stays in the lane's history."""
    clock = {"lane_id": lane_id, "kind": ActionKind.CONNECTION_REQUEST, "clock": QuotaClock.NOTES_30_DAYS}
    holding = select(LimitSetting).filter_by(**clock).where(or_(LimitSetting.until.is_(None), LimitSetting.until > now))
    inforce = session.scalars(holding).all()
    if has_premium:
        for one in inforce:
            one.until = now
    elif not inforce:
        session.add(LimitSetting(**clock, value=FREE_NOTES, since=now, why="usual"))
    session.flush()


def _seat(session: Session, lane_id: int, has_seat: bool, now: datetime) -> None:
    """What was set for the lack of a seat ends with the lack, and comes with it; what a person set stays."""
    scraping = {"lane_id": lane_id, "kind": ActionKind.SCRAPING, "clock": QuotaClock.LOCAL_DAY}
    newest = select(LimitSetting).filter_by(**scraping).where(LimitSetting.since <= now)
    last = session.scalar(newest.order_by(LimitSetting.since.desc(), LimitSetting.id.desc()).limit(1))
    lacked_one = last is not None and last.why == NO_SEAT
    if has_seat and lacked_one:
        session.add(LimitSetting(**scraping, value=RECOMMENDED[ActionKind.SCRAPING], since=now, why="usual"))
    elif not has_seat and not lacked_one:
        session.add(LimitSetting(**scraping, value=0, since=now, why=NO_SEAT))
    session.flush()


def _first_limits(session: Session, lane_id: int, kind: ActionKind, has_seat: bool, now: datetime) -> None:
    day = {"lane_id": lane_id, "kind": kind, "clock": QuotaClock.LOCAL_DAY}
    if kind is ActionKind.SCRAPING and not has_seat:
        session.add(LimitSetting(**day, value=0, since=now, why=NO_SEAT))
        return
    for step in ramp(kind):
        why = f"a new account, {RECOMMENDED[kind]} from day {RAMP_DAYS} on" if step.value < RECOMMENDED[kind] else "usual"
        session.add(LimitSetting(**day, value=step.value, since=now + timedelta(days=step.day), why=why))

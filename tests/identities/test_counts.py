"""Counts read for many lanes at once are each lane's own: what is used, and when a full clock frees a unit."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import counts
from engine.rules.facts import ClockUse
from storage.database import Database
from storage.kinds import ActionKind, ActionState, QuotaClock
from storage.tables import Lane, Spend
from tests import makers
from tests.makers import MONDAY

MADRID, AUCKLAND = ZoneInfo("Europe/Madrid"), ZoneInfo("Pacific/Auckland")
WEEK = QuotaClock.ROLLING_7_DAYS


def lane(session: Session, workspace_id: int, spent: list[timedelta], week: int | None = None) -> int:
    """A lane that spent a mail so long ago each, with a limit for seven days beside the day's 20."""
    ada = makers.identity(session, workspace_id)
    lane_id = session.scalars(select(Lane.id).where(Lane.mailbox_id == makers.mailbox(session, ada).id)).one()
    if week is not None:
        makers.limit_of(session, lane_id, week, clock=WEEK)
    for ago in spent:
        spend(session, lane_id, MONDAY - ago)
    return lane_id


def spend(session: Session, lane_id: int, at: datetime, **values: object) -> None:
    action = makers.action(session, session.get_one(Lane, lane_id), state=ActionState.ACCEPTED, due_at=at, created_at=at)
    day = {"local_day": at.astimezone(MADRID).date(), **values}
    session.add(Spend(action_id=action.id, attempt=1, lane_id=lane_id, kind=ActionKind.EMAIL, at=at, **day))


def use_of(known: counts.Counts, lane_id: int, clock: QuotaClock) -> ClockUse:
    return next(use for use in known.uses[lane_id, ActionKind.EMAIL] if use.clock is clock)


def test_each_full_lane_frees_its_own_unit(database: Database) -> None:
    days = [timedelta(days=number) for number in (9, 6, 5, 4, 2)]
    with database.write() as session:
        client = makers.workspace(session).id
        full, fuller, free, none = (
            lane(session, client, days, 4),
            lane(session, client, days, 2),
            lane(session, client, days, 5),
            lane(session, client, [], 0),
        )
    with database.read() as session:
        known = counts.read(session, dict.fromkeys((full, fuller, free, none), MADRID), MONDAY)
    assert use_of(known, full, WEEK) == ClockUse(WEEK, 4, 4, MONDAY + timedelta(days=1))
    assert use_of(known, fuller, WEEK) == ClockUse(WEEK, 2, 4, MONDAY + timedelta(days=3))
    assert use_of(known, free, WEEK) == ClockUse(WEEK, 5, 4)
    assert use_of(known, none, WEEK) == ClockUse(WEEK, 0, 0)
    assert known.last == dict.fromkeys(((one, ActionKind.EMAIL) for one in (full, fuller, free)), MONDAY - timedelta(days=2))


def test_a_day_is_each_lane_s_own_and_what_was_given_back_counts_nowhere(database: Database) -> None:
    with database.write() as session:
        client = makers.workspace(session).id
        # Monday 10:00 UTC is 11:00 in Madrid, and 23:00 in Auckland: there Monday began 23 hours ago.
        here, there = (lane(session, client, [timedelta(hours=1), timedelta(hours=20)]) for _ in range(2))
        spend(session, here, MONDAY, given_back_at=MONDAY)
        moved = lane(session, client, [])
        spend(session, moved, MONDAY, local_day=date(2026, 11, 24))
    with database.read() as session:
        known = counts.read(session, {here: MADRID, there: AUCKLAND, moved: MADRID}, MONDAY)
    assert known.today(here)[ActionKind.EMAIL].used == 1
    assert known.today(there)[ActionKind.EMAIL].used == 2
    after = datetime(2026, 11, 25, tzinfo=MADRID)
    assert known.today(moved)[ActionKind.EMAIL].frees_at == after
    assert known.last[here, ActionKind.EMAIL] == MONDAY - timedelta(hours=1)


def test_counts_of_no_lane_ask_nothing_and_a_lane_without_limits_has_no_uses(database: Database) -> None:
    with database.read() as session:
        assert counts.read(session, {}, MONDAY) == counts.Counts({}, {}, {})
        assert counts.read(session, {1: MADRID}, MONDAY).uses == {}

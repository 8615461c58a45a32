"""The day quota's one statement, the moves of an action, and the lease on a lane."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine.entries import entry_of
from storage.database import Database
from storage.kinds import ActionState
from storage.lanes import release_lease, take_lease
from storage.ledger import Entry, IllegalMoveError, Note, balance, give_back, move, take_quota
from storage.tables import Action, Event, Lane, QuotaUse
from tests.dispatch.sink import lanes_with_work
from tests.makers import MONDAY

DAY = date(2026, 11, 23)
NOTE = Note(MONDAY, DAY, "worker")
FIVE = timedelta(minutes=5)


@pytest.fixture
def entries(database: Database) -> list[Entry]:
    lanes_with_work(database, leads=4)
    with database.read() as session:
        found = [entry_of(session, action_id) for action_id in session.scalars(select(Action.id).order_by(Action.id))]
    return [entry for entry in found if entry is not None]


@pytest.mark.parametrize(("limit", "granted"), [(0, 0), (1, 1), (3, 3), (9, 4)])
def test_a_day_grants_exactly_its_limit(database: Database, entries: list[Entry], limit: int, granted: int) -> None:
    with database.write() as session:
        assert sum(take_quota(session, entry, DAY, limit, 1, MONDAY) for entry in entries) == granted


def test_a_unit_is_given_back_once(database: Database, entries: list[Entry]) -> None:
    with database.write() as session:
        assert take_quota(session, entries[0], DAY, 1, 0, MONDAY)
        assert not take_quota(session, entries[1], DAY, 1, 0, MONDAY)
        assert [give_back(session, entries[0], MONDAY) for _ in range(2)] == [DAY, None]
        assert session.scalars(select(QuotaUse.used)).one() == 0
        assert take_quota(session, entries[1], DAY, 1, 0, MONDAY)


def test_a_move_from_a_state_that_was_left_changes_nothing(database: Database, entries: list[Entry]) -> None:
    with database.write() as session:
        assert move(session, entries[0], ActionState.DUE, NOTE)
        assert not move(session, entries[0], ActionState.CANCELLED, NOTE)
        lines = session.scalars(select(Event.after).where(Event.action_id == entries[0].id).order_by(Event.id)).all()
        assert lines == [ActionState.PLANNED, ActionState.DUE]


def test_a_move_that_does_not_exist_is_refused(database: Database, entries: list[Entry]) -> None:
    with database.write() as session, pytest.raises(IllegalMoveError, match="planned → sending"):
        move(session, entries[0], ActionState.SENDING, NOTE)


def test_a_lane_has_one_holder_and_a_late_one_is_fenced(database: Database, entries: list[Entry]) -> None:
    lane, later = entries[0].lane_id, MONDAY + FIVE
    with database.write() as session:
        first = take_lease(session, lane, "one", MONDAY, FIVE)
        assert first is not None
        assert take_lease(session, lane, "two", MONDAY, FIVE) is None
        assert take_lease(session, lane, "two", later, FIVE) is None  # what "one" left must be settled first
        assert release_lease(session, lane, first, None)
        second = take_lease(session, lane, "two", later, FIVE)
        assert second == first + 1
        assert not release_lease(session, lane, first, None)
        assert release_lease(session, lane, second, later)
        assert session.scalars(select(Lane.wake_at)).one() == later


def test_g2_every_action_ever_planned_is_in_one_state(database: Database, entries: list[Entry]) -> None:
    with database.write() as session:
        move(session, entries[0], ActionState.CANCELLED, NOTE)
        assert balance(session) == {"planned_ever": 4, ActionState.CANCELLED: 1, ActionState.PLANNED: 3}

"""On PostgreSQL: the migrations, the same dispatch with its counter, recovery, several workers, and one that is killed."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from engine import disconnecting
from engine.booking import LEASE, choose, reserve
from engine.config import PROJECT
from engine.counter import Counter
from engine.dead_workers import PATIENCE, DeadWorkers
from engine.dispatch import attend
from engine.recovery import reconcile_due, recover
from engine.rounds import Turn, carry_on
from storage import migrating, presence, setup
from storage.append_only import APPEND_ONLY, protect
from storage.database import Database, open_database
from storage.kinds import ActionState, StopScope
from storage.tables import Action, Base, Disconnection, Lane, Lead, Mailbox, QuotaUse, Stop
from tests.bed.bed import wait_until
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY
from tests.postgresql import create

pytestmark = pytest.mark.slow


@pytest.fixture
def database(postgresql: str) -> Iterator[Database]:
    opened = open_database(postgresql)
    with opened.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        protect(connection)
    yield opened
    opened.close()


def test_the_migrations_make_the_tables_in_code_here_too(postgresql: str) -> None:
    migrated = open_database(create(postgresql, "migrated"))
    setup.prepare(migrated, False, MONDAY)
    with migrated.engine.connect() as connection:
        assert migrating.differences(connection) == []
    migrated.close()


def states(database: Database) -> dict[ActionState, int]:
    with database.read() as session:
        return dict(session.execute(select(Action.state, func.count()).group_by(Action.state)).all())


def test_every_lead_gets_every_step_once(database: Database, tmp_path: Path) -> None:
    lanes, sink, half_hours = lanes_with_work(database, lanes=2, leads=4, steps=2), Sink(tmp_path / "sink"), count()
    counter = Counter(database, tmp_path / "mark", lambda: MONDAY)
    while len(sink.message_ids()) < 16 and next(half_hours) < 400:
        now = MONDAY + next(half_hours) * timedelta(minutes=30)
        for lane in lanes:
            carry_on(counter, lane, lambda now=now: now, "worker-1", sink.hands(), lambda: True)  # type: ignore[misc]
    assert states(database) == {ActionState.ACCEPTED: 16}
    assert len(set(sink.message_ids())) == 16
    with database.read() as session:
        assert session.scalar(select(func.sum(QuotaUse.used))) == 16
        assert {state.value for state in session.scalars(select(Lead.state))} == {"finished"}


def test_g3_and_g6_four_workers_on_one_lane_never_pass_its_limit(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=12, limit=5)
    sink, at_once = Sink(tmp_path / "sink"), threading.Barrier(4)

    def work(holder: str) -> None:
        for minutes in range(0, 13 * 60, 4):  # until midnight in Madrid
            at_once.wait()  # all four at the same instant, or the share of one that dawdles would pass unused
            now = MONDAY + timedelta(minutes=minutes)
            attend(database, lane, lambda now=now: now, holder, sink.hands())  # type: ignore[misc]

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, [f"worker-{number}" for number in range(4)]))
    assert len(sink.message_ids()) == len(set(sink.message_ids())) == 5
    assert states(database)[ActionState.ACCEPTED] == 5


def test_what_several_lanes_do_is_written_as_a_set_here_too(database: Database, tmp_path: Path) -> None:
    lanes, hands = lanes_with_work(database, lanes=3, leads=1), Sink(tmp_path / "sink").hands()
    turns = [Turn(lane, lambda: MONDAY, "worker-1", hands, None, goes_on=True) for lane in lanes]
    with database.write() as session:
        begun = Turn.at_once(session, turns)  # what the set's referee refuses would raise, and each go by itself
    assert all(each is not None and each.effect is not None for each in begun)
    assert states(database) == {ActionState.SENDING: 3}


def test_g9_a_disconnection_fails_its_leads_as_a_set_here_too(database: Database) -> None:
    lanes_with_work(database, lanes=2, leads=4)
    with database.write() as session:
        home = session.scalars(select(Mailbox.id).order_by(Mailbox.id)).first() or 0
        assert disconnecting.fail_leads(session, home, "owner@outpost.test", MONDAY) == 4
    assert states(database) == {ActionState.CANCELLED: 4, ActionState.PLANNED: 4}
    with database.write() as session:
        assert session.scalars(select(Disconnection.leads)).all() == [4]
        assert disconnecting.heal(session, home, "owner@outpost.test", MONDAY) == disconnecting.Healed(4, 0)
    assert states(database) == {ActionState.DUE: 4, ActionState.PLANNED: 4}


def test_g5_no_stop_is_committed_between_a_verdict_and_what_follows_from_it(database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    told: list[str] = []

    def press() -> None:
        with database.write() as session:
            told.append("stopped")
            session.add(Stop(scope=StopScope.INSTALLATION, pressed_at=MONDAY))

    pressing = threading.Thread(target=press)
    with database.write() as session:
        assert choose(session, lane, MONDAY, "worker-1") is not None
        pressing.start()
        pressing.join(0.5)
        told.append("begun")
    pressing.join(30)
    assert told == ["begun", "stopped"]
    with database.write() as session:
        session.execute(update(Lane).values(holder=None, wake_at=MONDAY))
        assert choose(session, lane, MONDAY, "worker-1") is None


def test_what_a_dead_worker_left_is_given_back_or_looked_up(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    sink = Sink(tmp_path / "sink")
    with database.write() as session:
        assert reserve(session, lane, MONDAY, "dead") is not None
    assert recover(database, "worker-1", MONDAY, alone=True) == 1
    assert attend(database, lane, lambda: MONDAY, "worker-1", sink.hands()).state is ActionState.ACCEPTED
    assert reconcile_due(database, lambda: MONDAY, sink.hands()) == 0


@contextmanager
def workers_that_hold(postgresql: str, lanes: dict[str, int]) -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    """A process for each name, which has booked an action of its lane and looks after its lock from then on."""
    command = [sys.executable, "-m", "tests.dispatch.holder", postgresql]
    started = {
        name: subprocess.Popen([*command, name, str(lane)], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for name, lane in lanes.items()
    }
    try:
        for process in started.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
        yield started
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def held_by(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(Lane.holder).order_by(Lane.id)))


def test_g10_the_lanes_of_a_killed_worker_are_free_within_seconds_and_no_living_one_s(
    postgresql: str, database: Database
) -> None:
    lanes = lanes_with_work(database, lanes=3, leads=1)
    seconds = iter((0.0, 1.0, 1.0 + PATIENCE, 2.0 + PATIENCE, 900.0))
    watch = DeadWorkers(database, "worker-1", lambda: next(seconds))

    def recovered() -> int:
        return recover(database, "worker-1", MONDAY, alone=False, dead=watch.look())

    with workers_that_hold(postgresql, dict(zip(("killed", "hanging", "alive"), lanes, strict=True))) as processes:
        assert recovered() == 0
        processes["hanging"].send_signal(signal.SIGSTOP)  # it may wake and go on: only its lease's end frees its lane
        processes["killed"].kill()
        wait_until(lambda: absent_now(database) == {"killed"}, "the killed worker's lock to be free", 10)
        assert recovered() == 0  # first seen without its lock
        assert recovered() == 1
        assert held_by(database) == [None, "hanging", "alive"]
        assert recovered() == 0
        assert recovered() == 0
        assert states(database) == {ActionState.DUE: 1, ActionState.RESERVED: 2}
        assert recover(database, "worker-1", MONDAY + LEASE, alone=False) == 2  # as on every database


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_ledger_and_the_audit_log_only_grow_here_too(database: Database, table: str, change: str) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), database.write() as session:
        session.execute(text(change.replace("{}", table)))


def test_two_looks_far_apart_say_nothing_about_the_time_between(postgresql: str, database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    seconds = iter((0.0, 600.0, 605.0))
    watch = DeadWorkers(database, "worker-1", lambda: next(seconds))
    with workers_that_hold(postgresql, {"killed": lane}) as processes:
        processes["killed"].kill()
        wait_until(lambda: "killed" in absent_now(database), "the killed worker's lock to be free", 10)
        assert [watch.look() for _ in range(3)] == [frozenset()] * 3


def absent_now(database: Database) -> set[str]:
    with database.read() as session:
        return presence.absent(session, {"killed", "hanging", "alive"})


def test_a_living_worker_whose_connection_is_cut_takes_its_lock_again(postgresql: str, database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    seconds = [0.0]
    watch = DeadWorkers(database, "worker-1", lambda: seconds[0])
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1")
    with workers_that_hold(postgresql, {"alive": lane}):
        for _ in range(3):
            with database.engine.begin() as connection:
                assert list(connection.scalars(cut)) == [True]
            assert watch.look() == frozenset()
            wait_until(lambda: not absent_now(database) & {"alive"}, "the lock to be held again", 10)
            assert watch.look() == frozenset()
            seconds[0] += 2 * PATIENCE

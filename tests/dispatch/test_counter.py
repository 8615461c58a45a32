"""The counter: threads that wait together are written together, and one whose work fails spoils nothing for the others."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from engine import generation
from engine.counter import Counter, Joint
from engine.rounds import carry_on
from storage.database import Database
from storage.tables import Setting
from tests.dispatch.sink import Sink, lanes_with_work
from tests.dispatch.waiting import all_at_once
from tests.makers import MONDAY

NOW = datetime(2026, 11, 24, tzinfo=UTC)
THREADS = 6


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Counter:
    return Counter(database, tmp_path / "mark", lambda: NOW)


def writes(name: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.add(Setting(key=name, value={}, changed_at=NOW))
        session.flush()
        return name

    return work


def written(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Setting.key).where(Setting.key.like("one %"))))


def test_threads_that_wait_together_share_one_commit(counter: Counter, database: Database) -> None:
    lanes_with_work(database)
    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    names = [f"one {number}" for number in range(THREADS)]
    assert all_at_once(counter, [writes(name) for name in names]) == names
    assert written(database) == set(names)
    assert len(commits) == 2  # the one that was held up, and all the others


def test_long_work_fills_no_transaction_and_gates_are_asked_after_it(counter: Counter, database: Database) -> None:
    lanes_with_work(database)
    order: list[str] = []

    class Gate(Joint[str]):
        def __call__(self, session: Session) -> str:
            order.append("gate")
            return "gate"

    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(len(order)))
    reads = [lambda _session: order.append("read") for _ in range(3 * THREADS)]
    all_at_once(counter, [*reads[:1], Gate(), *reads[1:]])
    assert order[: THREADS + 1] == ["read"] * THREADS + ["gate"]
    together = [after - before for before, after in itertools.pairwise(commits)]
    assert together == [THREADS + 1, THREADS, THREADS]


@dataclass
class Writes(Joint[str]):
    name: str

    def __call__(self, session: Session) -> str:
        return writes(self.name)(session)

    @classmethod
    def at_once(cls, session: Session, works: Sequence[Self]) -> list[str]:
        return [work(session) for work in works]


def test_what_one_thread_brings_shares_a_commit_and_each_gets_its_result(counter: Counter, database: Database) -> None:
    lanes_with_work(database)
    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    names = [f"one {number}" for number in range(3 * THREADS)]
    assert [ticket.result for ticket in counter.do_all([Writes(name) for name in names])] == names
    assert written(database) == set(names)
    assert len(commits) == 1


def test_work_that_fails_is_told_to_its_thread_and_the_others_are_written(counter: Counter, database: Database) -> None:
    lanes_with_work(database)

    def fails(session: Session) -> None:
        writes("one that fails")(session)
        raise ValueError("no")

    results = all_at_once(counter, [writes("one before"), fails, writes("one after")])
    assert [results[0], str(results[1]), results[2]] == ["one before", "no", "one after"]
    assert written(database) == {"one before", "one after"}


def test_the_mark_beside_the_database_follows_each_commit(counter: Counter, database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    hands = Sink(tmp_path / "sink").hands()
    assert carry_on(counter, lane, lambda: MONDAY, "worker-1", hands, lambda: True) == 1  # pacing holds the others
    noted = generation.read(counter.mark_file)
    with database.read() as session:
        assert noted == generation.mark_of(session, NOW)
        assert noted.event_id > 3


@pytest.mark.parametrize("unwritable", ["folder", "no\0name"])
def test_a_mark_that_can_not_be_written_loses_no_result_and_keeps_nobody_waiting(
    counter: Counter, database: Database, tmp_path: Path, unwritable: str
) -> None:
    lanes_with_work(database)
    (tmp_path / "folder").mkdir()
    counter.mark_file = tmp_path / unwritable
    names = [f"one {number}" for number in range(THREADS)]
    assert all_at_once(counter, [writes(name) for name in names]) == names
    assert written(database) == set(names)

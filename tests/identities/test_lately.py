"""A sum that many look at is counted once, never wrong: nobody sees what a commit has changed, or another's part of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

from sqlalchemy import func, select

from engine.desk import Desk
from engine.lately import Lately
from storage.database import Database
from storage.kinds import Role
from storage.tables import Identity
from tests import makers
from tests.makers import MONDAY


class Counted:
    """How many identities the desk sees, and how often that was counted."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, desk: Desk) -> int:
        self.times += 1
        seen = select(func.count(Identity.id)).where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id))
        return desk.session.scalar(seen) or 0


@contextmanager
def desk_at(database: Database, workspace_id: int, seconds: float = 0) -> Iterator[Desk]:
    with database.read() as session:
        yield replace(makers.desk(session, workspace_id), now=MONDAY + timedelta(seconds=seconds))


def ask(lately: Lately[int], database: Database, workspace_id: int, seconds: float = 0) -> int:
    with desk_at(database, workspace_id, seconds) as desk:
        return lately.ask(desk)


def prepared(database: Database) -> int:
    with database.write() as session:
        workspace = makers.workspace(session)
        makers.identity(session, workspace.id)
        return workspace.id


def test_it_is_counted_once_while_nothing_is_committed(database: Database) -> None:
    lately, workspace_id = Lately(counted := Counted()), prepared(database)
    assert [ask(lately, database, workspace_id, seconds) for seconds in (0, 0.1, 0.9)] == [1, 1, 1]
    assert counted.times == 1


def test_a_commit_is_seen_at_once_and_time_after_a_second(database: Database) -> None:
    lately, workspace_id = Lately(counted := Counted()), prepared(database)
    assert ask(lately, database, workspace_id) == 1
    with database.write() as session:
        makers.identity(session, workspace_id)
    assert ask(lately, database, workspace_id) == 2
    assert [ask(lately, database, workspace_id, seconds) for seconds in (1, 1.5, 0)] == [2, 2, 2]
    assert counted.times == 4  # at 0, after the commit, at 1 s, and when the clock went back


def test_what_only_this_transaction_sees_is_counted_for_it_alone(database: Database) -> None:
    lately, workspace_id = Lately(Counted()), prepared(database)
    with database.write() as session:
        makers.identity(session, workspace_id)
        assert lately.ask(makers.desk(session, workspace_id)) == 2
        session.rollback()
    assert ask(lately, database, workspace_id) == 1


def test_an_answer_counted_before_a_commit_is_not_kept_as_the_one_after_it(database: Database) -> None:
    lately, workspace_id = Lately(Counted()), prepared(database)
    with desk_at(database, workspace_id) as early:
        early.session.scalar(select(func.count(Identity.id)))  # its view of the database is fixed from here on
        with database.write() as session:
            makers.identity(session, workspace_id)
        lately.ask(early)
    assert ask(lately, database, workspace_id) == 2


def test_who_sees_part_is_not_answered_with_the_whole(database: Database) -> None:
    lately, workspace_id = Lately(Counted()), prepared(database)
    with database.write() as session:
        mine = makers.identity(session, workspace_id)
        actor = makers.member(session, workspace_id, Role.OPS, [mine.id])
    assert ask(lately, database, workspace_id) == 2
    with desk_at(database, workspace_id) as desk:
        assert lately.ask(replace(desk, actor=actor)) == 1


def test_who_comes_meanwhile_waits_for_the_one_answer(database: Database) -> None:
    lately, workspace_id, together = Lately(counted := Counted()), prepared(database), Barrier(6)
    answers: list[int] = []

    def look() -> None:
        with desk_at(database, workspace_id) as desk:
            together.wait()
            answers.append(lately.ask(desk))

    threads = [Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, counted.times) == ([1] * 6, 1)

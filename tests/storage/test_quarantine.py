"""A restored backup is released by the owner, in words, with the numbers in the audit log; then everything wakes."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import generation, quarantine
from engine.desk import Denied, Desk, Problem
from engine.generation import Mark
from storage.database import Database
from storage.kinds import Role
from storage.tables import Audit, Installation, Lane
from tests import makers
from tests.makers import MONDAY, OWNER

LATER = MONDAY + timedelta(hours=3)


@pytest.fixture
def workspace_id(database: Database, tmp_path: Path) -> int:
    """A database that is 40 ledger lines behind its mark."""
    with database.write() as session:
        makers.installation(session)
        made = makers.workspace(session)
        makers.mailbox(session, makers.identity(session, made.id))
    generation.note(tmp_path / "mark", Mark("test-mark", 1, 40, MONDAY))
    generation.watch(database, tmp_path / "mark", MONDAY)
    return made.id


def test_the_owner_sees_the_numbers_and_releases_in_words(database: Database, workspace_id: int) -> None:
    with database.write() as session:
        desk = Desk(session, OWNER, None, LATER)
        gap = quarantine.quarantine(desk)
        assert gap is not None
        assert (gap.lines, gap.since, gap.until, gap.noticed_at) == (40, None, MONDAY, MONDAY)
        quarantine.release_quarantine(desk, " looked through the Sent folders ")
        assert quarantine.quarantine(desk) is None
    with database.read() as session:
        line = session.scalars(select(Audit)).one()
        assert (line.what, line.new) == ("quarantine.released", {"note": "looked through the Sent folders"})
        assert line.old is not None
        assert line.old["ledger_lines_missing"] == 40
        assert session.scalars(select(Lane.wake_at)).all() == [LATER]
        assert session.get_one(Installation, 1).generation == 2


@pytest.mark.parametrize("note", ["", "  "])
def test_a_release_without_a_word_is_refused(database: Database, workspace_id: int, note: str) -> None:
    with database.write() as session, pytest.raises(Problem, match="what you checked"):
        quarantine.release_quarantine(Desk(session, OWNER, None, LATER), note)


def test_there_is_nothing_to_release_twice(database: Database, workspace_id: int) -> None:
    with database.write() as session:
        desk = Desk(session, OWNER, None, LATER)
        quarantine.release_quarantine(desk, "checked")
        with pytest.raises(Problem, match="Nothing is in quarantine"):
            quarantine.release_quarantine(desk, "checked")


def test_an_admin_of_a_workspace_may_not(database: Database, workspace_id: int) -> None:
    with database.write() as session:
        admin = makers.member(session, workspace_id, Role.ADMIN)
        with pytest.raises(Denied):
            quarantine.release_quarantine(Desk(session, admin, workspace_id, LATER), "checked")

"""A restored backup is noticed by the mark beside it, held, and released by a person with the numbers (G12)."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import generation
from engine.config import Config
from engine.generation import Mark, note, read
from engine.installation import open_outpost
from storage.database import Database
from storage.tables import Installation, Lane
from tests import makers
from tests.makers import MONDAY
from tests.reports.ledgers import sent

EARLIER = MONDAY - timedelta(days=2)


def mark(event_id: int, generation: int = 1, installation: str = "a" * 32) -> Mark:
    return Mark(installation, generation, event_id, MONDAY)


@pytest.fixture
def lane(database: Database) -> Lane:
    with database.write() as session:
        makers.installation(session)
        workspace = makers.workspace(session)
        makers.mailbox(session, makers.identity(session, workspace.id))
        return session.scalars(select(Lane)).one()


def test_a_mark_reads_back(tmp_path: Path) -> None:
    note(tmp_path / "mark", mark(412))
    assert read(tmp_path / "mark") == mark(412)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (mark(10), mark(12), mark(12)),
        (mark(12), mark(10), mark(12)),  # the slower of two processes
        (mark(12), mark(3, generation=2), mark(3, generation=2)),
        (mark(3, generation=2), mark(12), mark(3, generation=2)),
        (mark(12), mark(1, installation="b" * 32), mark(1, installation="b" * 32)),
        (mark(10**18), mark(10**18 + 1), mark(10**18 + 1)),
    ],
)
def test_the_later_mark_stays(tmp_path: Path, first: Mark, second: Mark, kept: Mark) -> None:
    note(tmp_path / "mark", first)
    note(tmp_path / "mark", second)
    assert read(tmp_path / "mark") == kept


def test_a_mark_that_another_thread_noted_meanwhile_is_not_lowered(tmp_path: Path) -> None:
    note(tmp_path / "mark", mark(10))
    note(tmp_path / "mark", mark(15))  # what other workers wrote, noted by the timer
    note(tmp_path / "mark", mark(12), known=mark(10))
    assert read(tmp_path / "mark") == mark(15)


@pytest.mark.parametrize("content", ["", "rubbish", "a b c d", "x" * 500])
def test_a_mark_that_can_not_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "mark").write_text(content)
    assert read(tmp_path / "mark") is None


def test_a_ledger_that_went_on_is_not_held(database: Database, lane: Lane, tmp_path: Path) -> None:
    path = tmp_path / "mark"
    for _ in range(3):
        with database.write() as session:
            sent(session, lane, MONDAY)
        assert generation.watch(database, path, MONDAY) is None
    assert read(path) == Mark("test-mark", 1, 12, MONDAY)


def test_a_database_copied_back_is_held_with_the_numbers(database: Database, lane: Lane, tmp_path: Path) -> None:
    path = tmp_path / "mark"
    with database.write() as session:
        sent(session, lane, EARLIER)
    note(path, Mark("test-mark", 1, 40, MONDAY))
    gap = generation.watch(database, path, MONDAY + timedelta(hours=1))
    assert gap is not None
    assert (gap.lines, gap.since, gap.until) == (36, EARLIER + timedelta(seconds=2), MONDAY)
    with database.read() as session:
        row = session.scalars(select(Installation)).one()
        assert (row.quarantined_at, row.generation) == (MONDAY + timedelta(hours=1), 2)
        assert generation.gap_of(session) == gap


def test_a_second_start_keeps_the_hold_and_its_numbers(database: Database, lane: Lane, tmp_path: Path) -> None:
    path = tmp_path / "mark"
    note(path, Mark("test-mark", 1, 40, MONDAY))
    first = generation.watch(database, path, MONDAY)
    assert generation.watch(database, path, MONDAY + timedelta(hours=2)) is None
    with database.read() as session:
        assert generation.gap_of(session) == first


def test_a_backup_from_before_the_hold_is_noticed_again(database: Database, lane: Lane, tmp_path: Path) -> None:
    path = tmp_path / "mark"
    note(path, Mark("test-mark", 2, 1, MONDAY))
    gap = generation.watch(database, path, MONDAY)
    assert gap is not None
    with database.read() as session:
        assert session.scalars(select(Installation.generation)).one() == 3


def test_the_mark_of_another_installation_says_nothing(database: Database, lane: Lane, tmp_path: Path) -> None:
    note(tmp_path / "mark", mark(10**6))
    assert generation.watch(database, tmp_path / "mark", MONDAY) is None


def test_a_file_copied_back_under_a_real_installation_is_held_at_its_next_start(config: Config, tmp_path: Path) -> None:
    outpost = open_outpost(config, {})
    with outpost.database.write() as session:
        workspace = makers.workspace(session)
        makers.mailbox(session, makers.identity(session, workspace.id))
        lane = session.scalars(select(Lane)).one()
        sent(session, lane, EARLIER)
    outpost.database.close()
    backup = tmp_path / "backup.db"
    shutil.copy(config.data / "outpost.db", backup)

    outpost = open_outpost(config, {})
    with outpost.database.write() as session:
        sent(session, lane, MONDAY)
    generation.note_newest(outpost.database, config.mark_file, MONDAY)
    generation.settle(config.mark_file)
    outpost.database.close()

    shutil.copy(backup, config.data / "outpost.db")
    outpost = open_outpost(config, {})
    with outpost.database.read() as session:
        gap = generation.gap_of(session)
    assert gap is not None
    assert (gap.lines, gap.until) == (4, MONDAY)
    outpost.database.close()

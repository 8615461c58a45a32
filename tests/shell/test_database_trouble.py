"""What is said when the database's file is in the way: on a real file that is locked, full or read-only."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine import database_trouble
from engine.desk import Actor
from pages import errors
from storage.database import Database, open_database
from storage.kinds import Role
from tests import makers
from tests.panel import Panel


def said_of(database: Database, *statements: str) -> str:
    """What a person is told of what these statements, in one write session, end in."""
    with pytest.raises(DBAPIError) as caught:
        _run(database, statements)
    return errors.said(caught.value)


def _run(database: Database, statements: tuple[str, ...]) -> None:
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_locked_database_is_named_and_nothing_half_saved(database: Database, tmp_path: Path) -> None:
    impatient = open_database(f"sqlite:///{tmp_path / 'outpost.db'}?timeout=0")
    with database.write() as session:
        makers.workspace(session)
        assert said_of(impatient, "SELECT 1").startswith(
            "The database was in use for too long, so nothing of this was saved."
        )
    impatient.close()


@pytest.mark.parametrize(
    ("before", "begins"),
    [
        (
            "PRAGMA max_page_count = 1",
            "The disk where the data lies is full: nothing of this was saved, and nothing is sent.",
        ),
        ("PRAGMA query_only = on", "The database's file may only be read, so nothing of this was saved"),
    ],
    ids=["full", "read-only"],
)
def test_a_file_that_takes_nothing_is_named(database: Database, before: str, begins: str) -> None:
    fill = "CREATE TABLE filling AS SELECT zeroblob(90000) AS zeros"
    assert said_of(database, before, fill).startswith(begins)


def test_a_disk_that_is_full_elsewhere_is_named_too() -> None:
    told = database_trouble.sentence(OSError(errno.ENOSPC, "No space left on device"))
    assert told is not None
    assert told.startswith("The disk where the data lies is full")


def test_what_is_nobodys_fault_but_ours_gets_a_reference(database: Database) -> None:
    assert database_trouble.sentence(ValueError("x")) is None
    assert "give the reference" in said_of(database, "SELECT * FROM nowhere")


@pytest.mark.parametrize(
    ("free", "sentence"),
    [(0, "The disk where the data lies is full"), (50 * 1024**2, "Only 50 MB are free"), (10**12, "")],
)
def test_every_page_says_when_the_disk_fills_up(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, free: int, sentence: str
) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session).id
        ops: Actor = makers.member(session, client, Role.OPS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    for slug in ("today", "campaigns"):
        told = [each.value for each in panel.open(slug, ops, client).error]
        assert [each for each in told if each.startswith(sentence)] == told
        assert bool(told) == bool(sentence)

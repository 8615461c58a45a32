"""What names a database, how long its lock is waited for, and what a session leaves behind."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from engine.config import load
from engine.desk import Problem
from engine.installation import open_outpost
from storage.database import Database, UnusableURLError, open_database
from storage.tables import Base, Setting
from tests.bed.bed import wait_until
from tests.makers import MONDAY
from tests.postgresql import create


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("the database", "can't be read"),
        ("mysql://ada:hidden@db.test/outpost", "not in mysql"),
        ("postgresql+pg8000://ada:hidden@db.test/outpost", "pg8000 is not installed"),
        ("sqlite:///outpost.db?timeout=soon", "a number of seconds from 0 to 600"),
        ("sqlite:///outpost.db?timeout=-1", "a number of seconds"),
        ("sqlite:///outpost.db?timeout=nan", "a number of seconds"),
    ],
)
def test_a_url_that_names_no_database_gets_a_sentence_without_its_password(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(UnusableURLError, match=sentence) as told:
        open_database(url)
    assert "hidden" not in str(told.value)
    with pytest.raises(Problem, match=sentence):
        open_outpost(load({"OUTPOST_DATA": str(tmp_path / "data"), "OUTPOST_DATABASE": url}), {})


@pytest.mark.parametrize(("url", "seconds"), [("outpost.db", 15), ("outpost.db?timeout=2", 2)])
def test_the_lock_is_waited_for_as_long_as_the_url_says(tmp_path: Path, url: str, seconds: int) -> None:
    with open_database(f"sqlite:///{tmp_path}/{url}").read() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == seconds * 1000


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = open_database(tmp_path / "outpost.db")
    Base.metadata.create_all(opened.engine)
    return opened


def kept(database: Database) -> list[str]:
    with database.read() as session:
        return [str(key) for key in session.scalars(text("SELECT key FROM setting ORDER BY key"))]


def setting(key: str) -> Setting:
    return Setting(key=key, value=1, changed_at=MONDAY)


def write_and_fail(session: Session) -> None:
    session.add(setting("lost"))
    session.flush()
    raise ZeroDivisionError


def test_what_is_written_is_kept_at_the_end_and_not_after_an_error(database: Database) -> None:
    with database.write() as session:
        session.add(setting("kept"))
    with pytest.raises(ZeroDivisionError):
        database.do(write_and_fail)
    assert kept(database) == ["kept"]


def test_part_of_it_can_be_taken_back(database: Database) -> None:
    with database.write() as session:
        session.add(setting("before"))
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            write_and_fail(session)
        session.add(setting("after"))
    assert kept(database) == ["after", "before"]


def test_a_reader_sees_one_state_throughout_and_leaves_nothing(database: Database) -> None:
    sees_one_state(database)
    with database.read() as session:
        session.execute(text("INSERT INTO setting (key, value, changed_at) VALUES ('stray', '1', 0)"))
    assert kept(database) == ["meanwhile"]


@pytest.fixture
def on_postgresql(postgresql: str) -> Iterator[Database]:
    opened = open_database(create(postgresql, f"setting_{uuid.uuid4().hex}"))
    Setting.__table__.create(opened.engine)  # type: ignore[attr-defined]
    yield opened
    opened.close()


@pytest.mark.slow
def test_on_postgresql_a_reader_sees_one_state_and_can_write_nothing(on_postgresql: Database) -> None:
    sees_one_state(on_postgresql)
    with on_postgresql.read() as session, pytest.raises(InternalError, match="read-only"):
        session.execute(text("INSERT INTO setting (key, value, changed_at) VALUES ('stray', '1', 0)"))
    assert kept(on_postgresql) == ["meanwhile"]


@pytest.mark.slow
def test_on_postgresql_a_writer_sees_all_that_was_committed_while_it_waited(on_postgresql: Database) -> None:
    """On a connection that a reader had before, and whatever the server thinks is usual."""
    usual = {"options": "-c default_transaction_isolation=serializable"}
    other = open_database(on_postgresql.engine.url.update_query_dict(usual).render_as_string(hide_password=False))
    assert kept(other) == []
    with ThreadPoolExecutor() as pool:
        with on_postgresql.write() as session:
            session.add(setting("first"))
            session.flush()
            waiting = pool.submit(other.do, lambda session: session.scalars(text("SELECT key FROM setting")).all())
            wait_until(lambda: is_waited_for(on_postgresql), "the other writer to wait", 10)
        assert waiting.result() == ["first"]
    other.close()


def is_waited_for(database: Database) -> bool:
    with database.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")))


def sees_one_state(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM setting")) == 0
        with database.write() as other:
            other.add(setting("meanwhile"))
        assert session.scalar(text("SELECT count(*) FROM setting")) == 0
    assert kept(database) == ["meanwhile"]

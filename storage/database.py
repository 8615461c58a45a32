"""How the database is opened: one SQLite copy per process, WAL, full durability, write sessions BEGIN IMMEDIATE."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections use (fixed in 3.51.3); a panel and a worker are two.
_FIRST_SOUND_SQLITE = (3, 51, 3)
CONNECTION = "connection"  # where a session keeps its connection: asking for it anew costs more than a query
# The driver's cache gives its last place to every new statement once it is full, so that none of those stays: at its own
# 100, a connection that has made the tables parses every statement anew, which takes longer than running it.
_CACHED_STATEMENTS = 1_000
_PRAGMAS = (
    "busy_timeout = 15000",  # first, for the next one waits too; SQLite's lock is not fair: 2 to 4 s were seen under load
    "journal_mode = WAL",
    "synchronous = FULL",  # a "sent" mark must survive a power cut
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else REPLACE deletes a line of the ledger without asking its trigger
    "temp_store = MEMORY",
    "mmap_size = 268435456",
    "journal_size_limit = 67108864",
)

T = TypeVar("T")


class UnsoundSQLiteError(RuntimeError):
    """The SQLite library in use can lose data in WAL mode."""


@dataclass(frozen=True, slots=True)
class Database:
    """One engine and the two kinds of session: `read()` (deferred) and `write()` (takes the write lock at its begin).

    A session stands on a connection whose transaction is begun and ended here: prepared statements go to that connection
    directly, and then the session never has to learn of it.
    """

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the database and is rolled back at the end, whatever was done in it."""
        with self.engine.connect() as connection:
            connection.begin()
            with _session_on(connection) as session:
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        with (
            self.engine.connect().execution_options(write=True) as connection,
            connection.begin(),
            _session_on(connection) as session,
        ):
            yield session
            session.flush()

    def do(self, work: Callable[[Session], T]) -> T:
        """Run a piece of work in a write transaction of its own and give back its result after the commit."""
        with self.write() as session:
            return work(session)

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str | Path) -> Database:
    """Open a SQLite file (a path or a `sqlite:///` URL) or any other SQLAlchemy URL.

    UnsoundSQLiteError when the SQLite library in use can lose data in WAL mode.
    """
    target = f"sqlite:///{url}" if isinstance(url, Path) else url
    parsed = make_url(target)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    engine = _open_sqlite(target) if is_sqlite else create_engine(target, pool_pre_ping=True)
    return Database(engine)


def _session_on(connection: Connection) -> Session:
    return Session(connection, expire_on_commit=False, info={CONNECTION: connection})


def _open_sqlite(url: str) -> Engine:
    if pysqlite3.dbapi2.sqlite_version_info < _FIRST_SOUND_SQLITE:
        raise UnsoundSQLiteError(
            f"SQLite {pysqlite3.dbapi2.sqlite_version} can corrupt a database in WAL mode; install pysqlite3 0.6.1 or newer."
        )
    # A pool, not one connection a thread: Streamlit makes a thread a run.
    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        pool_size=8,
        max_overflow=24,
        pool_timeout=30,
        connect_args={"cached_statements": _CACHED_STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails at once with "database is locked", whatever the timeout.
        writes = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine

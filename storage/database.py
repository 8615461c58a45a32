"""How the database is opened: one SQLite copy per process, WAL, full durability, write sessions BEGIN IMMEDIATE."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pysqlite3.dbapi2
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from storage import changes
from storage.prepared import Prepared

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections use (fixed in 3.51.3); a panel and a worker are two.
_FIRST_SOUND_SQLITE = (3, 51, 3)
CONNECTION = "connection"  # where a session keeps its connection: asking for it anew costs more than a query
# The driver's cache gives its last place to every new statement once it is full, so that none of those stays: at its own
# 100, a connection that has made the tables parses every statement anew, which takes longer than running it.
_CACHED_STATEMENTS = 1_000
_PATIENCE, _MOST_PATIENCE = 15.0, 600.0  # seconds; SQLite's lock is not fair: 2 to 4 s were seen under load
_WRITE_IT = (
    "Write it like sqlite:////srv/outpost/outpost.db, or like postgresql+psycopg://… after pip install '.[postgres]';"
    " or leave OUTPOST_DATABASE out for a file in the data folder."
)
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # a "sent" mark must survive a power cut
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else REPLACE deletes a line of the ledger without asking its trigger
    "temp_store = MEMORY",
    "mmap_size = 268435456",
    "journal_size_limit = 67108864",
)

# What a reader asks for. SQLite's transactions see one state as they are; PostgreSQL's usual ones see a new one a statement.
_ONE_STATE: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

_WRITERS = 7_311_200  # the number of the lock that PostgreSQL's writers take; any would do

T = TypeVar("T")
Glance = Callable[[Prepared, Mapping[str, Any]], Any]


class UnsoundSQLiteError(RuntimeError):
    """The SQLite library in use can lose data in WAL mode."""


class UnusableURLError(ValueError):
    """No database of ours is named by this URL, which is not repeated: it may hold a password."""


@dataclass(frozen=True, slots=True)
class Database:
    """One engine and the two kinds of session: `read()` (deferred) and `write()` (takes the write lock at its begin).

    A session stands on a connection whose transaction is begun and ended here: prepared statements go to that connection
    directly, and then the session never has to learn of it.
    """

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the database and is rolled back at the end; it is not for writing."""
        with self.engine.connect().execution_options(**_ONE_STATE[self.engine.dialect.name]) as connection:
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

    @contextmanager
    def glances(self) -> Iterator[Glance]:
        """Ask prepared statements for their first value, each of what is committed by then; no transaction is held between.

        A third of the price of a session's read.
        """
        with self.engine.connect() as connection:

            def glance(statement: Prepared, values: Mapping[str, Any]) -> Any:
                found = statement.scalar(connection, values)
                connection.rollback()  # PostgreSQL has begun one
                return found

            yield glance

    def do(self, work: Callable[[Session], T]) -> T:
        """Run a piece of work in a write transaction of its own and give back its result after the commit."""
        with self.write() as session:
            return work(session)

    def close(self) -> None:
        changes.forget(self.engine)
        self.engine.dispose()


def open_database(url: str | Path) -> Database:
    """Open a SQLite file (a path or a `sqlite:///` URL) or any other SQLAlchemy URL.

    `?timeout=SECONDS` in the URL of a SQLite file says how long to wait for its lock; the default is 15.

    UnsoundSQLiteError when the SQLite library in use can lose data in WAL mode; UnusableURLError for a URL that names no
    database of a kind we know.
    """
    try:
        target = make_url(f"sqlite:///{url}" if isinstance(url, Path) else url)
        backend = target.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise UnusableURLError(f"Outpost keeps its data in SQLite or PostgreSQL, not in {backend}. {_WRITE_IT}")
        return Database(_open_sqlite(target) if backend == "sqlite" else _open_postgresql(target))
    except ArgumentError:
        raise UnusableURLError(f"OUTPOST_DATABASE can't be read. {_WRITE_IT}") from None
    except ModuleNotFoundError as missing:
        raise UnusableURLError(f"The database's driver {missing.name} is not installed. {_WRITE_IT}") from None


def _session_on(connection: Connection) -> Session:
    return Session(connection, expire_on_commit=False, info={CONNECTION: connection})


def _open_sqlite(url: URL) -> Engine:
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
        connect_args={
            "cached_statements": _CACHED_STATEMENTS,
            "timeout": _patience(url),
        },
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


def _open_postgresql(url: URL) -> Engine:
    """Writers come one after another, as on SQLite: no Stop is committed between a verdict and what follows from it.

    READ COMMITTED whatever the server's own default is: a writer has waited for its lock in its first statement, and one
    state for the whole transaction would be the one of before it waited.
    """
    engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("write"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(_PATIENCE * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    return engine


def _patience(url: URL) -> float:
    given = str(url.query.get("timeout", _PATIENCE))
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MOST_PATIENCE:
        raise UnusableURLError(f"The timeout in OUTPOST_DATABASE is a number of seconds from 0 to {_MOST_PATIENCE:.0f}.")
    return seconds

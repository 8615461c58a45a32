"""How a database is made ready at start: brought up to this program's version, or refused with one clear sentence."""

import importlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from storage.database import Database
from storage.migrations import revisions
from storage.tables import Installation


class SetupError(Exception):
    """The database can't be used as it is; the message is a whole sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the database says of itself once it is ready."""

    mark: str
    practice: bool
    generation: int
    key_check: bytes | None
    quarantined_at: datetime | None


def prepare(database: Database, practice: bool, now: datetime) -> Ready:
    """Bring the database up to date and make its Installation row; SetupError when it must not be used.

    The version is asked again under the write lock; who makes a new database holds a lock of their own around this, because
    SQLite's change to WAL does not wait.
    """
    try:
        if _newest_needed(database.engine):
            _upgrade(database.engine)
        return _installation(database, practice, now)
    except DatabaseError as trouble:
        raise SetupError(sentence(trouble)) from trouble


def is_new(database: Database) -> bool:
    """Whether no version of this program has used the database yet; SetupError when it can't be read."""
    try:
        return not inspect(database.engine).has_table("alembic_version")
    except DatabaseError as trouble:
        raise SetupError(sentence(trouble)) from trouble


def damage(database: Database) -> str | None:
    """What a quick check of a SQLite file finds, in its own words; None when it is sound."""
    if database.engine.dialect.name != "sqlite":
        return None
    with database.engine.connect() as connection:
        found = list(connection.execute(text("PRAGMA quick_check(3)")).scalars())
    return None if found == ["ok"] else "; ".join(found)


def sentence(trouble: DatabaseError) -> str:
    """What a database's refusal means for the person who starts Outpost."""
    words = str(trouble.orig)
    for needle, meaning in _MEANINGS.items():
        if needle in words:
            return meaning
    return f"The database can't be used ({words}); check that its server runs and that OUTPOST_DATABASE is right."


_MEANINGS = {
    "disk is full": "The disk is full, so nothing can be recorded and nothing is sent; make room and start again.",
    "is locked": "Another program holds the database locked; end it (a copy, a backup, a second Outpost) and start again.",
    "unable to open": "The database file can't be opened; check that its folder exists and is yours.",
    "readonly": "The database file can't be written; check that it belongs to the user who starts Outpost.",
    "not a database": "The database file is not a SQLite database; put back the right file or a backup of it.",
    "malformed": "The database file is damaged; put back a backup of it.",
    "disk I/O": "The disk fails to read or write, so nothing is sent; check the disk and put back a backup.",
}


def _newest_needed(engine: Engine) -> bool:
    with engine.connect() as connection:
        return _version(connection) != revisions()[-1]


def _version(connection: Connection) -> str | None:
    """The database's version, None for a new one; SetupError for a version that only a newer program knows."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in revisions():
        raise SetupError(
            f"The database was written by a newer Outpost (version {found}; this one knows up to {revisions()[-1]});"
            " start the newer Outpost, or put back a backup from before the update."
        )
    return found


def _upgrade(engine: Engine) -> None:
    with engine.connect().execution_options(write=True) as connection:
        _enforce_references(connection, enforced=False)
        try:
            with connection.begin():
                if _version(connection) != revisions()[-1]:
                    # Alembic costs a fifth of a second to import: no start pays for it but the one that needs it.
                    importlib.import_module("storage.migrating").upgrade(connection)
                    _check_references(connection)
        finally:
            _enforce_references(connection, enforced=True)


def _enforce_references(connection: Connection, *, enforced: bool) -> None:
    """SQLite changes a table by rebuilding it; dropping the old one would take the rows that refer to it along."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection  # SQLAlchemy would begin a transaction, where this does nothing
        driver.execute(f"PRAGMA foreign_keys = {'ON' if enforced else 'OFF'}")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise SetupError(
            f"A row of {broken[0]} refers to one of {broken[2]} that is gone; put back a backup of the database."
        )


def _installation(database: Database, practice: bool, now: datetime) -> Ready:
    with database.read() as session:
        found = _ready(session)
    if found is None:
        found = _first_start(database, practice, now)
    if found.practice and not practice:
        raise SetupError(
            "This database holds practice data; start it with `make demo`, or set OUTPOST_DATA to another folder."
        )
    if practice and not found.practice:
        raise SetupError("This database holds real data; the practice workspace needs another folder: set OUTPOST_DATA.")
    return found


def _ready(session: Session) -> Ready | None:
    row = session.scalar(select(Installation))
    if row is None:
        return None
    return Ready(row.mark, row.practice, row.generation, row.key_check, row.quarantined_at)


def _first_start(database: Database, practice: bool, now: datetime) -> Ready:
    with database.write() as session:
        if (found := _ready(session)) is None:
            session.add(Installation(id=1, mark=secrets.token_hex(16), practice=practice, created_at=now))
            session.flush()
            found = _ready(session)
    if found is None:
        raise SetupError("The database takes no rows; put back a backup of it.")
    return found

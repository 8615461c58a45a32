"""A new database and a new installation: made once by each test process and copied from then on, which costs a tenth.

With OUTPOST_TEST_SERVER=postgresql+psycopg://… the databases are made on that server instead, each named after its path.
"""

import functools
import hashlib
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import text

from engine.config import load
from engine.installation import open_outpost
from storage.append_only import protect
from storage.database import Database, open_database
from storage.tables import Base
from tests import postgresql

SERVER = "OUTPOST_TEST_SERVER"


def new_database(path: Path) -> Database:
    """A new database, opened, with every table and trigger and no row."""
    if server := os.environ.get(SERVER):
        return open_database(postgresql.create(server, _name(path), like=_tables_on(server)))
    path.write_bytes(_tables())
    return open_database(path)


def make_place(path: Path) -> None:
    """For a first start: an empty database on the server; a SQLite file is made by whoever opens it."""
    if server := os.environ.get(SERVER):
        postgresql.create(server, _name(path))


def place_of(path: Path) -> Path | str:
    """What `open_database` takes for the database that was made at this path."""
    server = os.environ.get(SERVER)
    return postgresql.named(server, _name(path)) if server else path


def lay_installation(environment: Mapping[str, str]) -> None:
    """What the first start leaves in the data folder and the key file; what is opened there next is a second start."""
    config = load(environment)
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if server := os.environ.get(SERVER):
        name, key = _first_start_on(server)
        postgresql.create(server, _name(config.data / "outpost.db"), like=name)
    else:
        database, key = _first_start()
        (config.data / "outpost.db").write_bytes(database)
    config.key_file.touch(mode=0o600)
    config.key_file.write_bytes(key)


def is_sound(database: Database) -> bool:
    """What SQLite says of its file; PostgreSQL has no such question."""
    if database.engine.dialect.name != "sqlite":
        return True
    with database.read() as session:
        return bool(session.execute(text("PRAGMA integrity_check")).scalar() == "ok")


def _name(path: Path) -> str:
    return hashlib.blake2b(str(path.resolve()).encode(), digest_size=12).hexdigest()


@functools.cache
def _tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outpost.db"
        _make_tables(open_database(path))
        return path.read_bytes()


@functools.cache
def _tables_on(server: str) -> str:
    name = f"tables-{uuid.uuid4().hex}"
    _make_tables(open_database(postgresql.create(server, name)))
    return name


def _make_tables(database: Database) -> None:
    with database.engine.connect().execution_options(write=True) as connection, connection.begin():
        Base.metadata.create_all(connection)
        protect(connection)
    database.close()


@functools.cache
def _first_start() -> tuple[bytes, bytes]:
    """The database, which no WAL is left beside once it is closed, and the key."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"OUTPOST_DATA": f"{folder}/data", "OUTPOST_KEY_FILE": f"{folder}/data.key"}
        open_outpost(load(environment), environment).database.close()
        return Path(f"{folder}/data/outpost.db").read_bytes(), Path(f"{folder}/data.key").read_bytes()


@functools.cache
def _first_start_on(server: str) -> tuple[str, bytes]:
    """The name of the database, and the key."""
    name = f"first-{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"OUTPOST_DATA": f"{folder}/data", "OUTPOST_KEY_FILE": f"{folder}/data.key"}
        environment["OUTPOST_DATABASE"] = postgresql.create(server, name)
        open_outpost(load(environment), environment).database.close()
        return name, Path(f"{folder}/data.key").read_bytes()

"""A new database and a new installation: made once by each test process and copied from then on, which costs a tenth."""

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.config import load
from engine.installation import open_outpost
from storage.append_only import protect
from storage.database import Database, open_database
from storage.tables import Base


def new_database(path: Path) -> Database:
    """A new SQLite file, opened, with every table and trigger and no row."""
    path.write_bytes(_tables())
    return open_database(path)


def lay_installation(environment: Mapping[str, str]) -> None:
    """What the first start leaves in the data folder and the key file; what is opened there next is a second start."""
    config = load(environment)
    database, key = _first_start()
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (config.data / "outpost.db").write_bytes(database)
    config.key_file.touch(mode=0o600)
    config.key_file.write_bytes(key)


@functools.cache
def _tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outpost.db"
        database = open_database(path)
        with database.engine.connect().execution_options(write=True) as connection, connection.begin():
            Base.metadata.create_all(connection)
            protect(connection)
        database.close()
        return path.read_bytes()


@functools.cache
def _first_start() -> tuple[bytes, bytes]:
    """The database, which no WAL is left beside once it is closed, and the key."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"OUTPOST_DATA": f"{folder}/data", "OUTPOST_KEY_FILE": f"{folder}/data.key"}
        open_outpost(load(environment), environment).database.close()
        return Path(f"{folder}/data/outpost.db").read_bytes(), Path(f"{folder}/data.key").read_bytes()

"""Moving a database from version to version with Alembic; imported only when there is something to move."""

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from storage.migrations import FOLDER
from storage.tables import Base


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database up to `revision` in the connection's transaction."""
    command.upgrade(configuration(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    command.downgrade(configuration(connection), revision)


def differences(connection: Connection) -> list[Any]:
    """What the tables in code and in the database differ in; none when a migration was written for every change."""
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def write_revision(connection: Connection, number: str, message: str) -> None:
    """Write the migration from the database's version to the tables in code, as `<number>_<message>.py`."""
    command.revision(configuration(connection), message, autogenerate=True, rev_id=number)


def configuration(connection: Connection) -> Config:
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    found.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    found.attributes["connection"] = connection
    return found

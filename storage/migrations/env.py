"""How Alembic reaches the database: through the connection or engine it is handed, never through a URL in a file."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from storage.append_only import protect
from storage.columns import Instant
from storage.tables import Base


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """A migration must not change when our types do: an Instant is written as what it is stored as."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Instant) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
        if context.get_context().get_current_revision() is not None:
            protect(connection)


_run(context.config.attributes["connection"])

"""Sealing every secret again under a newer key: found by reflection, in small transactions, resumable after any end."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Table, func, literal, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.tables import Base
from storage.vault import Place, Vault, version_of

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Sealed:
    """One column that holds sealed values."""

    table: Table
    column: Column[bytes]


def sealed_columns() -> Iterator[Sealed]:
    """Every column that is marked `info={"sealed": True}`; its table has an integer `id`, and perhaps a `workspace_id`."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info.get("sealed"):
                yield Sealed(table, column)


def reseal(database: Database, vault: Vault) -> int:
    """Seal every secret again that is not under the vault's newest key; returns how many. Run again after any end.

    VaultError at a secret that can't be opened: what was sealed before stays, and so must the old key.
    """
    return sum(_reseal_column(database, vault, sealed) for sealed in sealed_columns())


def _reseal_column(database: Database, vault: Vault, sealed: Sealed) -> int:
    after, count = 0, 0
    while True:
        with database.write() as session:
            rows = _next(session, sealed, after)
            for row_id, workspace_id, value in rows:
                count += _reseal(
                    session, vault, sealed, Place(workspace_id, sealed.table.name, row_id, sealed.column.name), value
                )
        if not rows:
            return count
        after = rows[-1][0]


def _next(session: Session, sealed: Sealed, after: int) -> list[tuple[int, int, bytes]]:
    columns = sealed.table.columns
    workspace = func.coalesce(columns.workspace_id, 0) if "workspace_id" in columns else literal(0)
    wanted = select(columns.id, workspace, sealed.column).where(columns.id > after, sealed.column.is_not(None))
    return [tuple(row) for row in session.execute(wanted.order_by(columns.id).limit(_AT_ONCE))]


def _reseal(session: Session, vault: Vault, sealed: Sealed, place: Place, value: bytes) -> int:
    if version_of(value) == vault.version:
        return 0
    again = vault.seal(vault.open(value, place), place)
    session.execute(update(sealed.table).where(sealed.table.columns.id == place.row_id).values({sealed.column: again}))
    return 1

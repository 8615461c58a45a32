"""Asking the ledger: DuckDB in process over the Parquet segments plus the live tail, one workspace at a time.

A reader is exact at one moment: the manifest and the tail are read in one transaction of the database, and the tail is what
the manifest lacks. Nothing is downloaded, memory and threads are bounded, and each reader has a cursor of its own.
"""

import functools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy.orm import Session

from storage import columnar

_LIMITS: dict[str, Any] = {
    "memory_limit": "500MB",
    "threads": 2,
    "max_temp_directory_size": "4GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a name in a query is a table, never a variable of this program
}
_TYPES = {int: pa.int64(), str: pa.string(), bool: pa.bool_(), date: pa.date32()}
_LINES = 'id, "at" AS instant, action_id, identity_id, lane_id, kind, before, after, local_day, spent, reason, attempt'


@dataclass(frozen=True, slots=True)
class Reader:
    """A cursor that sees the relation `ledger`: one workspace's lines, with `instant` in microseconds since 1970."""

    cursor: duckdb.DuckDBPyConnection

    def give(self, name: str, columns: Mapping[str, type], rows: Sequence[Sequence[Any]]) -> None:
        """Let queries see these rows as a table; a column holds int, str, bool or date."""
        values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
        arrays = [pa.array(value, _TYPES[kind]) for value, kind in zip(values, columns.values(), strict=True)]
        self.cursor.register(name, pa.Table.from_arrays(arrays, names=list(columns)))

    def keep(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        """Run a statement that makes a temporary table."""
        self.cursor.execute(statement, dict(values or {}))

    def ask(self, query: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        return self.cursor.sql(query, params=dict(values or {})).to_arrow_table()

    def rows(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(query, values).to_pylist()
        return found


@contextmanager
def ledger(session: Session, folder: Path, workspace_id: int) -> Iterator[Reader]:
    """A reader of one workspace's whole ledger as the session's transaction sees it."""
    known = columnar.manifest(session, folder)
    tail = columnar.tail(session, known.hi, workspace_id)
    cursor = _engine().cursor()
    try:
        cursor.register("tail", tail)
        lines = cursor.table("tail")
        if known.segments:
            files = [str(folder / segment.file) for segment in known.segments]
            lines = cursor.read_parquet(files).filter(f"workspace_id = {int(workspace_id)}").union(lines)
        lines.project(_LINES).create_view("ledger", replace=True)
        yield Reader(cursor)
    finally:
        cursor.close()


@functools.cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={**_LIMITS, "temp_directory": tempfile.gettempdir()})

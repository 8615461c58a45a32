"""Statements of the hot path, compiled once and then run on the driver's own cursor.

SQLAlchemy's way to run a statement costs many times what SQLite needs for it. The statements stay SQLAlchemy's, with its
types on both sides; only what is the same at every run is done once. Other databases than SQLite take SQLAlchemy's way.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Date, Dialect, Enum
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from storage.columns import Instant, from_micros, to_micros

_Processor = Callable[[Any], Any]
COUNTED = {"preserve_rowcount": True}  # or SQLAlchemy gives an INSERT's count away: it would be -1 on PostgreSQL


@dataclass(frozen=True, slots=True)
class _Form:
    """The SQL of one set of parameters, and how its places are filled."""

    sql: str
    blank: tuple[Any, ...]  # with the values of the statement's own literals
    places: tuple[int, ...]  # of the parameters with one value each
    pick: Callable[[Mapping[str, Any]], Sequence[Any]]  # the values of these places, in their order
    written: tuple[tuple[int, _Processor], ...]  # places whose value is written in the database's own way
    listed: tuple[tuple[int, int, str, _Processor | None], ...]  # the first place and the number of places of each list

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        if len(self.places) == len(self.blank):
            given = list(self.pick(values))
        else:
            given = list(self.blank)
            for place, value in zip(self.places, self.pick(values), strict=True):
                given[place] = value
        for place, write in self.written:
            given[place] = write(given[place])
        for place, size, name, write_one in self.listed:
            members = list(values[name]) if write_one is None else [write_one(value) for value in values[name]]
            # A list shorter than its form ends in its last value again, which an IN does not mind; an empty one is NULL.
            given[place : place + size] = members + (members[-1:] or [None]) * (size - len(members))
        return given


class Prepared:
    """One statement, run with the values of its parameters by name; `lists` names those that stand in an IN."""

    def __init__(self, statement: Any, *lists: str) -> None:
        self._statement = statement
        self._lists = lists
        self._forms: dict[tuple[Any, ...], _Form] = {}
        self._readers: dict[str, Callable[[Sequence[Any]], Any]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows, each with its columns by name."""
        if connection.dialect.paramstyle != "qmark":
            return connection.execute(self._statement, values).all()
        read = self._reader(connection.dialect)
        return [read(row) for row in self._run(connection, values).fetchall()]

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The one row, or None."""
        rows = self.rows(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the one row, or None."""
        row = self.row(connection, values)
        return None if row is None else row[0]

    def change_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run an UPDATE or INSERT without RETURNING once for each of the rows, which have the same parameters.

        Returns how many rows of the table that changed in all.
        """
        if not rows:
            return 0
        if connection.dialect.paramstyle != "qmark":
            return connection.execute(self._statement, list(rows), execution_options=COUNTED).rowcount
        form = self._form(connection.dialect, rows[0])
        return int(self._execute(connection, form.sql, [form.filled(row) for row in rows], many=True).rowcount)

    def changed(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows an UPDATE changed, or an INSERT wrote."""
        if connection.dialect.paramstyle != "qmark":
            return connection.execute(self._statement, values, execution_options=COUNTED).rowcount
        return int(self._run(connection, values).rowcount)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        form = self._form(connection.dialect, values)
        return self._execute(connection, form.sql, form.filled(values))

    def _execute(self, connection: Connection, sql: str, given: list[Any], *, many: bool = False) -> Any:
        cursor = connection.connection.cursor()
        try:
            if many:
                cursor.executemany(sql, given)
            else:
                cursor.execute(sql, given)
        except connection.dialect.loaded_dbapi.Error as error:
            base = connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=connection.dialect) from error
        return cursor

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
        sizes = [_padded(len(values[name])) for name in self._lists] if self._lists else []
        key = (dialect.name, *values, *sizes)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._compile(dialect, values, dict(zip(self._lists, sizes, strict=True)))
        return form

    def _compile(self, dialect: Dialect, values: Mapping[str, Any], sizes: Mapping[str, int]) -> _Form:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(values))
        sql = str(compiled)
        blank: list[Any] = []
        scalars, written, listed = [], [], []
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            write = _writer(bind.type, dialect)
            if bind.expanding:
                own = None if name in values else list(bind.effective_value)
                size = sizes[name] if own is None else len(own)
                sql = sql.replace(f"__[POSTCOMPILE_{name}]", ", ".join("?" * size), 1)
                if own is None:
                    listed.append((len(blank), size, name, write))
                blank += [None] * size if own is None else [_written(value, write) for value in own]
            elif name not in values:
                blank.append(_written(bind.effective_value, write))
            else:
                scalars.append((len(blank), name))
                if write is not None:
                    written.append((len(blank), write))
                blank.append(None)
        places, pick = tuple(place for place, _ in scalars), _picker([name for _, name in scalars])
        return _Form(sql, tuple(blank), places, pick, tuple(written), tuple(listed))

    def _reader(self, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
        read = self._readers.get(dialect.name)
        if read is None:
            read = self._readers[dialect.name] = _reader_of(list(self._statement.exported_columns), dialect)
        return read


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _reader_of(columns: Sequence[Any], dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    row_of = namedtuple("Row", [column.key for column in columns])._make  # type: ignore[attr-defined]
    processors = [_reading(column.type, dialect) for column in columns]
    changed = [(place, processor) for place, processor in enumerate(processors) if processor is not None]

    def read(raw: Sequence[Any]) -> Any:
        values = list(raw)
        for place, processor in changed:
            if values[place] is not None:
                values[place] = processor(values[place])
        return row_of(values)

    return read


def _written(value: Any, processor: _Processor | None) -> Any:
    return value if processor is None else processor(value)


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Processor | None:
    """How a value is written: what the type's own way comes to, without its detours for the types that are everywhere."""
    own: _Processor | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(kind, Instant):
        return lambda value: None if value is None else to_micros(value)
    if isinstance(kind, Enum) and kind.enum_class is not None and own is not None:
        return _Known(own, {member: own(member) for member in (None, *kind.enum_class)}).__getitem__
    if isinstance(kind, Date) and own is not None:
        return lru_cache(maxsize=1024)(own)
    return own


class _Known(dict[Any, Any]):
    """What is known of a few values, and a way for all others."""

    def __init__(self, otherwise: _Processor, known: Mapping[Any, Any]) -> None:
        super().__init__(known)
        self._otherwise = otherwise

    def __missing__(self, value: Any) -> Any:
        return self._otherwise(value)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> _Processor | None:
    own: _Processor | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    if isinstance(kind, Instant):
        return from_micros
    if isinstance(kind, Enum) and kind.enum_class is not None and own is not None:
        return _Known(own, {member.value: member for member in kind.enum_class}).__getitem__
    return own


def _padded(size: int) -> int:
    """The size of the form that a list of this size uses: few forms instead of one a size."""
    return 1 if size <= 1 else 1 << (size - 1).bit_length()

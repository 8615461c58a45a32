"""Statements of the hot path, compiled once and then run on the driver's own cursor.

SQLAlchemy's way to run a statement costs many times what SQLite needs for it. The statements stay SQLAlchemy's, with its
types on both sides; only what is the same at every run is done once. Other databases than SQLite take SQLAlchemy's way.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

_Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """The SQL of one set of parameters, and how its places are filled."""

    sql: str
    blank: tuple[Any, ...]  # with the values of the statement's own literals
    plain: tuple[tuple[int, str], ...]  # places that take a value as it is
    written: tuple[tuple[int, str, _Processor], ...]  # places whose value is written in the database's own way
    listed: tuple[tuple[int, str, int, _Processor | None], ...]  # places of a list's values, each with its index there

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        given = list(self.blank)
        for place, name in self.plain:
            given[place] = values[name]
        for place, name, write in self.written:
            given[place] = write(values[name])
        for place, name, at, processor in self.listed:
            given[place] = _written(_nth(values[name], at), processor)
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

    def changed(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows an UPDATE changed, or an INSERT wrote."""
        if connection.dialect.paramstyle != "qmark":
            return connection.execute(self._statement, values).rowcount
        return int(self._run(connection, values).rowcount)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        form = self._form(connection.dialect, values)
        given = form.filled(values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, given)
        except connection.dialect.loaded_dbapi.Error as error:
            base = connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                form.sql, None, error, base, hide_parameters=True, dialect=connection.dialect
            ) from error
        return cursor

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
        sizes = tuple(_padded(len(values[name])) for name in self._lists)
        key = (dialect.name, *values, *sizes)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._compile(dialect, values, dict(zip(self._lists, sizes, strict=True)))
        return form

    def _compile(self, dialect: Dialect, values: Mapping[str, Any], sizes: Mapping[str, int]) -> _Form:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(values))
        sql = str(compiled)
        blank: list[Any] = []
        plain, written, listed = [], [], []
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            write = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.expanding:
                own = None if name in values else list(bind.effective_value)
                size = sizes[name] if own is None else len(own)
                sql = sql.replace(f"__[POSTCOMPILE_{name}]", ", ".join("?" * size), 1)
                if own is None:
                    listed += [(len(blank) + at, name, at, write) for at in range(size)]
                blank += [None] * size if own is None else [_written(value, write) for value in own]
            elif name not in values:
                blank.append(_written(bind.effective_value, write))
            else:
                if write is None:
                    plain.append((len(blank), name))
                else:
                    written.append((len(blank), name, write))
                blank.append(None)
        return _Form(sql, tuple(blank), tuple(plain), tuple(written), tuple(listed))

    def _reader(self, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
        read = self._readers.get(dialect.name)
        if read is None:
            read = self._readers[dialect.name] = _reader_of(list(self._statement.exported_columns), dialect)
        return read


def _reader_of(columns: Sequence[Any], dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    row_of = namedtuple("Row", [column.key for column in columns])._make  # type: ignore[attr-defined]
    processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
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


def _nth(values: Sequence[Any], at: int) -> Any:
    """A list shorter than its form ends in its last value again, which changes nothing in an IN; an empty one is NULL."""
    return values[min(at, len(values) - 1)] if values else None


def _padded(size: int) -> int:
    """The size of the form that a list of this size uses: few forms instead of one a size."""
    return 1 if size <= 1 else 1 << (size - 1).bit_length()

"""Statements of the hot path, compiled once and then run on the driver's own cursor.

SQLAlchemy's way to run a statement costs many times what SQLite needs for it. The statements stay SQLAlchemy's, with its
types on both sides; only what is the same at every run is done once. Other databases than SQLite take SQLAlchemy's way.
"""

from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    filled: Callable[[Mapping[str, Any]], Sequence[Any]]  # the values of all places, as the database wants them


def _filler(places: Sequence["_Place"]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """One expression with every place in its turn, written out as `namedtuple` writes its own: a loop takes longer."""
    known: dict[str, Any] = {}
    parts = []
    for number, place in enumerate(places):
        known |= {f"given{number}": place.value, f"write{number}": place.write, f"size{number}": place.size}
        named = f"values[{place.name!r}]"
        if place.name is None:
            parts.append(f"given{number}")
        elif place.size is not None:
            parts.append(f"*members({named}, size{number}, write{number})")
        else:
            parts.append(named if place.write is None else f"write{number}({named})")
    fill: Callable[[Mapping[str, Any]], Sequence[Any]] = _written_out(
        f"lambda values: ({', '.join(parts)}{',' if parts else ''})", {**known, "members": _members}
    )
    return fill


def _members(values: Collection[Any], size: int, write: _Processor | None) -> list[Any]:
    """A list shorter than its form ends in its last value again, which an IN does not mind; an empty one is NULL."""
    members = list(values) if write is None else [write(value) for value in values]
    return members + (members[-1:] or [None]) * (size - len(members))


def _written_out(expression: str, known: dict[str, Any]) -> Any:
    return eval(expression, {"__builtins__": {}, **known})  # noqa: S307 - made of numbers and our own parameters' names


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands in a place of the SQL: the value of a parameter, several of a list's, or one of the statement's own."""

    name: str | None
    value: Any = None
    write: _Processor | None = None
    size: int | None = None  # of a list


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
        return int(self._execute(connection, form.sql, list(map(form.filled, rows)), many=True).rowcount)

    def changed(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows an UPDATE changed, or an INSERT wrote."""
        if connection.dialect.paramstyle != "qmark":
            return connection.execute(self._statement, values, execution_options=COUNTED).rowcount
        return int(self._run(connection, values).rowcount)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        form = self._form(connection.dialect, values)
        return self._execute(connection, form.sql, form.filled(values))

    def _execute(self, connection: Connection, sql: str, given: Sequence[Any], *, many: bool = False) -> Any:
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
        places: list[_Place] = []
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            write = _writer(bind.type, dialect)
            if bind.expanding:
                own = None if name in values else list(bind.effective_value)
                size = sizes[name] if own is None else len(own)
                sql = sql.replace(f"__[POSTCOMPILE_{name}]", ", ".join("?" * size), 1)
                if own is None:
                    places.append(_Place(name, write=write, size=size))
                else:
                    places += [_Place(None, _written(value, write)) for value in own]
            elif name in values:
                places.append(_Place(name, write=write))
            else:
                places.append(_Place(None, _written(bind.effective_value, write)))
        return _Form(sql, _filler(places))

    def _reader(self, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
        read = self._readers.get(dialect.name)
        if read is None:
            read = self._readers[dialect.name] = _reader_of(list(self._statement.exported_columns), dialect)
        return read


def _reader_of(columns: Sequence[Any], dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
    known: dict[str, Any] = {"row": row, "new": tuple.__new__}
    parts = []
    for place, column in enumerate(columns):
        processor = known[f"read{place}"] = _reading(column.type, dialect)
        value = f"raw[{place}]"
        parts.append(value if processor is None else f"(None if {value} is None else read{place}({value}))")
    read: Callable[[Sequence[Any]], Any] = _written_out(f"lambda raw: new(row, ({', '.join(parts)},))", known)
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

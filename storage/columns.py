"""The column types and the declarative base that every table shares."""

import enum
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Date, Dialect, Enum, Integer, MetaData, String, Table, text
from sqlalchemy.orm import DeclarativeBase, declared_attr
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as microseconds since 1970 in a BIGINT; a naive datetime is refused (ValueError).

    An integer compares, subtracts and indexes alike on SQLite, PostgreSQL and DuckDB; docs/decisions/0002 says more.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone; this one is naive.")
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def wording(kind: type[enum.StrEnum], *, checked: bool = True, name: str = "") -> Enum:
    """A VARCHAR that holds the values (not the names) of a StrEnum, with a CHECK unless the enum is meant to grow.

    A CHECK can only be changed by rebuilding the table, which the ledger's big ones should never need. Its `name` must be
    given where a table has two columns of one enum: PostgreSQL refuses a name twice.
    """
    name = name or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    return Enum(
        kind,
        native_enum=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
        create_constraint=checked,
        name=name,
    )


def only_where(condition: str) -> dict[str, Any]:
    """The arguments that make an Index partial, on SQLite and PostgreSQL alike."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# SQLite gives a rowid alias, and with it AUTOINCREMENT-free fast keys, to INTEGER only.
BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: String,
        int: BIG_KEY,
    }

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy hands the class
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def table_of(row: type[Base]) -> Table:
    """The table behind a mapped class, for statements that are to run without the ORM's own part of the cost."""
    return Base.metadata.tables[row.__tablename__]

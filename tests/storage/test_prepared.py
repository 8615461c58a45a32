"""Prepared statements answer as SQLAlchemy's own do, with its types on both sides and its errors."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from storage.columns import table_of
from storage.database import Database
from storage.kinds import LeadState
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Installation, Lead, Setting
from tests import makers
from tests.dispatch.sink import lanes_with_work
from tests.makers import MONDAY

LEADS = select(Lead.id, Lead.state, Lead.fields, Lead.created_at).where(
    Lead.id.in_(bindparam("ids", expanding=True)), Lead.state.in_([LeadState.NEW, LeadState.ACTIVE])
)


@pytest.mark.parametrize("ids", [[], [1], [3, 1], [1, 2, 3], [5, 4, 3, 2, 1, 77]])
def test_lists_of_any_length_find_what_sqlalchemy_finds(database: Database, ids: list[int]) -> None:
    lanes_with_work(database, leads=5)
    prepared = Prepared(LEADS, "ids")
    with database.read() as session:
        expected = [tuple(row) for row in session.execute(LEADS, {"ids": ids})]
        assert [tuple(row) for row in prepared.rows(connection_of(session), {"ids": ids})] == expected


def test_values_keep_their_types_on_both_sides(database: Database) -> None:
    write = Prepared(insert(table_of(Setting)))
    read = Prepared(select(Setting.value, Setting.changed_at).where(Setting.key == bindparam("name")))
    with database.write() as session:
        assert write.changed(connection_of(session), {"key": "one", "value": {"a": [1]}, "changed_at": MONDAY}) == 1
        row = read.row(connection_of(session), {"name": "one"})
        assert (row.value, row.changed_at) == ({"a": [1]}, MONDAY)
        assert read.row(connection_of(session), {"name": "two"}) is None


def test_what_an_update_returns_is_read_and_counted(database: Database) -> None:
    moved = update(table_of(Installation)).where(Installation.id == bindparam("of_id"))
    with database.write() as session:
        makers.installation(session)
        connection = connection_of(session)
        later = MONDAY + timedelta(days=1)
        assert Prepared(moved).changed(connection, {"of_id": 1, "quarantined_at": later}) == 1
        assert Prepared(moved).changed(connection, {"of_id": 2, "quarantined_at": later}) == 0
        returning = Prepared(moved.returning(Installation.quarantined_at))
        assert returning.scalar(connection, {"of_id": 1, "quarantined_at": None}) is None


def test_a_refusal_of_the_database_is_sqlalchemy_s_error_without_the_values(database: Database, tmp_path: Path) -> None:
    write = Prepared(insert(table_of(Setting)))
    values = {"key": "one", "value": {"secret": "swordfish"}, "changed_at": MONDAY}
    with database.write() as session:
        write.changed(connection_of(session), values)
    with pytest.raises(DBAPIError, match="UNIQUE") as refused, database.write() as session:
        write.changed(connection_of(session), values)
    assert "swordfish" not in str(refused.value)

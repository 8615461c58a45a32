"""Migrations: the same tables as in code, up and down, and never over a newer database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect, select, text

from storage import migrating, setup
from storage.append_only import APPEND_ONLY
from storage.database import Database, open_database
from storage.migrations import revisions
from storage.tables import Base, Installation
from tests import makers
from tests.makers import MONDAY


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "new.db")
    yield opened
    opened.close()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrations_make_exactly_the_tables_in_code(empty: Database) -> None:
    """When this fails a column was added: write a migration with `storage.migrating.write_revision`."""
    setup.prepare(empty, False, MONDAY)
    with empty.engine.connect() as connection:
        assert migrating.differences(connection) == []


def test_the_migrations_make_every_check_and_every_partial_index(empty: Database, database: Database) -> None:
    setup.prepare(empty, False, MONDAY)
    asked = text("SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite_%' ORDER BY 1")
    with empty.engine.connect() as migrated, database.engine.connect() as made:
        assert migrated.execute(asked).all() == made.execute(asked).all()
        for table in Base.metadata.tables:
            assert _checks(migrated, table) == _checks(made, table)


def _checks(connection: Connection, table: str) -> list[tuple[str, str]]:
    """With their words: a list that a migration left beside the new one would hold as well."""
    found = inspect(connection).get_check_constraints(table)
    return sorted((str(check["name"]), " ".join(check["sqltext"].split())) for check in found)


def test_up_down_and_up_again(empty: Database) -> None:
    with empty.engine.connect().execution_options(write=True) as connection, connection.begin():
        migrating.upgrade(connection)
        migrating.downgrade(connection, "base")
        assert tables(connection) == set()
        migrating.upgrade(connection)
        assert tables(connection) == set(Base.metadata.tables)


def test_the_file_names_are_the_chain_of_revisions(empty: Database) -> None:
    with empty.engine.connect() as connection:
        script = ScriptDirectory.from_config(migrating.configuration(connection))
    assert [revision.revision for revision in script.walk_revisions()][::-1] == revisions()
    assert script.get_heads() == [revisions()[-1]]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty: Database) -> None:
    setup.prepare(empty, False, MONDAY)
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(setup.SetupError, match=r"newer Outpost \(version 9999"):
        setup.prepare(empty, False, MONDAY)


@pytest.mark.parametrize(("made_for", "started_as", "said"), [(True, False, "practice data"), (False, True, "real data")])
def test_practice_and_real_data_are_never_mixed(empty: Database, made_for: bool, started_as: bool, said: str) -> None:
    setup.prepare(empty, made_for, MONDAY)
    with pytest.raises(setup.SetupError, match=said):
        setup.prepare(empty, started_as, MONDAY)


def test_the_installation_gets_one_random_mark_and_keeps_it(empty: Database, tmp_path: Path) -> None:
    first = setup.prepare(empty, False, MONDAY)
    assert setup.prepare(empty, False, MONDAY) == first
    other = open_database(tmp_path / "other.db")
    assert setup.prepare(other, False, MONDAY).mark != first.mark
    other.close()
    with empty.read() as session:
        assert session.scalars(select(Installation)).one().created_at == MONDAY


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_bytes(b"not a database at all, but long enough to look like one" * 20)
    opened = open_database(tmp_path / "not.db")
    with pytest.raises(setup.SetupError, match="not a SQLite database"):
        setup.prepare(opened, False, MONDAY)
    opened.close()


def test_a_folder_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    opened = open_database(tmp_path / "nowhere" / "new.db")
    with pytest.raises(setup.SetupError, match="can't be opened"):
        setup.prepare(opened, False, MONDAY)
    opened.close()


def test_a_full_disk_is_one_sentence_and_leaves_no_half_made_tables(empty: Database) -> None:
    @event.listens_for(empty.engine, "connect")
    def shrink(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count = 20")  # what SQLite then says is what it says of a full disk

    with pytest.raises(setup.SetupError, match="disk is full"):
        setup.prepare(empty, False, MONDAY)
    with empty.engine.connect() as connection:
        assert tables(connection) == set()


def test_a_locked_database_is_one_sentence(empty: Database) -> None:
    @event.listens_for(empty.engine, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 20")

    with empty.write() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(setup.SetupError, match="holds the database locked"):
            setup.prepare(empty, False, MONDAY)


def test_a_sound_database_has_no_damage_and_a_torn_one_has(empty: Database, tmp_path: Path) -> None:
    setup.prepare(empty, False, MONDAY)
    assert setup.damage(empty) is None
    empty.close()
    content = bytearray((tmp_path / "new.db").read_bytes())
    content[4096 * 5 : 4096 * 8] = b"\xff" * (4096 * 3)
    (tmp_path / "torn.db").write_bytes(content)
    torn = open_database(tmp_path / "torn.db")
    assert setup.damage(torn) is not None
    torn.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "REPLACE INTO {} SELECT * FROM {}"])
def test_the_ledger_and_the_audit_log_only_grow(database: Database, table: str, change: str) -> None:
    with database.write() as session:
        workspace = makers.workspace(session)
        desk = makers.desk(session, workspace.id)
        desk.audit("test.written", "workspace:1")
    with database.engine.connect().execution_options(write=True) as connection:
        if table == "event":
            _write_event(connection)
        with pytest.raises(Exception, match=f"{table} is append-only"):
            connection.execute(text(change.replace("{}", table)))


def _write_event(connection: Connection) -> None:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")
    connection.execute(
        text(
            "INSERT INTO event (at, action_id, workspace_id, identity_id, lane_id, kind, after, local_day, spent, actor,"
            " attempt) VALUES (0, 1, 1, 1, 1, 'email', 'planned', '2026-11-23', 0, 'worker', 0)"
        )
    )


def test_no_table_names_two_constraints_alike() -> None:
    """SQLite takes it; PostgreSQL refuses to make such a table."""
    for table in Base.metadata.tables.values():
        named = [str(constraint.name) for constraint in table.constraints if constraint.name is not None]
        assert len(named) == len(set(named)), table.name

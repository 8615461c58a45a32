"""What DuckDB may do here: one workspace's lines, bounded, alone, and nothing from the network."""

import subprocess
import sys
import threading
from random import Random

import duckdb
import pytest
from sqlalchemy import func, select

from engine.config import PROJECT
from storage import columnar
from storage.reports import ledger
from storage.tables import Event
from tests.makers import MONDAY
from tests.reports.conftest import Field
from tests.reports.ledgers import random_ledger, sent


def test_memory_and_threads_are_bounded_and_extensions_never_come_by_themselves(field: Field) -> None:
    with field.database.read() as session, ledger(session, field.folder, field.workspace_id) as reader:
        (row,) = reader.rows(
            "SELECT current_setting('threads') AS threads, current_setting('memory_limit') AS memory,"
            " current_setting('autoinstall_known_extensions') AS install,"
            " current_setting('autoload_known_extensions') AS load"
        )
    assert (row["threads"], row["install"], row["load"]) == (2, False, False)
    assert row["memory"].startswith("476")  # 500 MB in MiB


def test_a_reader_does_not_see_what_another_one_was_given(field: Field) -> None:
    with field.database.read() as session, ledger(session, field.folder, field.workspace_id) as one:
        one.give("lanes", {"lane_id": int}, [(1,)])
        with (
            ledger(session, field.folder, field.workspace_id) as two,
            pytest.raises(duckdb.CatalogException),
        ):
            two.rows("SELECT * FROM lanes")


def test_a_reader_sees_one_workspace_in_segments_and_tail(field: Field) -> None:
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, Random(5), MONDAY, 4)
    columnar.export(field.database, field.folder, MONDAY)
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, Random(6), MONDAY, 4)
    with field.database.read() as session:
        expected = session.scalar(select(func.count()).where(Event.workspace_id == field.workspace_id))
        with ledger(session, field.folder, field.workspace_id) as reader:
            assert reader.rows("SELECT count(*) AS lines, count(DISTINCT id) AS ids FROM ledger") == [
                {"lines": expected, "ids": expected}
            ]


def test_reports_are_exact_while_the_ledger_grows_and_is_exported_and_joined(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "_MOST_SMALL_SEGMENTS", 3)
    done = threading.Event()

    def work() -> None:
        for _ in range(40):
            with field.database.write() as session:
                sent(session, field.lanes[0], MONDAY)
            columnar.export(field.database, field.folder, MONDAY)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    looks = 0
    while not done.is_set():
        with field.database.read() as session:
            expected = session.scalar(select(func.count()).select_from(Event))
            with ledger(session, field.folder, field.workspace_id) as reader:
                assert reader.rows("SELECT count(*) AS n, coalesce(sum(spent), 0) * 4 AS s FROM ledger") == [
                    {"n": expected, "s": expected}
                ]
        looks += 1
    worker.join()
    assert looks > 3


def test_the_worker_carries_neither_pyarrow_nor_duckdb_nor_alembic() -> None:
    asked = "import sys, engine.worker; print([one for one in ('pyarrow', 'duckdb', 'alembic') if one in sys.modules])"
    found = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_second_sqlite_is_loaded_by_the_report() -> None:
    asked = "import sys, engine.quota_reports; print([one for one in sys.modules if 'adbc' in one or 'cysqlite' in one])"
    found = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

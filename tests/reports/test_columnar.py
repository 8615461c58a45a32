"""The columnar copy: exact while it is written, and rebuilt from nothing when it does not fit."""

import json
import re
import threading
from datetime import timedelta
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select, update

from engine.exports import export_due
from storage import columnar
from storage.database import Database
from storage.tables import Event, Installation
from tests.makers import MONDAY
from tests.reports.conftest import Field
from tests.reports.ledgers import random_ledger, sent


def copied(field: Field) -> tuple[int, int, int]:
    """Lines in the segments, lines in the tail of both workspaces, and lines in the database, seen in one transaction."""
    with field.database.read() as session:
        known = columnar.manifest(session, field.folder)
        lines = sum(pq.read_metadata(field.folder / segment.file).num_rows for segment in known.segments)
        tail = sum(columnar.tail(session, known.hi, w).num_rows for w in (field.workspace_id, field.other_workspace_id))
        return lines, tail, session.scalar(select(func.count()).select_from(Event)) or 0


def test_without_a_copy_everything_is_tail(field: Field) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    assert copied(field) == (0, 4, 4)


def test_an_export_takes_all_and_leaves_no_tail(field: Field) -> None:
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, Random(1), MONDAY, 5)
    columnar.export(field.database, field.folder, MONDAY)
    lines, tail, total = copied(field)
    assert (lines, tail) == (total, 0)


def test_a_copied_line_is_the_line_of_the_database(field: Field) -> None:
    with field.database.write() as session:
        random_ledger(session, field.lanes, Random(2), MONDAY, 3)
        before = columnar.tail(session, 0, field.workspace_id)
    known = columnar.export(field.database, field.folder, MONDAY)
    assert known is not None
    assert pq.read_table(field.folder / known.segments[0].file, schema=columnar.SCHEMA).equals(before)


def test_segments_and_tail_are_the_ledger_at_any_moment_while_it_grows_and_is_exported(field: Field) -> None:
    done = threading.Event()

    def write() -> None:
        random = Random(3)
        for _ in range(60):
            with field.database.write() as session:
                sent(session, random.choice(field.lanes + field.others), MONDAY)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    looks = 0
    while not done.is_set():
        columnar.export(field.database, field.folder, MONDAY)
        lines, tail, total = copied(field)
        assert lines + tail == total
        looks += 1
    writer.join()
    columnar.export(field.database, field.folder, MONDAY)
    assert looks > 3
    assert copied(field) == (240, 0, 240)


def test_many_small_segments_are_joined_and_the_old_files_stay_an_hour_for_their_readers(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "_MOST_SMALL_SEGMENTS", 3)
    for number in range(5):
        with field.database.write() as session:
            sent(session, field.lanes[0], MONDAY)
        known = columnar.export(field.database, field.folder, MONDAY + timedelta(minutes=number))
    assert known is not None
    assert len(known.segments) == 2
    assert copied(field) == (20, 0, 20)
    assert len(list(field.folder.glob("seg/*/*.parquet"))) == 6
    columnar.export(field.database, field.folder, MONDAY + timedelta(hours=2))
    assert len(list(field.folder.glob("seg/*/*.parquet"))) == 2
    assert copied(field) == (20, 0, 20)


@pytest.mark.parametrize("damage", ["", "{", '{"segments": 3}', "[]"])
def test_a_damaged_manifest_is_no_copy_and_is_made_again(field: Field, damage: str) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    (field.folder / "manifest.json").write_text(damage)
    assert copied(field) == (0, 4, 4)
    columnar.export(field.database, field.folder, MONDAY)
    assert copied(field) == (4, 0, 4)


def test_a_note_of_old_files_that_was_written_in_part_keeps_no_export_from_its_end(field: Field) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    (field.folder / "dropped.json").write_text("")
    assert columnar.export(field.database, field.folder, MONDAY) is not None


def test_a_restored_backup_begins_a_new_copy(field: Field) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    with field.database.write() as session:
        session.execute(update(Installation).values(generation=2))
    assert copied(field) == (0, 4, 4)
    columnar.export(field.database, field.folder, MONDAY)
    assert copied(field) == (4, 0, 4)


def test_a_copy_that_is_ahead_of_the_database_is_not_read(field: Field, tmp_path: Path) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    written = re.sub(r'"hi": \d+', '"hi": 9999', (field.folder / "manifest.json").read_text())
    (field.folder / "manifest.json").write_text(written)
    assert copied(field) == (0, 4, 4)


def test_a_reader_who_began_before_the_last_export_takes_only_the_rest_from_the_database(field: Field) -> None:
    def send_and_export() -> None:
        with field.database.write() as session:
            sent(session, field.lanes[0], MONDAY)
        columnar.export(field.database, field.folder, MONDAY)

    send_and_export()
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    with field.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 8
        send_and_export()
        known = columnar.manifest(session, field.folder)
        assert (len(known.segments), known.hi) == (1, 4)
        assert columnar.tail(session, known.hi, field.workspace_id).column("id").to_pylist() == [5, 6, 7, 8]


def test_a_copy_that_is_ahead_of_the_database_is_made_anew(field: Field) -> None:
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    path = field.folder / "manifest.json"
    known = json.loads(path.read_text())
    known["segments"].append({"file": "seg/none", "lo": 5, "hi": 9999, "rows": 9995})
    path.write_text(json.dumps(known))
    columnar.export(field.database, field.folder, MONDAY)
    assert copied(field) == (4, 0, 4)


def test_a_second_exporter_leaves_the_first_alone(field: Field) -> None:
    with columnar._alone(field.folder) as alone:
        assert alone
        assert columnar.export(field.database, field.folder, MONDAY) is None


def test_the_worker_has_it_done_by_a_process_of_its_own_and_only_when_there_is_something(field: Field) -> None:
    assert not export_due(field.database, field.folder, MONDAY)
    with field.database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    assert export_due(field.database, field.folder, MONDAY)
    assert copied(field) == (4, 0, 4)
    assert not export_due(field.database, field.folder, MONDAY)


def test_throwing_the_copy_away_loses_nothing(field: Field, database: Database) -> None:
    with database.write() as session:
        sent(session, field.lanes[0], MONDAY)
    columnar.export(database, field.folder, MONDAY)
    columnar.forget(field.folder)
    assert copied(field) == (0, 4, 4)

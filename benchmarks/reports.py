"""Ten million ledger lines: the quota report's sums from Parquet segments beside the same sums in SQLite."""

import datetime
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.rows import Row
from storage import columnar
from storage.columnar import Manifest, Segment
from storage.database import Database
from storage.reports import ledger
from tests.fresh import new_database

LINES = 10_000_000
_IDENTITIES, _LINES_A_DAY = 500, 150
_AT_ONCE = 500_000
_FIRST_DAY = datetime.date(2026, 6, 1)
_SINCE = datetime.date(2026, 9, 12)  # the last 30 of the ledger's 134 days
_BEST_OF = 3

_SUMS = "SELECT identity_id, kind, local_day, sum(spent) FROM {table} WHERE workspace_id = 1 {since} GROUP BY 1, 2, 3"
_BY_DAY = "SELECT local_day, sum(spent) FROM {table} WHERE workspace_id = 1 AND local_day >= '{since}' GROUP BY 1"
_ALL_TIME = ("all time by identity, kind, day", _SUMS.replace("{since}", ""))
_THIRTY = ("30 days by identity, kind, day", _SUMS.replace("{since}", "AND local_day >= '{since}'"))
_TREND = ("30 days by day", _BY_DAY)


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="outpost-reports-") as place:
        folder = Path(place)
        database = new_database(folder / "bench.db")
        try:
            _fill(database, folder)
            return [_compare(database, folder, name, query) for name, query in (_ALL_TIME, _THIRTY, _TREND)]
        finally:
            database.close()


def _compare(database: Database, folder: Path, name: str, query: str) -> Row:
    with database.read() as session:
        rows = query.replace("{table}", "event").replace("{since}", _SINCE.isoformat())
        slow, expected = _best(lambda: [tuple(row) for row in session.execute(text(rows))], 1)
        columns = (
            query.replace("{table}", "ledger").replace("workspace_id = 1", "true").replace("{since}", _SINCE.isoformat())
        )
        fast, found = _best(lambda: _reported(session, folder, columns), _BEST_OF)
    if sum(row[-1] for row in expected) != sum(found):
        raise AssertionError(f"The segments and the database differ: {name}")
    return Row("reports, 10 M lines", name, fast * 1000, "ms", "same SQL in SQLite", slow * 1000, at_most=0.25)


def _reported(session: Session, folder: Path, query: str) -> list[int]:
    with ledger(session, folder, 1) as reader:
        table = reader.ask(query)
        sums: list[int] = table.column(table.num_columns - 1).to_pylist()
        return sums


def _best(task: Callable[[], list], times: int) -> tuple[float, list]:  # type: ignore[type-arg]
    best, answer = float("inf"), []
    for _ in range(times):
        begin = time.perf_counter()
        answer = task()
        best = min(best, time.perf_counter() - begin)
    return best, answer


def _fill(database: Database, folder: Path) -> None:
    """The same lines in the table, with its indexes, and in the segments; written with as little disk as it takes."""
    driver = database.engine.raw_connection()
    driver.execute("PRAGMA foreign_keys = OFF")  # the lines alone, without ten million actions behind them
    driver.execute("PRAGMA synchronous = OFF")
    driver.execute("INSERT INTO installation (id, mark, practice, created_at, generation) VALUES (1, 'bench', 0, 0, 1)")
    columns = [name for name in columnar.SCHEMA.names if name not in ("before", "reason")]
    insert = f"INSERT INTO event ({', '.join(columns)}, actor) VALUES ({', '.join('?' * len(columns))}, 'worker')"
    segments = []
    (folder / Manifest("bench", 1).folder).mkdir(parents=True)
    for lo in range(1, LINES + 1, _AT_ONCE):
        lines = [_line(number) for number in range(lo, min(lo + _AT_ONCE, LINES + 1))]
        driver.execute("BEGIN")
        driver.executemany(insert, lines)
        driver.execute("COMMIT")
        segments.append(_segment(folder, columns, lines))
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.close()
    columnar._publish(folder, Manifest("bench", 1, tuple(segments)))


def _line(number: int) -> tuple[object, ...]:
    identity = number % _IDENTITIES + 1
    day = number // (_IDENTITIES * _LINES_A_DAY)
    at = 1_780_000_000_000_000 + day * 86_400_000_000 + number % 75_000 * 1_000_000
    kind = ("email", "connection_request", "linkedin_message")[number // _IDENTITIES % 3]
    local_day = (_FIRST_DAY + datetime.timedelta(days=day)).isoformat()
    spent, after = (1, "reserved") if number % 4 == 0 else (0, "accepted")
    return (number, at, number, 1, identity, identity, identity, kind, after, local_day, spent, 1)


def _segment(folder: Path, columns: list[str], lines: list[tuple[object, ...]]) -> Segment:
    values = dict(zip(columns, zip(*lines, strict=True), strict=True))
    nothing = [None] * len(lines)
    days = pa.array(values["local_day"]).cast(pa.date32())
    arrays = [
        days if field.name == "local_day" else pa.array(values.get(field.name, nothing), field.type)
        for field in columnar.SCHEMA
    ]
    lo, hi = lines[0][0], lines[-1][0]
    assert isinstance(lo, int)
    assert isinstance(hi, int)
    segment = Segment(f"{Manifest('bench', 1).folder}/{lo}-{hi}.parquet", lo, hi, len(lines))
    table = pa.Table.from_arrays(arrays, schema=columnar.SCHEMA)
    pq.write_table(table, folder / segment.file, compression="zstd", row_group_size=100_000)
    return segment

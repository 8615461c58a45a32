"""The ledger's columnar copy: Parquet segments and a manifest that is replaced at once, rebuildable from nothing.

A segment holds the ledger lines `lo` to `hi`; the manifest names the segments that count, so a reader sees a whole copy
while the next one is written. It belongs to one generation of one installation: after a restored backup it begins anew.
`python -m storage.columnar` writes what is missing, in a process of its own that gives its memory back.
"""

import fcntl
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import column, select, table, text
from sqlalchemy.orm import Session

from storage.columns import from_micros, to_micros
from storage.database import Database, open_database

ROWS_A_SEGMENT = 500_000
_ROWS_AT_ONCE = 200_000
_ROWS_A_GROUP = 100_000
_MOST_SMALL_SEGMENTS = 50

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("at", pa.int64()),
        ("action_id", pa.int64()),
        ("workspace_id", pa.int64()),
        ("identity_id", pa.int64()),
        ("lane_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("kind", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("local_day", pa.date32()),
        ("spent", pa.int32()),
        ("reason", pa.string()),
        ("attempt", pa.int32()),
    ]
)
# Without our types: the driver's own integers and texts go into the columns as they are.
_EVENT = table("event", *(column(name) for name in SCHEMA.names))


@dataclass(frozen=True, slots=True)
class Segment:
    file: str
    lo: int
    hi: int
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`hi` is the newest ledger line in the copy; a reader takes what is above it from the database."""

    installation: str
    generation: int
    segments: tuple[Segment, ...] = ()

    @property
    def hi(self) -> int:
        return self.segments[-1].hi if self.segments else 0

    @property
    def folder(self) -> str:
        """A name of its own for each generation: a file never changes its content under a reader."""
        return f"seg/{self.installation[:8]}-{self.generation}"


def manifest(session: Session, folder: Path) -> Manifest:
    """The copy that fits this database; an empty one when there is none, or when it belongs to another generation.

    As far as the session's transaction sees: an exporter may have published more since the transaction began.
    """
    known, newest = _published(session, folder), _newest(session)
    return replace(known, segments=tuple(segment for segment in known.segments if segment.hi <= newest))


def _published(session: Session, folder: Path) -> Manifest:
    """The same, however far it goes."""
    installation, generation = session.execute(text("SELECT mark, generation FROM installation")).one()
    own = Manifest(installation, generation)
    try:
        found = _parse((folder / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return own
    return found if (found.installation, found.generation) == (installation, generation) else own


def tail(session: Session, after: int, workspace_id: int) -> pa.Table:
    """One workspace's ledger lines above `after`."""
    wanted = select(_EVENT).where(_EVENT.c.id > after, _EVENT.c.workspace_id == workspace_id)
    return _table(session.execute(wanted.order_by(_EVENT.c.id)).all())


def export(database: Database, folder: Path, now: datetime) -> Manifest | None:
    """Bring the copy up to date; None when another process is at it. Readers are never disturbed."""
    with _alone(folder) as alone:
        if not alone:
            return None
        with database.read() as session:
            known = _published(session, folder)
            if known.hi > _newest(session):  # nobody else publishes, so the database is an older one: begin anew
                known = replace(known, segments=())
            known = _write_missing(session, folder, known)
        known = _compact(folder, known)
        _drop_strangers(folder, known, now)
        return known


def _write_missing(session: Session, folder: Path, known: Manifest) -> Manifest:
    until = _newest(session)
    while rows := _rows(session, known.hi, until):
        known = _with(folder, known, known.segments, _table(rows))
    return known


def _newest(session: Session) -> int:
    """Writers are one after another on PostgreSQL, too: no lower id appears after a higher one."""
    return session.execute(text("SELECT max(id) FROM event")).scalar() or 0


def _rows(session: Session, after: int, until: int) -> Sequence[Any]:
    wanted = select(_EVENT).where(_EVENT.c.id > after, _EVENT.c.id <= until)
    return session.execute(wanted.order_by(_EVENT.c.id).limit(_ROWS_AT_ONCE)).all()


def _table(rows: Sequence[Any]) -> pa.Table:
    """Rows of the driver as columns; SQLite hands a date as text, PostgreSQL as a date."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    arrays = []
    for field, values in zip(SCHEMA, columns, strict=True):
        is_text = field.name == "local_day" and bool(values) and isinstance(values[0], str)
        arrays.append(pa.array(values, pa.string()).cast(field.type) if is_text else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _with(folder: Path, known: Manifest, kept: Sequence[Segment], lines: pa.Table) -> Manifest:
    """Write one more segment and then the manifest that names it."""
    ids = lines.column("id")
    lo, hi = ids[0].as_py(), ids[-1].as_py()
    segment = Segment(f"{known.folder}/{lo}-{hi}.parquet", lo, hi, lines.num_rows)
    path = folder / segment.file
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    pq.write_table(lines, scratch, compression="zstd", row_group_size=_ROWS_A_GROUP)
    scratch.replace(path)
    return _publish(folder, replace(known, segments=(*kept, segment)))


def _publish(folder: Path, known: Manifest) -> Manifest:
    scratch = folder / "manifest.tmp"
    scratch.write_text(json.dumps(asdict(known)), encoding="utf-8")
    scratch.replace(folder / "manifest.json")
    return known


def _compact(folder: Path, known: Manifest) -> Manifest:
    """Join the small segments at the end once they are many, so that a report never opens more than a few dozen files."""
    small = _small(known.segments)
    if len(small) <= _MOST_SMALL_SEGMENTS:
        return known
    joined = pa.concat_tables([pq.read_table(folder / segment.file, schema=SCHEMA) for segment in small])
    return _with(folder, known, known.segments[: -len(small)], joined)


def _small(segments: Sequence[Segment]) -> Sequence[Segment]:
    """The segments after the last full one, as many as make up one full one."""
    first = len(segments)
    rows = 0
    while first and segments[first - 1].rows < ROWS_A_SEGMENT and rows < 2 * ROWS_A_SEGMENT:
        first -= 1
        rows += segments[first].rows
    return segments[first:]


def _drop_strangers(folder: Path, known: Manifest, now: datetime) -> None:
    """Delete what the manifest no longer names, an hour later: a report may still be reading it."""
    named = {segment.file for segment in known.segments}
    noted = folder / "dropped.json"
    try:
        waiting: dict[str, int] = json.loads(noted.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none yet, or a full disk let it be written in part: the hour begins anew
        waiting = {}
    found = {str(path.relative_to(folder)) for path in folder.glob("seg/*/*") if path.is_file()} - named
    since = {file: waiting.get(file, to_micros(now)) for file in found}
    for file, at in list(since.items()):
        if now - from_micros(at) >= timedelta(hours=1):
            (folder / file).unlink(missing_ok=True)
            del since[file]
    noted.write_text(json.dumps(since), encoding="utf-8")


def _parse(written: str) -> Manifest:
    values = json.loads(written)
    segments = tuple(Segment(**segment) for segment in values["segments"])
    return Manifest(values["installation"], values["generation"], segments)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "export.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def forget(folder: Path) -> None:
    """Throw the copy away; the next export makes it again."""
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Export what the line on standard input names: a URL may hold a password, which a command line would show."""
    given = json.loads(sys.stdin.readline())
    database = open_database(given["url"])
    try:
        export(database, Path(given["folder"]), from_micros(given["now"]))
    finally:
        database.close()


if __name__ == "__main__":
    main()

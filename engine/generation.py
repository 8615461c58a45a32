"""How far the ledger had come, kept outside the database: a restored backup is behind it and is noticed (G12).

The mark is one line of fixed size in a file: the installation's mark, its generation, the newest ledger line and when it
was noted. It is written after a commit, so it is never ahead of a database that was not restored.
"""

import fcntl
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.columns import from_micros, to_micros
from storage.database import Database
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Event, Installation, Setting

_GAP = "quarantine"
_LINE = "{mark:<32} {generation:>10} {event_id:>20} {at:>20}\n"
_LENGTH = len(_LINE.format(mark="", generation=0, event_id=0, at=0))


@dataclass(frozen=True, slots=True)
class Mark:
    """`generation` goes up whenever a restored backup is noticed, because ledger numbers begin anew from there."""

    installation: str
    generation: int
    event_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """What a restored backup lacks: at least so many lines, written after `since` (None: it has none) and by `until`."""

    lines: int
    since: datetime | None
    until: datetime
    noticed_at: datetime


def note(path: Path, mark: Mark, known: Mark | None = None) -> None:
    """Write the mark down. Call it after the commit; a lower number of the same generation changes nothing.

    `known` is what the caller wrote last: where it says as much, the file need not be opened.
    """
    if _says_as_much(known, mark):
        return
    line = _LINE.format(
        mark=mark.installation, generation=mark.generation, event_id=mark.event_id, at=to_micros(mark.at)
    ).encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # until it is closed: two threads note, and the lower may come last
        if not _says_as_much(_understood(os.pread(descriptor, _LENGTH, 0)), mark):
            os.pwrite(descriptor, line, 0)
    finally:
        os.close(descriptor)


def note_newest(database: Database, path: Path, now: datetime) -> None:
    """Note how far the ledger has come; half a millisecond, so it can follow every record."""
    with database.read() as session:
        mark = mark_of(session, now)
    note(path, mark)


def settle(path: Path) -> None:
    """Make the mark outlive a power cut; for a timer, since it outlives a killed process anyway."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Mark | None:
    """The mark in the file; None when there is none or it can't be understood."""
    try:
        return _understood(path.read_bytes())
    except FileNotFoundError:
        return None


def _understood(content: bytes) -> Mark | None:
    try:
        installation, generation, event_id, at = content[:_LENGTH].decode("ascii").split()
        return Mark(installation, int(generation), int(event_id), from_micros(int(at)))
    except ValueError:
        return None


def _says_as_much(noted: Mark | None, mark: Mark) -> bool:
    return noted is not None and noted.installation == mark.installation and _order(noted) >= _order(mark)


def watch(database: Database, path: Path, now: datetime) -> Gap | None:
    """At start: quarantine a database that is behind the mark, and note where the ledger stands from now on."""
    with database.read() as session:
        behind = is_behind(read(path), mark_of(session, now))
    gap = None
    if behind:
        with database.write() as session:
            gap = check(session, path, now)
    note_newest(database, path, now)
    return gap


def is_behind(noted: Mark | None, own: Mark) -> bool:
    """Whether the ledger was further than it is; a mark of another installation says nothing about this one."""
    return noted is not None and noted.installation == own.installation and _order(noted) > _order(own)


def check(session: Session, path: Path, now: datetime) -> Gap | None:
    """In a write transaction: quarantine a database that is behind the mark, and begin a new generation."""
    noted, own = read(path), mark_of(session, now)
    if noted is None or not is_behind(noted, own):
        return None
    gap = Gap(max(noted.event_id - own.event_id, 1), _newest_at(session), noted.at, now)
    row = session.get_one(Installation, 1)
    row.quarantined_at, row.generation = now, noted.generation + 1
    _remember(session, gap)
    return gap


def gap_of(session: Session) -> Gap | None:
    """What the database lacks while it is in quarantine."""
    noticed_at = session.scalar(select(Installation.quarantined_at))
    if noticed_at is None:
        return None
    kept = session.get(Setting, _GAP)
    if kept is None:
        return Gap(1, None, noticed_at, noticed_at)
    since = kept.value["since"]
    return Gap(
        kept.value["lines"],
        None if since is None else from_micros(since),
        from_micros(kept.value["until"]),
        noticed_at,
    )


def _order(mark: Mark) -> tuple[int, int]:
    return mark.generation, mark.event_id


def mark_of(session: Session, now: datetime) -> Mark:
    """How far the ledger of this session has come; to be noted once that is committed."""
    row = _NEWEST.row(connection_of(session), {})
    return Mark(row.mark, row.generation, row.newest or 0, now)


_NEWEST = Prepared(
    select(Installation.mark, Installation.generation, select(func.max(Event.id)).scalar_subquery().label("newest"))
)


def _newest_at(session: Session) -> datetime | None:
    return session.scalar(select(func.max(Event.at)))


def _remember(session: Session, gap: Gap) -> None:
    value = {"lines": gap.lines, "since": gap.since and to_micros(gap.since), "until": to_micros(gap.until)}
    session.merge(Setting(key=_GAP, value=value, changed_at=gap.noticed_at))

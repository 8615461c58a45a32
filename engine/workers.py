"""The signs of life of an installation's workers: a row each, and what they say together."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.tables import Heartbeat

LATE = timedelta(seconds=20)
DOWN = timedelta(seconds=60)
_REMEMBERED = timedelta(days=1)  # a worker that is silent; then it is taken for one that was taken away
_THE_ONLY_ONE = "worker"
_ENDED = ""  # in place of the boot
IS_WORKER = Heartbeat.name.like(f"{_THE_ONLY_ONE}%")
NEWEST = select(func.max(Heartbeat.at)).where(IS_WORKER)


@dataclass(frozen=True, slots=True)
class Missing:
    """A worker that does not answer while another one does."""

    host: str
    pid: int
    since: datetime

    @property
    def short(self) -> str:
        """For everybody who watches a workspace: the machines are the operators' affair."""
        return (
            f"A worker has not answered since {self.since:%Y-%m-%d %H:%M:%S} UTC; the others go on with what is due."
            " Settings › Installation says which one."
        )

    @property
    def sentence(self) -> str:
        return (
            f"A worker (process {self.pid} on {self.host}) has not answered since {self.since:%Y-%m-%d %H:%M:%S} UTC; the"
            " others go on with what is due. Start it again; of one that was taken away this is said for a day."
        )


@dataclass(frozen=True, slots=True)
class Signs:
    """`at` is the newest sign of life, None before the first; `notes` are sentences of those that answer."""

    at: datetime | None
    notes: tuple[str, ...]
    missing: tuple[Missing, ...]


def name_of(host: str, folder: Path, *, alone: bool) -> str:
    """The row of the worker on this folder: the one that is started in its place takes it over, and none else does."""
    if alone:
        return _THE_ONLY_ONE
    return f"{_THE_ONLY_ONE}:{host}:{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def keep(session: Session, beat: Heartbeat) -> None:
    """Write a sign of life, and forget those who gave none for a day."""
    session.merge(beat)
    session.execute(delete(Heartbeat).where(IS_WORKER, Heartbeat.at < beat.at - _REMEMBERED))


def leave(session: Session, name: str, now: datetime) -> None:
    """A worker that ends in order is missed by nobody; the last one's row stays, and says since when none answers."""
    others = select(Heartbeat.name).where(IS_WORKER, Heartbeat.name != name, Heartbeat.at >= now - DOWN)
    if session.scalars(others.limit(1)).first() is not None:
        session.execute(delete(Heartbeat).where(Heartbeat.name == name))
    else:
        session.execute(update(Heartbeat).where(Heartbeat.name == name).values(boot=_ENDED))


def last_sign(session: Session) -> datetime | None:
    """The newest sign of life of any worker."""
    at: datetime | None = session.scalar(NEWEST)
    return at


def signs(session: Session, now: datetime) -> Signs:
    """What the workers' rows say; where none answers, none is missing beside the others."""
    rows = session.scalars(select(Heartbeat).where(IS_WORKER).order_by(Heartbeat.at.desc(), Heartbeat.name)).all()
    answering = [row for row in rows if now - row.at <= DOWN]
    # One that ended in order, or that was started as another (a new machine's name, an older version), is not missed.
    missed = [row for row in rows if row.boot != _ENDED and row.name != _THE_ONLY_ONE]
    silent = [row for row in missed if now - row.at > DOWN] if answering else []
    return Signs(
        rows[0].at if rows else None,
        tuple(dict.fromkeys(row.note for row in answering if row.note)),
        tuple(Missing(row.host, row.pid, row.at) for row in silent),
    )

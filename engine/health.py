"""Whether panel, worker, database, clock and disk are well, each with a sentence that says what to do."""

import shutil
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import clock_check, sessions
from engine.config import Config
from engine.overview import Health, worker_health
from engine.supervision import Worker
from engine.workers import signs
from storage.database import Database
from storage.tables import Heartbeat

_LEAST_FREE = 200 * 1024 * 1024
_NONE_FREE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    is_well: bool
    sentence: str


def look(database: Database, config: Config, worker: Worker, now: datetime) -> tuple[Part, ...]:
    """Every part, whatever the others do; a database that does not answer makes what is read from it ill too."""
    panel = Part("panel", True, "The panel answers.")
    try:
        with database.read() as session:
            read = (_worker(session, worker, now), _database(session), _clock(session, now))
    except (SQLAlchemyError, TimeoutError) as error:
        why = f"The database does not answer ({type(error).__name__}), so nothing is sent; see that its disk is not full."
        read = (Part("worker", False, why), Part("database", False, why), Part("clock", False, why))
    return (panel, *read, disk(config))


def may_read(database: Database, token: str, now: datetime) -> bool:
    """Whether this is a signed-in user, who reads the sentences too; nobody is while the database does not answer.

    Asked by itself: between it and `look` the database may go, or come back.
    """
    try:
        with database.read() as session:
            return sessions.find(session, token, now) is not None
    except (SQLAlchemyError, TimeoutError):
        return False


def _worker(session: Session, worker: Worker, now: datetime) -> Part:
    told = signs(session, now)
    again = f" It was restarted {worker.restarts} times since {worker.last_end}." if worker.restarts else ""
    missing = "".join(f" {one.sentence}" for one in told.missing)
    match worker_health(session, now):
        case Health.OK | Health.LATE if told.notes:
            wrong = " ".join(told.notes)
            return Part("worker", False, f"The worker answers, but not all is well. {wrong}{missing}{again}")
        case Health.OK | Health.LATE if missing:
            return Part("worker", True, f"The worker answers.{missing}{again}")  # what is due is done by the others
        case Health.OK:
            return Part("worker", True, f"The worker answers.{again}")
        case Health.LATE:
            return Part("worker", True, f"The worker's last sign of life is older than usual.{again}")
        case _:
            since = "yet" if told.at is None else f"since {told.at:%Y-%m-%d %H:%M:%S} UTC"
            return Part("worker", False, f"The worker has not answered {since}; nothing is sent. {worker.sentence}")


def _database(session: Session) -> Part:
    session.scalar(select(func.count()).select_from(Heartbeat))
    return Part("database", True, "The database answers.")


def _clock(session: Session, now: datetime) -> Part:
    wrong = clock_check.behind(session, now)
    return Part("clock", not wrong, wrong or f"The clock says {now:%Y-%m-%d %H:%M:%S} UTC and agrees with the ledger.")


def disk(config: Config) -> Part:
    """Asks the disk alone: it can be told when the database can say nothing any more."""
    try:
        free = shutil.disk_usage(config.data).free
    except OSError as error:
        return Part("disk", False, f"The data folder can't be read ({error.strerror}).")
    megabytes = f"{free / 1024**3:,.0f} GB" if free >= 10 * 1024**3 else f"{free // 1024**2:,} MB"
    if free < _NONE_FREE:
        return Part(
            "disk", False, "The disk where the data lies is full: nothing is saved and nothing is sent. Make room on it."
        )
    if free < _LEAST_FREE:
        return Part("disk", False, f"Only {megabytes} are free where the data lies. Make room before writing fails.")
    return Part("disk", True, f"{megabytes} are free where the data lies.")

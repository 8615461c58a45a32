"""One practice workspace with its whole past, made once: these tests only read it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from engine.channels.effects import Server
from practice.history import write_history
from practice.stage import MailHost
from storage.database import open_database
from storage.kinds import Security
from storage.tables import Base
from tests import makers

MONDAY = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)  # 09:30 in Madrid
HOST = MailHost(
    Server("localhost", 2993, Security.SSL), Server("localhost", 2465, Security.SSL), lambda _workspace, _mailbox: b"sealed"
)


@dataclass(frozen=True, slots=True)
class Past:
    session: Session
    seconds: float  # how long it took to make


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    url, seconds = write_past(tmp_path_factory.mktemp("past"))
    database = open_database(url)
    with database.read() as session:
        yield Past(session, seconds)
    database.close()


def write_past(folder: Path, seed: int = 7) -> tuple[str, float]:
    url = f"sqlite:///{folder / 'outpost.db'}"
    database = open_database(url)
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        makers.installation(session, practice=True)
    database.close()
    begin = time.monotonic()
    write_history(url, HOST, MONDAY, seed)
    return url, time.monotonic() - begin

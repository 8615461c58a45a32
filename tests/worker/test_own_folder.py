"""What each worker keeps up in its own data folder, whoever takes the turns of a shared queue."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import clock, exports, generation, own_folder, worker
from engine.config import load
from engine.installation import Outpost
from engine.queue import Doorbell
from storage.database import Database
from storage.tables import Lane
from storage.vault import Vault
from tests import makers
from tests.dispatch.sink import Sink
from tests.reports.ledgers import sent


@pytest.fixture
def outpost(database: Database, tmp_path: Path) -> Outpost:
    config = load({"OUTPOST_DATA": str(tmp_path), "OUTPOST_KEY_FILE": str(tmp_path / "key")})
    return Outpost(database, Vault({1: bytes(32)}), config)


@pytest.fixture
def bell(outpost: Outpost, tmp_path: Path) -> Doorbell:
    return Doorbell(outpost, "worker-1", True, Sink(tmp_path / "sink").hands)


def test_the_beat_notes_what_other_workers_wrote_so_that_each_notices_a_restored_backup(
    outpost: Outpost, bell: Doorbell, database: Database
) -> None:
    with database.write() as session:
        makers.installation(session)
        makers.mailbox(session, makers.identity(session, makers.workspace(session).id))
        sent(session, session.scalars(select(Lane)).one(), clock.now())  # by another worker
        behind = generation.mark_of(session, clock.now())
    bell.stopping.set()
    worker._beat(outpost, bell, "boot", "worker", None)
    noted = generation.read(outpost.config.mark_file)
    assert noted is not None
    assert noted.event_id == behind.event_id > 0
    assert bell.troubles.sentences == {}


def test_a_turn_settles_the_mark_makes_the_copy_and_forgets_old_pictures_in_one_s_own_folder(
    outpost: Outpost, bell: Doorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = outpost.config.pictures_folder
    pictures.mkdir(parents=True)
    old, young = pictures / "old.png", pictures / "young.png"
    for path, days in ((old, 8), (young, 6)):
        path.touch()
        at = (clock.now() - timedelta(days=days)).timestamp()
        os.utime(path, (at, at))
    copied = list[Path]()
    stopping = threading.Event()

    def export(_database: Database, folder: Path, _now: object) -> bool:
        copied.append(folder)
        stopping.set()
        return True

    monkeypatch.setattr(exports, "export_due", export)
    own_folder.OwnFolder(outpost, bell.troubles, clock.now).keep(stopping)
    assert copied == [outpost.config.columnar_folder]
    assert list(pictures.iterdir()) == [young]
    assert outpost.config.mark_file.exists()
    assert bell.troubles.sentences == {}

"""G1, G2, G10: workers killed at every named point and at random; nothing is lost and nothing happens twice."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from storage.database import open_database
from storage.kinds import ActionState
from storage.ledger import balance
from storage.tables import Action, QuotaUse, Spend
from tests.crash.world import LANES, LEADS
from tests.dispatch.sink import Sink
from tests.fresh import is_sound, place_of

KILLS_A_WORLD = 105
_ROOT = Path(__file__).resolve().parents[2]


def test_two_hundred_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    worlds = [tmp_path / "one", tmp_path / "two"]
    killed = sum(_finish(running) for running in [_start(world, seed) for seed, world in enumerate(worlds)])
    assert killed >= 200
    for world in worlds:
        _check(world)


def _start(world: Path, seed: int) -> subprocess.Popen[str]:
    world.mkdir()
    command = [sys.executable, "-m", "tests.crash.world", str(world), str(seed), str(KILLS_A_WORLD)]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def _finish(running: subprocess.Popen[str]) -> int:
    said, _ = running.communicate(timeout=200)
    assert running.returncode == 0
    return int(said)


def _check(world: Path) -> None:
    database = open_database(place_of(world / "outpost.db"))
    with database.read() as session:
        taken = Counter(Sink(world / "sink").message_ids())
        planned = {one for one in session.scalars(select(Action.message_id)) if one is not None}
        counted = balance(session)
        spent = len(session.scalars(select(Spend.id).where(Spend.given_back_at.is_(None))).all())
        used = sum(session.scalars(select(QuotaUse.used)))
        assert (set(taken), max(taken.values())) == (planned, 1)  # lost 0, unexpected 0, duplicated 0
        assert counted == {"planned_ever": LANES * LEADS, ActionState.ACCEPTED: LANES * LEADS}
        assert (spent, used) == (LANES * LEADS, LANES * LEADS)
    assert is_sound(database)
    database.close()

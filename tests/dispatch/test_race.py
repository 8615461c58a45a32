"""G3, G5, G6, G14 under load: eight processes on few lanes, and Stop pressed while they work."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import agenda, stops
from engine.worker import AnotherWorker, hold
from storage.database import Database
from storage.kinds import ActionState
from storage.tables import Event, QuotaUse, Stop, Workspace
from tests import makers
from tests.dispatch.racer import DAY, OPENS, SharedClock
from tests.dispatch.sink import Sink, lanes_with_work

PROCESSES = 8
OFFICE = {"zone": "Europe/Madrid", "work_days": [1, 2, 3, 4, 5], "work_start": 540, "work_end": 1080}
_A_ROUND = 120.0  # seconds; the longest that eight processes at a time may take to start and look at a few lanes
_ROOT = Path(__file__).resolve().parents[2]


class Race:
    """Eight processes on one database, and the clock that goes on when each has made another round."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.clock = SharedClock(folder / "clock", PROCESSES)
        command = [sys.executable, "-m", "tests.dispatch.racer", str(folder)]
        self._racers = [subprocess.Popen([*command, str(number)], cwd=_ROOT) for number in range(PROCESSES)]

    def run_until(self, over: Callable[[], bool]) -> None:
        """Let the day pass, step by step, until it ends or `over` says so."""
        while self.clock.seconds < DAY and not over():
            ends = time.monotonic() + _A_ROUND
            while not all(self.clock.has_looked(number) for number in range(PROCESSES)):
                assert all(racer.poll() is None for racer in self._racers), "a racer ended early"
                assert time.monotonic() < ends, "a racer did not come round"
                time.sleep(0.002)
            with self._database.read() as session:
                wake = agenda.next_wake(session)
            self.clock.go_on(wake or OPENS + timedelta(seconds=DAY))

    def finish(self) -> None:
        self.run_until(lambda: False)
        assert [racer.wait(timeout=120) for racer in self._racers] == [0] * PROCESSES


@pytest.mark.parametrize(("limit", "granted"), [(12, 12), (0, 0)])
def test_g3_and_g14_eight_processes_reach_the_limit_and_never_pass_it(
    database: Database, tmp_path: Path, limit: int, granted: int
) -> None:
    lanes_with_work(database, lanes=2, leads=40, limit=limit, hours=OFFICE)
    Race(database, tmp_path).finish()
    taken = [line.split()[1] for line in _lines(tmp_path / "sink")]
    assert sorted(Counter(taken).values()) == [granted] * 2 if granted else taken == []
    assert max(Counter(Sink(tmp_path / "sink").message_ids()).values(), default=0) <= 1
    with database.read() as session:
        assert set(session.scalars(select(QuotaUse.used))) == ({granted} if granted else set())


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_g5_no_effect_begins_after_the_commit_of_a_stop(database: Database, tmp_path: Path) -> None:
    lanes_with_work(database, lanes=4, leads=200, limit=1_000, hours=OFFICE)
    race = Race(database, tmp_path)
    race.run_until(lambda: len(_lines(tmp_path / "sink")) >= 20)
    with database.write() as session:
        workspace_id = session.scalars(select(Workspace.id)).one()
        stops.press_workspace(makers.desk(session, workspace_id))
        newest = session.scalar(select(func.max(Event.id))) or 0
    race.finish()
    with database.read() as session:
        begun = session.scalars(select(Event.id).where(Event.id > newest, Event.after == ActionState.SENDING)).all()
        assert session.scalars(select(Stop.scope)).all()
    assert (begun, len(_lines(tmp_path / "sink")) < 800) == ([], True)


def test_g6_a_second_worker_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with hold(tmp_path / "worker.lock"), pytest.raises(AnotherWorker, match=r"Another worker \(process \d+\) is already"):
        hold(tmp_path / "worker.lock")

"""One world of the crash loop: forks worker after worker, kills each, and at the end lets one finish the work.

Run as `python -m tests.crash.world FOLDER SEED KILLS`. The forking process never opens the database: each worker is a
process with one SQLite copy of its own, as in the product.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from engine import agenda, crash_points
from engine.dispatch import attend
from engine.recovery import reconcile_due, recover
from storage.database import Database, open_database
from storage.kinds import ActionState
from storage.tables import Action, Event
from tests.dispatch.sink import Sink, lanes_with_work
from tests.fresh import new_database, place_of

POINTS = ("reserved", "sending", "connected", "content", "data", "accepted_by_server", "recorded")
LANES, LEADS = 4, 150
_STUCK = 20_000  # turns


def build(folder: Path) -> None:
    database = new_database(folder / "outpost.db")
    lanes_with_work(database, LANES, LEADS, limit=2_000)
    database.close()


def work(folder: Path) -> None:
    """A worker's whole life: settle what the one before left, then carry out what is due until nothing is open."""
    database, sink = open_database(place_of(folder / "outpost.db")), Sink(folder / "sink")
    ticks = _minutes(database)
    holder = f"boot {os.getpid()}"
    recover(database, holder, next(ticks), alone=True)
    for _ in range(_STUCK):
        now = next(ticks)
        with database.read() as session:
            due = agenda.due_lanes(session, now, 50)
            left = session.scalar(select(func.count()).where(Action.final_at.is_(None), Action.state != ActionState.PARKED))
        if not left:
            break
        for lane_id in due:
            attend(database, lane_id, partial(_same, now), holder, sink.hands())
        reconcile_due(database, partial(_same, now), sink.hands())
    database.close()


def _same(now: datetime) -> datetime:
    return now


def _minutes(database: Database) -> Iterator[datetime]:
    with database.read() as session:
        now = session.scalars(select(Event.at).order_by(Event.id.desc()).limit(1)).one()
    while True:
        now += timedelta(minutes=1)
        yield now


def _fork(folder: Path, point: str = "") -> int:
    child = os.fork()
    if child:
        return child
    crash_points.die_at(point)
    try:
        work(folder)
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)
    os._exit(0)


def main(folder: Path, seed: int, kills: int) -> int:
    chance = random.Random(seed)
    builder = os.fork()
    if not builder:
        build(folder)
        os._exit(0)
    os.waitpid(builder, 0)
    killed = 0
    for turn in range(kills):
        point = POINTS[turn % len(POINTS)] if turn % 3 else ""
        child = _fork(folder, point)
        if not point:
            time.sleep(chance.uniform(0.01, 0.08))
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    status = os.waitpid(_fork(folder), 0)[1]
    sys.stdout.write(f"{killed}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))

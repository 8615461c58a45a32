"""kill -9, again and again, at workers that send: what Outpost loses or doubles, and what bare Huey tasks do.

Both send to the same kind of sink, a file that takes a mail durably before it answers; both are killed at random and
started again until the kills are used up, and then may finish in peace. About a minute on a quiet machine.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from huey import SqliteHuey
from sqlalchemy import select

from benchmarks.rows import Row
from benchmarks.sending import THREADS, end
from engine.channels.effects import Letter, MailAccount, Server
from storage.database import open_database
from storage.kinds import Security
from storage.tables import Action
from tests.dispatch.sink import Sink
from tests.fresh import place_of

KILLS = int(os.environ.get("OUTPOST_BENCH_KILLS", "24"))
_TASKS = 600
_SEED = 7
_PEACE = 60.0  # seconds for what is left after the last kill
_QUIET = 2.0  # seconds
_SECONDS_A_KILL = 15  # on a busy machine; on a quiet one it is two
_AT_WORK = 30.0  # seconds until a consumer must have taken something
_SERVER = Server("127.0.0.1", 465, Security.SSL)
_ACCOUNT = MailAccount("ada@alpha.test", "Ada", "ada", "-", imap=_SERVER, smtp=_SERVER)


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="outpost-crash-") as place:
        ours = _outpost(Path(place) / "outpost")
        huey = _huey(Path(place) / "huey")
    name = f"crash loop, {KILLS} kills, {_TASKS} mails"
    told = f"lost {ours[0]}, doubled {ours[1]}; bare Huey: lost {huey[0]}, doubled {huey[1]}"
    return [Row(name, told, sum(ours), "mails", "bare Huey tasks", sum(huey), at_most=0.0)]


def _outpost(folder: Path) -> tuple[int, int]:
    """The crash tests' own world: workers killed at every named point and at random."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.crash.world", str(folder), str(_SEED), str(KILLS)]
    subprocess.run(command, check=True, capture_output=True, timeout=max(300, _SECONDS_A_KILL * KILLS))
    database = open_database(place_of(folder / "outpost.db"))
    with database.read() as session:
        wanted = {one for one in session.scalars(select(Action.message_id)) if one is not None}
    database.close()
    return _judged(wanted, folder)


def _huey(folder: Path) -> tuple[int, int]:
    folder.mkdir()
    subprocess.run([*_consumer(folder), "queue"], check=True, timeout=60)
    chance = random.Random(_SEED)
    for _ in range(KILLS):
        consumer = subprocess.Popen(_consumer(folder), stderr=subprocess.DEVNULL)
        before = _taken(folder)
        ends = time.monotonic() + _AT_WORK
        while _taken(folder) == before and time.monotonic() < ends and consumer.poll() is None:
            time.sleep(0.005)  # it is at work; a kill before that would show nothing
        time.sleep(chance.uniform(0.005, 0.03))
        consumer.send_signal(signal.SIGKILL)
        consumer.wait()
    _finish(folder)
    return _judged({f"<{number}@bench>" for number in range(_TASKS)}, folder)


def _finish(folder: Path) -> None:
    """Until the queue is empty and nothing has arrived for two seconds: what is not there then never comes.

    A busy machine takes seconds to start a consumer, and what still waits in the queue is not lost.
    """
    consumer, huey = subprocess.Popen(_consumer(folder), stderr=subprocess.DEVNULL), _queue(folder)
    ends, quiet, seen = time.monotonic() + _PEACE, time.monotonic() + _QUIET, -1
    while time.monotonic() < min(ends, quiet) or (huey.pending_count() and time.monotonic() < ends):
        if _taken(folder) != seen:
            seen, quiet = _taken(folder), time.monotonic() + _QUIET
        time.sleep(0.05)
    left = huey.pending_count()
    end(consumer)
    if left:
        raise RuntimeError(
            f"Bare Huey had {left} tasks in its queue after {_PEACE:g} s; the machine is too busy to compare."
        )


def _judged(wanted: set[str], folder: Path) -> tuple[int, int]:
    taken = Counter(Sink(folder / "sink").message_ids())
    return len(wanted - set(taken)), sum(count - 1 for count in taken.values())


def _taken(folder: Path) -> int:
    return len(Sink(folder / "sink").message_ids())


def _queue(folder: Path) -> SqliteHuey:
    return SqliteHuey("bare", filename=str(folder / "huey.db"), results=False)


def _consumer(folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.crash_loop", str(folder)]


def main(folder: Path, *, queue_only: bool) -> None:
    """A Huey consumer on `folder`, or only its queue filled."""
    huey, sink = _queue(folder), Sink(folder / "sink")

    def deliver(number: int) -> None:
        sink.deliver(_ACCOUNT, Letter(f"<{number}@bench>", "marie@bravo.test", "A question", "-"), 60)

    task = huey.task(name="deliver")(deliver)
    if queue_only:
        for number in range(_TASKS):
            task(number)
        return
    huey.create_consumer(workers=THREADS, worker_type="thread", periodic=False, initial_delay=0.01).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), queue_only="queue" in sys.argv[2:])

"""The same sends as bare Huey tasks and as Celery tasks on Redis: `-m benchmarks.peers huey FOLDER PORT MAILS THREADS`.

Each task appends one byte to a file when its mail was taken, which is how the benchmark sees the end.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from celery import Celery
from huey import SqliteHuey

from benchmarks.sending import send

_PORT = int(os.environ.get("BENCH_SINK", "0"))
_DONE = Path(os.environ.get("BENCH_DONE", "/dev/null"))

celery = Celery("peers", broker=os.environ.get("BENCH_REDIS", "redis://127.0.0.1:1/0"))
celery.conf.update(task_ignore_result=True, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)


def _deliver() -> None:
    send(_PORT)
    note(_DONE)


send_by_celery = celery.task(name="send")(_deliver)


def note(done: Path) -> None:
    descriptor = os.open(done, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, b".")
    os.close(descriptor)


def by_huey(folder: Path, port: int, mails: int, threads: int) -> None:
    """Queue all, then let a consumer of so many threads carry them out; prints the seconds."""
    huey = SqliteHuey("bare", filename=str(folder / "huey.db"), results=False)

    def deliver() -> None:
        send(port)
        note(folder / "huey.done")

    task = huey.task(name="deliver")(deliver)
    for _ in range(mails):
        task()
    watcher = threading.Thread(target=_stop_at, args=(folder / "huey.done", mails), daemon=True)
    watcher.start()
    huey.create_consumer(workers=threads, worker_type="thread", periodic=False, initial_delay=0.01).run()


def _stop_at(done: Path, mails: int) -> None:
    begin = time.perf_counter()
    while not done.exists() or done.stat().st_size < mails:
        time.sleep(0.01)
    sys.stdout.write(f"{time.perf_counter() - begin}\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    by_huey(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))

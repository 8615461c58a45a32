"""The worker as the panel's child: started, restarted when it dies, and ended with the panel, whatever ends the panel."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import clock, logs, queue_silence
from engine.config import PROJECT

ANOTHER_WORKER = 3  # the worker's exit status when it found another one at work
_PATIENCE = 12.0  # seconds for what is being sent to end
_WAITS = (1.0, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY = 60.0  # after so many seconds alive, a death counts as the first again
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_log = logs.logger("panel")


@dataclass
class Worker:
    """How the child is; the health route and the installation page read it."""

    pid: int | None = None
    restarts: int = 0
    last_end: datetime | None = None
    last_status: int | None = None
    is_another_running: bool = False

    @property
    def refusal(self) -> str:
        """Why it did not start, as far as its exit status says it; empty otherwise."""
        did_not_start = self.pid is None and self.last_status == queue_silence.EXIT_STATUS
        return queue_silence.SILENT if did_not_start else ""

    @property
    def sentence(self) -> str:
        if self.is_another_running:
            return "Another worker is running on this data; end it, or leave the work to it."
        if self.refusal:
            return f"{self.refusal} It is started again until then."
        if self.pid is not None:
            return "It is starting."
        return "" if self.last_status is None else f"It ended with status {self.last_status} and is started again."


worker = Worker()


async def supervise(stop: asyncio.Event) -> None:
    """Keep one worker running until `stop`; then let it end what is in flight."""
    deaths = 0
    while not stop.is_set():
        began = clock.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "engine.worker", cwd=PROJECT, preexec_fn=_die_with_the_panel, start_new_session=True
        )
        worker.pid = process.pid
        await _first_of(process.wait(), stop.wait())
        if stop.is_set():
            await _end(process)
            return
        deaths = 0 if clock.monotonic() - began > _STEADY else deaths
        _note_end(process.returncode)
        pause = _WAITS[-1] if worker.is_another_running else _WAITS[min(deaths, len(_WAITS) - 1)]
        deaths += 1
        await _first_of(asyncio.sleep(pause), stop.wait())
        worker.restarts += 1


def _note_end(status: int | None) -> None:
    worker.pid, worker.last_status, worker.last_end = None, status, clock.now()
    worker.is_another_running = status == ANOTHER_WORKER
    _log.error("worker.ended", status=status, restarts=worker.restarts, another=worker.is_another_running)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        _log.error("worker.killed", pid=process.pid)
        process.kill()
        await process.wait()
    worker.pid = None


async def _first_of(*awaitables: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _die_with_the_panel() -> None:
    """Between fork and exec: a kill -9 of the panel must not leave a worker behind. The kernel knows it on Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            os._exit(1)

"""Threads beside the worker's own, which take over while lanes are stuck at slow servers (engine.wards)."""

import threading
from dataclasses import dataclass, field
from typing import Any

from engine import clock
from engine.wards import Wards

_PAUSE = 0.1  # seconds


@dataclass
class Relief:
    """`huey` is the queue whose tasks are carried out."""

    huey: Any
    wards: Wards
    _threads: list[threading.Thread] = field(default_factory=list)

    def call(self, stopping: threading.Event) -> None:
        """As many threads as lanes are stuck."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while self.wards.call_relief():
            thread = threading.Thread(target=self._relieve, args=(stopping,), name="relief", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self, seconds: float) -> None:
        """After the stop: what is in flight here may end, as on Huey's own threads."""
        ends = clock.monotonic() + seconds
        for thread in self._threads:
            thread.join(timeout=max(0.0, ends - clock.monotonic()))

    def _relieve(self, stopping: threading.Event) -> None:
        """What a thread of Huey's does, until it is not needed any more."""
        while not stopping.is_set() and not self.wards.may_go():
            try:
                task = self.huey.dequeue()
            except Exception:  # a queue that does not answer is told of by who rings; this thread must say when it goes
                task = None
            if task is None:
                stopping.wait(_PAUSE)
            else:
                self.huey.execute(task)

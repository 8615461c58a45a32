"""Work that takes its own time: one turn of it at once, and a round that comes meanwhile is let pass."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Turns:
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, work: _Work) -> None:
        """Do it in this thread, unless it is being done."""
        if self._lock.acquire(blocking=False):
            self._do(work)

    def take_beside(self, name: str, work: _Work) -> None:
        """Do it in a thread of its own, unless it is being done."""
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._do, args=(work,), name=name, daemon=True).start()

    def _do(self, work: _Work) -> None:
        try:
            work()
        finally:
            self._lock.release()

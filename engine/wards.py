"""Which lanes are at work, and which may join them: slow servers wait for one another, and nobody else waits for them.

Each thread carries out one lane at a time, so a server that takes a connection and never answers would keep a thread for
a minute, and a few of them all. Hence two bulkheads. What is known to be slow gets a few places at a time. What turns out
to be slow is made up for: another thread takes over, up to a number, until it is done.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

RELIEF_AFTER = 1.0  # seconds without a mail's end: another thread takes over
SLOW_AFTER = 3.0  # and from here on the lane counts as slow
MOST_RELIEF = 16  # threads beside the worker's own


class Ward(StrEnum):
    """Whose places a lane takes."""

    PROMPT = "prompt"
    SLOW = "slow"  # its server did not answer in time, or its address is degraded
    LINKEDIN = "linkedin"  # a browser takes its time


class Answer(StrEnum):
    RING = "ring"
    AT_WORK = "at_work"  # or its ring waits already
    FULL = "full"  # its ward has no place


_PLACES = {Ward.SLOW: 6, Ward.LINKEDIN: 6}


@dataclass(slots=True)
class _Visit:
    ward: Ward
    moved_at: float
    is_slow: bool = False


@dataclass
class Wards:
    """Safe for all threads of one worker. What it knows of slow lanes ends with the worker; a probe knows it too."""

    now: Callable[[], float]  # monotonic seconds
    lost_after: float = math.inf  # seconds in which a ring is taken up; another worker may have it, or have died with it
    _rung: dict[int, tuple[Ward, float]] = field(default_factory=dict)  # lanes whose ring waits in the queue, since when
    _busy: dict[int, _Visit] = field(default_factory=dict)  # lanes that a thread works on
    _slow: set[int] = field(default_factory=set)
    _aside: int = 0
    _relieving: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, lane_id: int, known: Ward | None) -> Answer:
        """Whether to ring for a lane; RING keeps a place of its ward for it."""
        with self._lock:
            self._forget_lost()
            if lane_id in self._rung or lane_id in self._busy:
                return Answer.AT_WORK
            ward = known or self._ward(lane_id)
            if self._is_full(ward):
                return Answer.FULL
            self._rung[lane_id] = ward, self.now()
            return Answer.RING

    def take_back(self, lane_id: int) -> None:
        """A ring that never was must not keep the lane from the next one."""
        with self._lock:
            self._rung.pop(lane_id, None)

    def has_rung(self, lane_id: int) -> bool:
        """Whether this worker rang for the lane, and so keeps a place for it."""
        with self._lock:
            return lane_id in self._rung

    def begin(self, lane_id: int, known: Ward | None = None) -> bool:
        """A thread takes up the lane; False while another has it, or its ward has no place for another worker's ring.

        `known` is what the database knows of it; it counts where no place was kept.
        """
        with self._lock:
            kept = self._rung.pop(lane_id, None)
            ward = kept[0] if kept else known or self._ward(lane_id)
            if lane_id in self._busy or (kept is None and self._is_full(ward)):
                return False
            self._busy[lane_id] = _Visit(ward, self.now())
            return True

    def step(self, lane_id: int) -> None:
        """The lane goes on to its next action: it is not stuck."""
        with self._lock:
            self._moved(self._busy[lane_id])

    def end(self, lane_id: int, tried: int) -> None:
        """The thread is free; `tried` actions tell how prompt the lane's server is, none tells nothing."""
        with self._lock:
            visit = self._busy.pop(lane_id)
            self._moved(visit)
            if visit.ward is not Ward.LINKEDIN and (tried or visit.is_slow):
                (self._slow.add if visit.is_slow else self._slow.discard)(lane_id)

    def at_work(self) -> frozenset[int]:
        with self._lock:
            return frozenset(self._busy)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """A thread of the worker does something else than lanes meanwhile."""
        with self._lock:
            self._aside += 1
        try:
            yield
        finally:
            with self._lock:
                self._aside -= 1

    def call_relief(self) -> bool:
        """Whether one more thread is to take over now; it counts until `relieve` says that it may go."""
        with self._lock:
            is_needed = self._relieving < min(self._stuck(), MOST_RELIEF)
            self._relieving += is_needed
            return is_needed

    def may_go(self) -> bool:
        """Asked by a relieving thread between two lanes; True: it is not needed any more, and counts no longer."""
        with self._lock:
            is_over = self._relieving > self._stuck()
            self._relieving -= is_over
            return is_over

    def _forget_lost(self) -> None:
        while self._rung:
            lane_id, (_, since) = next(iter(self._rung.items()))  # the first to be rung for
            if since > self.now() - self.lost_after:
                return
            del self._rung[lane_id]

    def _stuck(self) -> int:
        late = self.now() - RELIEF_AFTER
        return self._aside + sum(visit.moved_at <= late for visit in self._busy.values())

    def _moved(self, visit: _Visit) -> None:
        now = self.now()
        visit.is_slow = visit.is_slow or now - visit.moved_at >= SLOW_AFTER
        visit.moved_at = now

    def _ward(self, lane_id: int) -> Ward:
        return Ward.SLOW if lane_id in self._slow else Ward.PROMPT

    def _is_full(self, ward: Ward) -> bool:
        if ward not in _PLACES:
            return False
        at_work = sum(visit.ward is ward for visit in self._busy.values())
        return at_work + sum(rung is ward for rung, _ in self._rung.values()) >= _PLACES[ward]

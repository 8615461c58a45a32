"""Threads that carry on with lanes together: whoever is free does what is to be done next, on whichever lane.

Threads of one Python process that work beside each other mostly wait for its lock. So one is awake as long as servers
are prompt: it delivers whatever was begun, and with the last of it brought in, writes for all lanes at once and begins
their next mails. Where a server takes its time, more threads go out a moment later, until every lane has its own.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from engine import clock
from engine.counter import Counter
from engine.rounds import Turn, Visit

MOMENT = 0.02  # seconds; far less than most deliveries take, and enough for all that are about to end
STUCK = 0.003  # seconds without anything taken up, while something waits to be: those who are out take their time


@dataclass(eq=False, slots=True)
class _Journey:
    """A visit on its way, with the thread that sees it to its end."""

    visit: Visit
    thread: "_Thread"
    turn: Turn | None = None
    error: BaseException | None = None
    is_over: bool = False


@dataclass(eq=False)
class _Thread:
    """A thread of the crew, which stays until the journey that is its own is over."""

    awake: threading.Condition
    journey: _Journey = field(init=False)


@dataclass
class Crew:
    """The threads of one worker that are at lanes. `moment` is how long who wants to write waits for those who are out, and
    `stuck` after how long without anything taken up more of them go out; both in seconds.
    """

    counter: Counter
    now: Callable[[], float] = clock.monotonic  # seconds
    moment: float = MOMENT
    stuck: float = STUCK
    _to_deliver: deque[_Journey] = field(default_factory=deque)
    _to_write: list[_Journey] = field(default_factory=list)
    _write_by: float = 0.0
    _is_writing: bool = False
    _out: set[_Journey] = field(default_factory=set)  # steps of deliveries under way
    _slow: set[_Journey] = field(default_factory=set)  # those of them that nobody waits for
    _at_once: int = 1  # how many others may be out; where servers are prompt, two would wait for each other only
    _taken: int = 0  # deliveries ever begun
    _asleep: dict[_Thread, None] = field(default_factory=dict)
    _watcher: _Thread | None = None  # who sleeps with an eye on what waits
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def carry_on(self, visit: Visit) -> Visit:
        """Bring in a visit, and do what is to be done until one is over: this one, or another that was taken for it.

        Returns the one that is over, or raises what a turn of it raised.
        """
        me = _Thread(threading.Condition(self._lock))
        me.journey = _Journey(visit, me)
        turn = self._next_turn(me.journey)
        with self._lock:
            self._put(me.journey, turn)
            while not me.journey.is_over:
                job = self._next_job(me)
                if job is None:
                    self._sleep(me)
                else:
                    self._lock.release()
                    try:
                        job()
                    finally:
                        self._lock.acquire()
            self._call_another()
        return _ended(me.journey, self.counter)

    def _put(self, journey: _Journey, turn: Turn | None) -> None:
        if turn is None:
            self._end(journey)
            return
        if not self._to_write:
            self._write_by = self.now() + self.moment
        journey.turn = turn
        self._to_write.append(journey)

    def _end(self, journey: _Journey) -> None:
        journey.is_over = True
        journey.thread.awake.notify()

    def _next_job(self, me: _Thread) -> Callable[[], None] | None:
        if self._to_deliver and self._has_room():
            journey = self._take(me)
            self._out.add(journey)
            self._taken += 1
            self._call_another()
            return partial(self._deliver, journey)
        nobody_comes = len(self._out) == len(self._slow) or self.now() >= self._write_by
        if self._to_write and not self._is_writing and nobody_comes:
            journeys, self._to_write = self._to_write, []
            self._is_writing = True
            return partial(self._write, journeys)
        return None

    def _has_room(self) -> bool:
        return len(self._out) - len(self._slow) < self._at_once

    def _take(self, me: _Thread) -> _Journey:
        """The first that waits; it becomes the thread's own, so that whoever is held up is held up for his own lane."""
        journey = self._to_deliver.popleft()
        if journey is not me.journey:
            other, mine = journey.thread, me.journey
            me.journey, journey.thread = journey, me
            other.journey, mine.thread = mine, other
        return journey

    def _deliver(self, journey: _Journey) -> None:
        """A step of a delivery; while its answer is on its way, the others have their turns."""
        is_over = True
        try:
            is_over = journey.visit.step()
        except BaseException as error:
            journey.error = error
        turn = self._next_turn(journey) if is_over and journey.error is None else None
        with self._lock:
            self._out.discard(journey)
            self._slow.discard(journey)
            if len(self._out) == len(self._slow):
                self._at_once = 1
            if is_over:
                self._put(journey, turn)
            else:
                self._to_deliver.append(journey)

    def _next_turn(self, journey: _Journey) -> Turn | None:
        try:
            return journey.visit.next_turn()
        except BaseException as error:
            journey.error = error
            return None

    def _write(self, journeys: list[_Journey]) -> None:
        going_on: list[_Journey] = []
        try:
            tickets = self.counter.do_all([journey.turn for journey in journeys if journey.turn is not None])
            for journey, ticket in zip(journeys, tickets, strict=True):
                if ticket.error is not None:
                    journey.error = ticket.error
                elif journey.visit.has_begun(ticket.result):
                    going_on.append(journey)
        except BaseException as error:  # a defect of ours must not keep every lane for ever; recovery sees to what is held
            for journey in journeys:
                journey.error = journey.error or error
            going_on.clear()
        with self._lock:
            self._is_writing = False
            self._to_deliver.extend(going_on)
            for journey in set(journeys).difference(going_on):
                self._end(journey)

    def _call_another(self) -> None:
        """Wake a thread where there is something to do, or nobody who watches over what waits."""
        may_go_out = bool(self._to_deliver) and self._has_room()
        is_unwatched = self._watcher is None and bool(self._to_deliver or self._to_write)
        if self._asleep and (may_go_out or is_unwatched):
            thread, _ = self._asleep.popitem()
            thread.awake.notify()

    def _sleep(self, me: _Thread) -> None:
        """Until called. One of those who sleep wakes up by itself when those who are out stay out."""
        if self._watcher is not None or not (self._to_deliver or (self._to_write and not self._is_writing)):
            self._asleep[me] = None
            me.awake.wait()
            self._asleep.pop(me, None)
            return
        seen, self._watcher = self._taken, me
        was_called = me.awake.wait(self.stuck if self._to_deliver else max(0.0, self._write_by - self.now()))
        self._watcher = None
        if not was_called and self._taken == seen:
            self._slow, self._at_once = set(self._out), 2 * self._at_once


def _ended(journey: _Journey, counter: Counter) -> Visit:
    """What its thread does when a visit is over; each by its own, so that those that failed meet at the counter."""
    visit, error = journey.visit, journey.error
    try:
        if error is not None:
            raise visit.failed(counter, error)
    finally:
        visit.end()
    return visit

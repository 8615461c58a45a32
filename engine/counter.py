"""One transaction for all threads that stand at the counter: what each wants written shares one commit to the disk.

A commit with full durability costs more than all that dispatch writes in it. Whoever gets his turn does the work of
everybody who waits by then; whoever was served meanwhile goes away with his result. He gives visitors who are out on a
delivery a moment to come back first (what PostgreSQL calls commit_delay and commit_siblings): threads of Python that work
beside each other mostly wait for each other, so all are out first and then all are served.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from sqlalchemy.orm import Session

from engine import generation, logs
from storage.database import Database

MOMENT = 0.02  # seconds; far less than a delivery takes, and enough for all that are about to end

_MOST_ALONE = 6  # pieces of work in one transaction that are no set: reading a batch of mail may take its time

T = TypeVar("T")
_log = logs.logger("worker")


class Writer(Protocol):
    """Whoever runs a piece of work in a write transaction and gives back its result after the commit."""

    def do(self, work: Callable[[Session], T]) -> T: ...


class Joint(Generic[T]):
    """A piece of work that can be done together with others of its kind, as one set."""

    def __call__(self, session: Session) -> T:
        """The work by itself."""
        raise NotImplementedError

    @classmethod
    def at_once(cls, session: Session, works: Sequence[Self]) -> list[T]:
        """Several of them, with a result for each. Whatever it raises undoes the set, and each is done by itself."""
        raise NotImplementedError


@dataclass(eq=False, slots=True)
class _Ticket:
    work: Callable[[Session], Any]
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None
    called: threading.Lock = field(default_factory=threading.Lock)  # free once it is done, or has to serve


@dataclass
class Counter:
    """Implements `Writer` for the threads of one worker; the mark beside the database follows every commit."""

    database: Database
    mark_file: Path
    now: Callable[[], datetime]
    moment: float = MOMENT  # seconds
    _noted: generation.Mark | None = None
    _waiting: list[_Ticket] = field(default_factory=list)
    _is_served: bool = False
    _visitors: int = 0
    _entrance: threading.Lock = field(default_factory=threading.Lock)
    _all_in: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def visitor(self) -> Iterator[None]:
        """Who comes back soon with more to write, and is worth waiting for: a thread on its way through a lane."""
        with self._entrance:
            self._visitors += 1
        try:
            yield
        finally:
            with self._entrance:
                self._visitors -= 1
                self._call_if_all_are_in()

    def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that it may share with others'; it must be fit to run twice, as after a rollback."""
        ticket = _Ticket(work)
        ticket.called.acquire()
        with self._entrance:
            self._waiting.append(ticket)
            has_to_wait, self._is_served = self._is_served, True
            self._call_if_all_are_in()
        if has_to_wait:
            ticket.called.acquire()
        if not ticket.is_done:
            self._serve()
        if not ticket.is_done:
            raise RuntimeError("The work was neither done nor refused.")
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def _serve(self) -> None:
        """Do the work of all who wait, and hand over to one of those who came meanwhile, whatever happens."""
        tickets: list[_Ticket] = []
        try:
            self._give_a_moment()
            with self._entrance:
                tickets, self._waiting = _some(self._waiting)
            if not self._together(tickets):
                for ticket in tickets:
                    self._together([ticket])
        finally:
            with self._entrance:
                self._is_served = bool(self._waiting)
                following = self._waiting[:1]
            for ticket in (*following, *tickets):
                if ticket.called.locked():
                    ticket.called.release()

    def _give_a_moment(self) -> None:
        """Wait until every visitor stands here, for as long as a moment."""
        with self._entrance:
            self._all_in.clear()
            self._call_if_all_are_in()
        self._all_in.wait(self.moment)

    def _call_if_all_are_in(self) -> None:
        if len(self._waiting) >= self._visitors:
            self._all_in.set()

    def _together(self, tickets: list[_Ticket]) -> bool:
        """False when one's work failed and others stood beside it: then nothing was written, and each tries by itself."""
        at_work = False
        try:
            with self.database.write() as session:
                at_work = True
                results = _results(session, [ticket.work for ticket in tickets])
                at_work = False
                mark = generation.mark_of(session, self.now())
        except BaseException as error:
            if at_work and len(tickets) > 1:
                return False
            for ticket in tickets:
                ticket.error, ticket.is_done = error, True
            return True
        for ticket, result in zip(tickets, results, strict=True):
            ticket.result, ticket.is_done = result, True
        self._note(mark)
        return True

    def _note(self, mark: generation.Mark) -> None:
        try:
            generation.note(self.mark_file, mark, self._noted)
            self._noted = mark
        except Exception as error:  # what was committed stays so; the mark is behind, which is the safe side
            _log.error("mark.failed", problem=type(error).__name__)


def _some(waiting: Sequence[_Ticket]) -> tuple[list[_Ticket], list[_Ticket]]:
    """Who is served now, the first in any case, and who waits on."""
    taken: list[_Ticket] = []
    left: list[_Ticket] = []
    alone = 0
    for ticket in waiting:
        is_alone = not isinstance(ticket.work, Joint)
        (left if is_alone and alone == _MOST_ALONE else taken).append(ticket)
        alone += is_alone and alone < _MOST_ALONE
    return taken, left


def _results(session: Session, works: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """What each comes to. Those that can be done at once come last: a gate is asked of what was read with it, too."""
    found: dict[int, Any] = {place: work(session) for place, work in enumerate(works) if not isinstance(work, Joint)}
    alike: dict[type[Joint[Any]], dict[int, Joint[Any]]] = {}
    for place, work in enumerate(works):
        if isinstance(work, Joint):
            alike.setdefault(type(work), {})[place] = work
    for kind, group in alike.items():
        if len(group) > 1:
            found.update(zip(group, kind.at_once(session, list(group.values())), strict=True))
    return [found[place] if place in found else work(session) for place, work in enumerate(works)]

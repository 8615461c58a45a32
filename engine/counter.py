"""One transaction for all threads that stand at the counter: what each wants written shares one commit to the disk.

A commit with full durability costs more than all that dispatch writes in it. Whoever gets his turn does the work of
everybody who waits by then; whoever was served meanwhile goes away with his result.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from sqlalchemy.orm import Session

from engine import generation, logs
from storage.database import Database

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
class Ticket:
    """A piece of work and, once it is done, its result or what it raised."""

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
    _noted: generation.Mark | None = None
    _waiting: list[Ticket] = field(default_factory=list)
    _is_served: bool = False
    _entrance: threading.Lock = field(default_factory=threading.Lock)

    def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that it may share with others'; it must be fit to run twice, as after a rollback."""
        [ticket] = self._bring([work])
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def do_all(self, works: Sequence[Joint[Any]]) -> list[Ticket]:
        """Several pieces of work that one thread brings, to be done as one set; what came of each."""
        return self._bring(works)

    def _bring(self, works: Sequence[Callable[[Session], Any]]) -> list[Ticket]:
        tickets = [Ticket(work) for work in works]
        first = tickets[0]
        first.called.acquire()
        with self._entrance:
            self._waiting += tickets
            has_to_wait, self._is_served = self._is_served, True
        if has_to_wait:
            first.called.acquire()
        if not first.is_done:
            self._serve()
        if not all(ticket.is_done for ticket in tickets):
            raise RuntimeError("The work was neither done nor refused.")
        return tickets

    def _serve(self) -> None:
        """Do the work of all who wait, and hand over to one of those who came meanwhile, whatever happens."""
        tickets: list[Ticket] = []
        try:
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

    def _together(self, tickets: list[Ticket]) -> bool:
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


def _some(waiting: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
    """Who is served now, the first in any case, and who waits on."""
    taken: list[Ticket] = []
    left: list[Ticket] = []
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

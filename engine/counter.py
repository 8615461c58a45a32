"""One transaction for all threads that stand at the counter: what each wants written shares one commit to the disk.

A commit with full durability costs more than all that dispatch writes in it. Whoever gets his turn does the work of
everybody who waits by then; whoever was served meanwhile goes away with his result.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from engine import generation, logs
from storage.database import Database

T = TypeVar("T")
_log = logs.logger("worker")


class Writer(Protocol):
    """Whoever runs a piece of work in a write transaction and gives back its result after the commit."""

    def do(self, work: Callable[[Session], T]) -> T: ...


@dataclass(eq=False, slots=True)
class _Ticket:
    work: Callable[[Session], Any]
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None


@dataclass
class Counter:
    """Implements `Writer` for the threads of one worker; the mark beside the database follows every commit."""

    database: Database
    mark_file: Path
    now: Callable[[], datetime]
    _noted: generation.Mark | None = None
    _waiting: list[_Ticket] = field(default_factory=list)
    _entrance: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that it may share with others'; it must be fit to run twice, as after a rollback."""
        ticket = _Ticket(work)
        with self._entrance:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.is_done:
                self._serve()
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def _serve(self) -> None:
        with self._entrance:
            tickets, self._waiting = self._waiting, []
        if not self._together(tickets):
            for ticket in tickets:
                self._together([ticket])

    def _together(self, tickets: list[_Ticket]) -> bool:
        """False when one's work failed and others stood beside it: then nothing was written, and each tries by itself."""
        at_work = False
        try:
            with self.database.write() as session:
                at_work = True
                results = [ticket.work(session) for ticket in tickets]
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
        except OSError as error:  # what was committed stays so; the mark is behind, which is the safe side
            _log.error("mark.failed", problem=type(error).__name__)

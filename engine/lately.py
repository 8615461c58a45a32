"""Sums that many look at, counted once for all who see the same: while nothing was committed, and for a second at most.

Twenty people with Today open ask for the same two sums over thousands of identities every few seconds.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from engine.desk import Desk
from storage import changes
from storage.database import Database
from storage.ledger import connection_of

T = TypeVar("T")
_HOLDS = timedelta(seconds=1)  # what an identity does now also changes as time passes
_PATIENCE = 2.0
_MOST = 200  # workspaces, each with those who see all of it, and the few who see part


@dataclass(slots=True)
class _Kept:
    """The last answer for those who see the same, and the lock under which the next one is counted."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int | None = None
    at: datetime | None = None
    answer: Any = None


class Lately(Generic[T]):
    """`count` makes the answer from a desk, reading only, and only what the desk's workspace and access decide."""

    def __init__(self, count: Callable[[Desk], T]) -> None:
        self._count = count
        self._kept: WeakKeyDictionary[Engine, defaultdict[Any, _Kept]] = WeakKeyDictionary()

    def ask(self, desk: Desk) -> T:
        """The answer as of this moment; a desk that may have changed something itself counts for itself."""
        connection = connection_of(desk.session)
        if changes.is_writing(connection) or (number := changes.number(connection.engine)) is None:
            return self._count(desk)
        kept = self._of(connection.engine, desk)
        # Who comes meanwhile waits for this answer, but not for ever: each holds a connection, and counting takes another.
        if not kept.lock.acquire(timeout=_PATIENCE):
            return self._count(desk)
        try:
            if kept.at is None or kept.number != number or not timedelta(0) <= desk.now - kept.at < _HOLDS:
                self._count_anew(kept, connection.engine, desk)
            answer: T = kept.answer
            return answer
        finally:
            kept.lock.release()

    def _count_anew(self, kept: _Kept, engine: Engine, desk: Desk) -> None:
        """The number comes before the transaction that is counted in: a commit between them only counts once more."""
        number = changes.number(engine)
        with Database(engine).read() as session:
            kept.answer = self._count(replace(desk, session=session))
        kept.number, kept.at = number, desk.now

    def _of(self, engine: Engine, desk: Desk) -> _Kept:
        access = desk.access()
        mine = self._kept.setdefault(engine, defaultdict(_Kept))
        if len(mine) > _MOST:
            mine.clear()
        return mine[desk.workspace_id, access and access.identity_ids]

"""Which other workers on the same PostgreSQL are dead, so that their lanes need not wait for the end of a lease.

A living worker whose connection was cut takes its lock again within a few seconds, so one look is not believed: dead is
who has been seen without the lock again and again for a while.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from storage import presence
from storage.database import Database
from storage.tables import Lane

PATIENCE = 12.0  # seconds; a living worker looks after its lock every two


@dataclass
class DeadWorkers:
    """What one worker has seen of the others; for one thread."""

    database: Database
    holder: str
    now: Callable[[], float]  # monotonic seconds
    _looked_at: float = float("-inf")
    _absent_since: dict[str, float] = field(default_factory=dict)

    def look(self) -> frozenset[str]:
        """The names of those who hold lanes and are dead."""
        with self.database.read() as session:
            asked = select(Lane.holder).where(Lane.holder.is_not(None), Lane.holder != self.holder).distinct()
            absent = presence.absent(session, {each for each in session.scalars(asked) if each is not None})
        at = self.now()
        if at - self._looked_at > PATIENCE:
            self._absent_since = {}  # nobody looked meanwhile: two looks far apart say nothing about the time between
        self._looked_at = at
        self._absent_since = {each: self._absent_since.get(each, at) for each in absent}
        return frozenset(each for each, since in self._absent_since.items() if at - since >= PATIENCE)

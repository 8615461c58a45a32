"""Which workers are alive, on PostgreSQL: each holds a lock there as long as its process lives, however that ends.

The server frees the lock when the connection closes, which the kernel does for a process that is killed. A process that
hangs, or a machine that is cut off, holds it on: its lanes wait for the end of their leases. SQLite needs none of this:
there one worker is at work at a time.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_ALIVE = text("SELECT 1")
_IS_FREE = text("SELECT pg_try_advisory_xact_lock_shared(:key)")  # let go of at the end of the transaction


@dataclass
class Presence:
    """The lock of one worker, on a connection of its own; for the thread that keeps it."""

    engine: Engine
    holder: str
    _connection: Connection | None = field(default=None, repr=False)

    def keep(self) -> None:
        """Hold the lock, also anew after the connection was lost; DBAPIError while the database does not answer."""
        if self._connection is not None:
            try:
                self._connection.execute(_ALIVE)
                return
            except DBAPIError:
                self.end()
        fresh = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        fresh.detach()  # not the pool's any more: whoever borrows from it may not be given the lock
        try:
            # Where the server has not noticed yet that the connection before is gone, that one holds the lock on for us.
            if fresh.scalar(_TAKE, {"key": _key(self.holder)}):
                self._connection = fresh
        finally:
            if self._connection is None:
                fresh.close()

    def end(self) -> None:
        """Close the connection, and the lock is free."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def absent(session: Session, holders: Collection[str]) -> set[str]:
    """Those of the holders that do not hold their lock at this moment."""
    return {each for each in holders if session.scalar(_IS_FREE, {"key": _key(each)})}


def _key(holder: str) -> int:
    """64 bits of a name, as PostgreSQL counts them."""
    return int.from_bytes(hashlib.blake2b(holder.encode(), digest_size=8).digest(), signed=True)

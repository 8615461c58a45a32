"""How long attempts to sign in and ended sessions are kept: throttling needs a day, a person who asks what happened, months.

The audit log keeps each sign-in that went through for ever; these are the rows beside it, which anybody can make more of
without a password. Who signed in last, and when, stays, however long ago.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from storage.database import Database
from storage.tables import SignIn, UserSession

ATTEMPTS_KEPT = timedelta(days=90)
SESSIONS_KEPT = timedelta(days=30)  # after their end; an idle one ends at its absolute end at the latest
_AT_ONCE = 500  # rows a transaction: the worker's other writers wait no longer than a few milliseconds
_MOST = 20_000  # rows a round, of each kind


def forget_old(database: Database, now: datetime) -> int:
    """Delete what is older than it is kept, in small transactions; returns how many rows went."""
    return _forget(database, now, _old_attempts, SignIn.id) + _forget(database, now, _ended_sessions, UserSession.token_hash)


def _forget(database: Database, now: datetime, ask: Callable[[Session, datetime], Sequence[Any]], key: Any) -> int:
    gone = 0
    while gone < _MOST:
        with database.read() as session:  # looking for them keeps nobody from writing
            old = ask(session, now)
        if old:
            with database.write() as session:
                session.execute(delete(key.class_).where(key.in_(old)), execution_options={"synchronize_session": False})
        gone += len(old)
        if len(old) < _AT_ONCE:
            break
    return gone


def _old_attempts(session: Session, now: datetime) -> Sequence[int]:
    later = aliased(SignIn)
    better = select(later.id).where(later.email == SignIn.email, later.succeeded, later.at > SignIn.at)
    old = select(SignIn.id).where(SignIn.at < now - ATTEMPTS_KEPT, SignIn.succeeded.is_(False) | better.exists())
    return session.scalars(old.order_by(SignIn.id).limit(_AT_ONCE)).all()


def _ended_sessions(session: Session, now: datetime) -> Sequence[str]:
    since = now - SESSIONS_KEPT
    over = (UserSession.ended_at < since) | (UserSession.expires_at < since)
    return session.scalars(select(UserSession.token_hash).where(over).limit(_AT_ONCE)).all()

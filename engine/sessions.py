"""Signed-in browsers: how a session begins, who it belongs to, when it is seen, and how it ends.

The cookie holds a 256-bit token; the database holds its SHA-256 only, so a stolen copy of it signs nobody in.
"""

import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, bindparam, select, update
from sqlalchemy.orm import Session

from engine.config import SessionEnds, session_ends
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import User, UserSession

CODE_END = timedelta(minutes=5)  # how long a right password waits for its authenticator code
_SEEN_GRAIN = timedelta(minutes=1)  # a busy page must not write at every click


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from, as the user will read it."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    user_id: int
    email: str
    name: str
    is_owner: bool
    token_hash: str
    last_seen_at: datetime
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    token_hash: str
    since: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


@functools.cache
def ends() -> SessionEnds:
    """As the environment says; read once a process, after `config.load` has checked it at the start."""
    return session_ends()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, user_id: int, browser: Browser, now: datetime, *, awaits_code: bool = False) -> str:
    """A new session's token, for the cookie; it can't be read again."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=digest(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + (CODE_END if awaits_code else ends().absolute),
            awaits_code=awaits_code,
            address=browser.address[:64],
            user_agent=browser.user_agent[:300],
        )
    )
    return token


def find(session: Session, token: str, now: datetime, *, awaits_code: bool = False) -> SignedIn | None:
    """Who the token belongs to now; None for none, ended, idle, expired or a disabled user."""
    if not token:
        return None
    values = {"token_hash": digest(token), "awaits_code": awaits_code, "now": now, "idle_since": now - ends().idle}
    row = _FOUND.row(connection_of(session), values)
    return None if row is None else SignedIn(*row)


# Asked at every run of every page.
_FOUND = Prepared(
    select(
        User.id,
        User.email,
        User.name,
        User.is_owner,
        UserSession.token_hash,
        UserSession.last_seen_at,
        UserSession.created_at,
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.awaits_code == bindparam("awaits_code"),
        UserSession.ended_at.is_(None),
        UserSession.expires_at > bindparam("now"),
        UserSession.last_seen_at > bindparam("idle_since"),
        User.disabled_at.is_(None),
    )
)


def should_touch(seen: SignedIn, now: datetime) -> bool:
    return now - seen.last_seen_at >= _SEEN_GRAIN


def touch(session: Session, token_hash: str, now: datetime) -> None:
    """The user was here; never revives an ended session."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == token_hash, UserSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def end(session: Session, token_hash: str, now: datetime) -> None:
    session.execute(
        update(UserSession).where(UserSession.token_hash == token_hash, UserSession.ended_at.is_(None)).values(ended_at=now)
    )


def end_all(session: Session, user_id: int, now: datetime, *, but: str | None = None) -> int:
    """End every session of a user, `but` perhaps the one in hand; answers how many ended."""
    ended = session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.token_hash != (but or ""))
        .values(ended_at=now)
    )
    assert isinstance(ended, CursorResult)
    return ended.rowcount


def open_of(session: Session, user_id: int, now: datetime) -> list[OpenSession]:
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.awaits_code.is_(False), _alive(now))
        .order_by(UserSession.last_seen_at.desc())
    )
    return [OpenSession(row.token_hash, row.created_at, row.last_seen_at, row.address, row.user_agent) for row in rows]


def _alive(now: datetime) -> ColumnElement[bool]:
    return UserSession.ended_at.is_(None) & (UserSession.expires_at > now) & (UserSession.last_seen_at > now - ends().idle)

"""Signing in: e-mail and password, then an authenticator code where the user set one up.

An address that no user has gets the same answer in the same time as a wrong password. Every attempt is written down
before its password is computed, so that many at once can't slip past the throttle.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import passwords, sessions, throttling, totp
from engine.desk import Actor, Desk
from engine.sessions import Browser
from storage.database import Database
from storage.tables import SignIn, User
from storage.vault import Vault

WRONG = "The e-mail address or the password is not right. Check both and try again."
WRONG_CODE = "That code is not right, or it was used already. Wait for the next one and type it."
CODE_EXPIRED = "The time for the code is over. Sign in again."


@dataclass(frozen=True, slots=True)
class Welcome:
    """Signed in: the cookie's token."""

    token: str


@dataclass(frozen=True, slots=True)
class CodeOwed:
    """The password was right; this token is good for giving the code only."""

    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    why: str
    again: bool = True  # False: begin with the password once more


Answer = Welcome | CodeOwed | Refused


def with_password(database: Database, email: str, password: str, browser: Browser, now: datetime) -> Answer:
    wanted = email.strip().lower()[:254]
    with database.write() as session:
        wait = throttling.open_again_at(session, wanted, browser.address, now)
        if wait:
            return _throttled(wait, now)
        attempt_id = _note(session, wanted, browser, now)
        user = session.scalars(select(User).where(User.email == wanted, User.disabled_at.is_(None))).one_or_none()
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        return Refused(WRONG)
    return _let_in(database, user, password, attempt_id, browser, now)


def with_code(database: Database, vault: Vault, token: str, code: str, browser: Browser, now: datetime) -> Answer:
    """The second step, with the token that `CodeOwed` carried."""
    with database.write() as session:
        owed = sessions.find(session, token, now, awaits_code=True)
        if owed is None:
            return Refused(CODE_EXPIRED, again=False)
        wait = throttling.open_again_at(session, owed.email, browser.address, now)
        if wait:
            return _throttled(wait, now)
        attempt_id = _note(session, owed.email, browser, now)
        if not totp.accept(session, vault, session.get_one(User, owed.user_id), code, now):
            return Refused(WRONG_CODE)
        sessions.end(session, owed.token_hash, now)
        return _signed_in(session, owed.user_id, attempt_id, browser, now)


def _throttled(until: datetime, now: datetime) -> Refused:
    seconds = max(1, round((until - now).total_seconds()))
    wait = f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
    return Refused(f"Too many attempts did not succeed. Wait {wait} and try again.")


def _note(session: Session, email: str, browser: Browser, now: datetime) -> int:
    attempt = SignIn(at=now, email=email, address=browser.address, user_agent=browser.user_agent[:300], succeeded=False)
    session.add(attempt)
    session.flush()
    return attempt.id


def _let_in(database: Database, known: User, password: str, attempt_id: int, browser: Browser, now: datetime) -> Answer:
    """`known` is the user as they were when their password was proved: it may have been changed since."""
    with database.write() as session:
        user = session.get_one(User, known.id)
        if user.disabled_at is not None or user.password_hash != known.password_hash:
            return Refused(WRONG)
        if passwords.needs_rehash(user.password_hash):
            user.password_hash = passwords.hashed(password)
        if user.totp_confirmed_at is None:
            return _signed_in(session, user.id, attempt_id, browser, now)
        # Neither a failure nor a success yet: the code decides.
        session.delete(session.get_one(SignIn, attempt_id))
        return CodeOwed(sessions.begin(session, user.id, browser, now, awaits_code=True))


def _signed_in(session: Session, user_id: int, attempt_id: int, browser: Browser, now: datetime) -> Welcome:
    session.execute(update(SignIn).where(SignIn.id == attempt_id).values(succeeded=True, user_id=user_id))
    user = session.get_one(User, user_id)
    Desk(session, Actor(user.id, user.email, user.is_owner), None, now).audit("user.signed_in", f"user:{user.id}")
    return Welcome(sessions.begin(session, user_id, browser, now))

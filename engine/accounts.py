"""What a user does about their own account: password, authenticator, sessions. No role is asked, only who they are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine import passwords, people, sessions, throttling, totp
from engine.desk import Actor, Desk, Problem
from engine.names import checked_name
from engine.people import Attempt
from engine.sessions import OpenSession
from storage.database import Database
from storage.tables import SignIn, User
from storage.vault import Vault

_SIGN_INS = 10
_NOT_YOURS = "That is not your present password. Type the one you signed in with."


@dataclass(frozen=True, slots=True)
class Mine:
    """The signed-in user, in the session in hand (`token_hash`)."""

    database: Database
    vault: Vault
    user_id: int
    token_hash: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """`setup` is an authenticator that waits for its first code."""

    name: str
    email: str
    has_code: bool
    setup: totp.Setup | None
    sessions: tuple[OpenSession, ...]
    sign_ins: tuple[Attempt, ...]


def look(mine: Mine) -> Account:
    with mine.database.read() as session:
        user = session.get_one(User, mine.user_id)
        return Account(
            user.name,
            user.email,
            user.totp_confirmed_at is not None,
            totp.pending(mine.vault, user),
            tuple(sessions.open_of(session, mine.user_id, mine.now)),
            people.last_sign_ins(session, user.email, _SIGN_INS),
        )


def rename(mine: Mine, name: str) -> None:
    called = checked_name(name, "your name")
    with mine.database.write() as session:
        user = session.get_one(User, mine.user_id)
        _audit(session, user, "user.renamed", mine.now, old={"name": user.name}, new={"name": called})
        user.name = called


def change_password(mine: Mine, present: str, new: str) -> int:
    """Answers how many other sessions ended by it; Problem when the present one is wrong or the new one won't do."""
    user = _proved(mine, present)
    weak = passwords.problem(new, user.email, user.name)
    if weak:
        raise Problem(weak)
    kept = passwords.hashed(new)
    with mine.database.write() as session:
        row = session.get_one(User, mine.user_id)
        if row.password_hash != user.password_hash:
            raise Problem("The password was changed in the meantime. Sign in again.")
        row.password_hash = kept
        ended = sessions.end_all(session, mine.user_id, mine.now, but=mine.token_hash)
        _audit(session, row, "password.changed", mine.now, new={"sessions_ended": ended})
        return ended


def set_up_code(mine: Mine) -> None:
    """Propose an authenticator; it counts once a first code was given."""
    with mine.database.write() as session:
        user = session.get_one(User, mine.user_id)
        if user.totp_confirmed_at is not None:
            raise Problem("An authenticator is set up already. Remove it first.")
        totp.propose(session, mine.vault, user)
        _audit(session, user, "authenticator.proposed", mine.now)


def confirm_code(mine: Mine, code: str) -> None:
    with mine.database.write() as session:
        user = session.get_one(User, mine.user_id)
        if user.totp_confirmed_at is not None:
            return
        if not totp.accept(session, mine.vault, user, code, mine.now):
            raise Problem("That code is not right. See that the phone's clock is right, wait for the next code and type it.")
        session.refresh(user)
        user.totp_confirmed_at = mine.now
        sessions.end_all(session, mine.user_id, mine.now, but=mine.token_hash)
        _audit(session, user, "authenticator.added", mine.now)


def remove_code(mine: Mine, present: str) -> None:
    _proved(mine, present)
    with mine.database.write() as session:
        user = session.get_one(User, mine.user_id)
        user.totp_secret, user.totp_confirmed_at, user.totp_last_step = None, None, None
        _audit(session, user, "authenticator.removed", mine.now)


def end_session(mine: Mine, token_hash: str) -> None:
    with mine.database.write() as session:
        if token_hash in {one.token_hash for one in sessions.open_of(session, mine.user_id, mine.now)}:
            sessions.end(session, token_hash, mine.now)
            _audit(session, session.get_one(User, mine.user_id), "session.ended", mine.now)


def sign_out_everywhere(mine: Mine) -> int:
    """This session too."""
    with mine.database.write() as session:
        ended = sessions.end_all(session, mine.user_id, mine.now)
        _audit(
            session,
            session.get_one(User, mine.user_id),
            "user.signed_out_everywhere",
            mine.now,
            new={"sessions_ended": ended},
        )
        return ended


def _proved(mine: Mine, password: str) -> User:
    """The user, whose present password this is; the write lock is not held while it is computed."""
    with mine.database.write() as session:
        user = session.get_one(User, mine.user_id)
        # Noted before it is computed, like a sign-in: who found an open panel must not guess on.
        place = f"panel, user {user.id}"
        if throttling.open_again_at(session, user.email, place, mine.now):
            raise Problem("Too many attempts did not succeed. Wait some minutes and try again.")
        attempt = SignIn(at=mine.now, email=user.email, address=place, succeeded=False)
        session.add(attempt)
    if not passwords.matches(password, user.password_hash):
        raise Problem(_NOT_YOURS)
    with mine.database.write() as session:
        session.delete(session.get_one(SignIn, attempt.id))
    return user


def _audit(
    session: Session,
    user: User,
    what: str,
    now: datetime,
    *,
    old: dict[str, object] | None = None,
    new: dict[str, object] | None = None,
) -> None:
    Desk(session, Actor(user.id, user.email, user.is_owner), None, now).audit(what, f"user:{user.id}", old=old, new=new)

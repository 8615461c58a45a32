"""The way back for an owner whose password or authenticator is lost: `python -m engine.owner_resets E-MAIL`.

It is run on the server, for whoever may read the database may do anything already. It prints a link that works once, within
an hour: there the owner chooses a new password; the authenticator is removed and every session of theirs ends.
"""

import secrets
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from engine import clock, passwords, sessions
from engine.config import load
from engine.desk import Actor, Desk, Problem
from engine.installation import Outpost, open_outpost
from engine.sessions import Browser
from storage.database import Database
from storage.tables import OwnerReset, User

VALID = timedelta(hours=1)
_SERVER = Actor(None, "the server's command line", is_owner=True)
_GONE = "This link does not work any more: it was used, replaced by a newer one, or is older than an hour. Make a new one."
_USAGE = "Name the owner: python -m engine.owner_resets owner@example.com\n"
_TOLD = """
  {email} is signed out everywhere. This link works once, until {until:%H:%M} UTC:

  {url}/reset/{token}

  Whoever opens it chooses the owner's new password, and the authenticator is removed.
"""


@dataclass(frozen=True, slots=True)
class Reset:
    """Whose password the link resets."""

    email: str
    name: str
    has_code: bool
    expires_at: datetime


def offer(database: Database, email: str, now: datetime) -> str:
    """The link's token; every session of the owner ends. Problem when no owner has this address."""
    wanted = email.strip().lower()
    with database.write() as session:
        owners = session.scalars(select(User).where(User.is_owner, User.disabled_at.is_(None)).order_by(User.email)).all()
        owner = next((each for each in owners if each.email == wanted), None)
        if owner is None:
            raise Problem(_no_owner(wanted, [each.email for each in owners]))
        session.execute(update(OwnerReset).where(OwnerReset.user_id == owner.id, _open(now)).values(expires_at=now))
        token = secrets.token_urlsafe(32)
        made = OwnerReset(token_hash=sessions.digest(token), user_id=owner.id, created_at=now, expires_at=now + VALID)
        session.add(made)
        ended = sessions.end_all(session, owner.id, now)
        Desk(session, _SERVER, None, now).audit("owner.reset_offered", f"user:{owner.id}", new={"sessions_ended": ended})
        return token


def look(session: Session, token: str, now: datetime) -> Reset:
    """Problem when the link does not work any more."""
    found = session.execute(
        select(OwnerReset, User)
        .join(User, User.id == OwnerReset.user_id)
        .where(OwnerReset.token_hash == sessions.digest(token), _open(now), User.is_owner, User.disabled_at.is_(None))
    ).one_or_none()
    if found is None:
        raise Problem(_GONE)
    reset, owner = found
    return Reset(owner.email, owner.name, owner.totp_confirmed_at is not None, reset.expires_at)


def accept(database: Database, token: str, password: str, browser: Browser, now: datetime) -> str:
    """Use the link: the new password holds, the authenticator is gone; a new session's token."""
    with database.read() as session:
        offered = look(session, token, now)
    weak = passwords.problem(password, offered.email, offered.name)
    if weak:
        raise Problem(weak)
    kept = passwords.hashed(password)
    with database.write() as session:
        owner = _claim(session, token, now)
        owner.password_hash = kept
        owner.totp_secret, owner.totp_confirmed_at, owner.totp_last_step = None, None, None
        ended = sessions.end_all(session, owner.id, now)
        desk = Desk(session, Actor(owner.id, owner.email, is_owner=True), None, now)
        desk.audit("owner.reset", f"user:{owner.id}", old={"authenticator": offered.has_code}, new={"sessions_ended": ended})
        return sessions.begin(session, owner.id, browser, now)


def _claim(session: Session, token: str, now: datetime) -> User:
    """The owner, by a link that is used by this transaction and no other."""
    look(session, token, now)
    key = sessions.digest(token)
    claimed = session.execute(update(OwnerReset).where(OwnerReset.token_hash == key, _open(now)).values(used_at=now))
    assert isinstance(claimed, CursorResult)
    if claimed.rowcount != 1:
        raise Problem(_GONE)
    return session.get_one(User, session.get_one(OwnerReset, key).user_id)


def _open(now: datetime) -> ColumnElement[bool]:
    return OwnerReset.used_at.is_(None) & (OwnerReset.expires_at > now)


def _no_owner(email: str, owners: list[str]) -> str:
    if not owners:
        return "This installation has no owner yet. Start it and open its address: the first visitor makes the owner."
    return f"No owner signs in as “{email}”. The owners are: {', '.join(owners)}."


def _told(outpost: Outpost, email: str, now: datetime) -> str:
    token = offer(outpost.database, email, now)
    return _TOLD.format(email=email.strip().lower(), until=now + VALID, url=outpost.config.public_url, token=token)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(_USAGE)
        return 2
    try:
        outpost = open_outpost(load())
        try:
            sys.stdout.write(_told(outpost, arguments[0], clock.now()))
        finally:
            outpost.database.close()
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

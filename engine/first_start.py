"""The first start: while no user exists, whoever opens the panel makes the owner and the first workspace."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine import passwords, sessions
from engine.desk import Actor, Desk, Problem
from engine.names import checked_email, checked_name
from engine.sessions import Browser
from storage.database import Database
from storage.tables import User, Workspace


def is_needed(session: Session) -> bool:
    return not session.scalar(select(exists(select(User.id))))


def make_owner(
    database: Database, email: str, name: str, password: str, workspace: str, browser: Browser, now: datetime
) -> str:
    """The owner's first session token; Problem when the input won't do or somebody else was first."""
    wanted, called, client = checked_email(email), checked_name(name, "your name"), checked_name(workspace, "the workspace")
    weak = passwords.problem(password, wanted, called)
    if weak:
        raise Problem(weak)
    kept = passwords.hashed(password)
    with database.write() as session:  # takes the write lock first: two requests at once make one owner
        if not is_needed(session):
            raise Problem("This installation has its owner already. Sign in, or ask the owner to invite you.")
        owner = User(email=wanted, name=called, password_hash=kept, is_owner=True, created_at=now)
        session.add(owner)
        session.flush()
        first = Workspace(name=client, created_at=now)
        session.add(first)
        session.flush()
        desk = Desk(session, Actor(owner.id, owner.email, is_owner=True), first.id, now)
        desk.audit("owner.created", f"user:{owner.id}", new={"email": wanted})
        desk.audit("workspace.created", f"workspace:{first.id}", new={"name": client})
        return sessions.begin(session, owner.id, browser, now)

"""Who is here, in which workspace, and what they may do: asked of the database at every run of every page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import sessions
from engine.desk import Actor, Desk, allows
from engine.sessions import SignedIn
from storage.database import Database
from storage.kinds import Permission, Role
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Membership, Workspace


@dataclass(frozen=True, slots=True)
class Client:
    """A workspace, as the chooser lists it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One user at one page run. `workspace_id` is None only where the user has no workspace at all."""

    actor: Actor
    user_name: str
    token_hash: str
    workspaces: tuple[Client, ...]
    workspace_id: int | None
    workspace_name: str
    role: Role | None
    all_identities: bool
    now: datetime

    def may(self, permission: Permission) -> bool:
        if permission is Permission.OWN:
            return self.actor.is_owner
        return self.role is not None and allows(self.role, permission)


def look(database: Database, token: str, wanted: int | None, now: datetime, *, touch: bool = True) -> Visit | None:
    """The visit behind a session cookie; None when it is over. A `wanted` workspace out of reach gives the first one."""
    with database.read() as session:
        who = sessions.find(session, token, now)
        visit = None if who is None else _visit(session, who, wanted, now)
    if who is not None and touch and sessions.should_touch(who, now):
        with database.write() as session:
            sessions.touch(session, who.token_hash, now)
    return visit


def clients_of(session: Session, actor: Actor) -> tuple[Client, ...]:
    """The workspaces that the actor has access to, by name."""
    statement, values = (_ALL, {}) if actor.is_owner else (_OF_MEMBER, {"user_id": actor.user_id})
    found = (Client(*row) for row in statement.rows(connection_of(session), values))
    return tuple(sorted(found, key=lambda client: (client.name.casefold(), client.id)))


_OPEN = select(Workspace.id, Workspace.name).where(Workspace.archived_at.is_(None))
_ALL = Prepared(_OPEN)
_OF_MEMBER = Prepared(
    _OPEN.join(Membership, Membership.workspace_id == Workspace.id).where(Membership.user_id == bindparam("user_id"))
)


def _visit(session: Session, who: SignedIn, wanted: int | None, now: datetime) -> Visit:
    actor = Actor(who.user_id, who.email, who.is_owner)
    clients = clients_of(session, actor)
    chosen = next((client for client in clients if client.id == wanted), clients[0] if clients else None)
    access = Desk(session, actor, chosen.id, now).access() if chosen else None
    return Visit(
        actor=actor,
        user_name=who.name,
        token_hash=who.token_hash,
        workspaces=clients,
        workspace_id=chosen.id if chosen else None,
        workspace_name=chosen.name if chosen else "",
        role=access.role if access else None,
        all_identities=access is not None and access.identity_ids is None,
        now=now,
    )


def note_denied(database: Database, visit: Visit, wanted: int) -> None:
    """Write down that the visitor asked for a workspace out of reach."""
    with database.write() as session:
        Desk(session, visit.actor, None, visit.now).audit("access.denied", f"workspace:{wanted}")

"""Who asks for what, where and when: the frame around every use case.

A use case is one function = one transaction. It takes a `Desk` first and ids and plain values after it; the
`@use_case` decorator lets it run only when the actor's role allows it and every id among its arguments belongs to the
desk's workspace (and, for an identity or anything of one, to an identity the actor has access to). A refused attempt is
audited and answered as if the thing did not exist.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from storage.database import Database
from storage.kinds import Permission, Role
from storage.tables import (
    Action,
    Audit,
    Campaign,
    Identity,
    Lead,
    LeadImport,
    Mailbox,
    Membership,
    MembershipIdentity,
    Scrape,
    SignInFlow,
    Step,
    Suppression,
)

P = ParamSpec("P")
T = TypeVar("T")

_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.OPS: frozenset({Permission.READ, Permission.PRESS_STOP}),
    Role.MANAGER: frozenset({Permission.READ, Permission.PRESS_STOP, Permission.MANAGE}),
    Role.ADMIN: frozenset({Permission.READ, Permission.PRESS_STOP, Permission.MANAGE, Permission.ADMINISTER}),
}


def allows(role: Role, permission: Permission) -> bool:
    return permission in _ALLOWED[role]


class Problem(Exception):  # noqa: N818 - a problem is shown to a person; it is not a program's error
    """Something a person can put right; the message is a whole sentence that can be shown."""


class Denied(Problem):
    """The actor may not do this here, or it does not exist; both are answered alike."""

    def __init__(self) -> None:
        super().__init__("This does not exist, or you have no access to it.")


@dataclass(frozen=True, slots=True)
class Access:
    """What one user may do in one workspace; `identity_ids` is None for all identities."""

    role: Role
    identity_ids: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a signed-in user, or the worker (`user_id` None, which no route can produce)."""

    user_id: int | None
    label: str
    is_owner: bool = False


WORKER = Actor(None, "worker", is_owner=True)


@dataclass(frozen=True, slots=True)
class Desk:
    """One transaction of one actor in one workspace at one instant."""

    session: Session
    actor: Actor
    workspace_id: int | None
    now: datetime
    told: list[Audit] | None = None  # of an export: its lines, written down once it is made

    @property
    def workspace(self) -> int:
        """The workspace's id; Denied where there is none."""
        if self.workspace_id is None:
            raise Denied
        return self.workspace_id

    def access(self) -> Access | None:
        """What the actor may do in this workspace; None for nothing."""
        if self.actor.is_owner:
            return Access(Role.ADMIN, None)
        member = self.session.get(Membership, (self.actor.user_id, self.workspace_id))
        if member is None:
            return None
        if member.all_identities:
            return Access(member.role, None)
        named = self.session.scalars(
            select(MembershipIdentity.identity_id)
            .join(Identity, Identity.id == MembershipIdentity.identity_id)
            .where(MembershipIdentity.user_id == self.actor.user_id, Identity.workspace_id == self.workspace_id)
        )
        return Access(member.role, frozenset(named))

    def require_all_identities(self) -> None:
        """For what concerns every identity of the workspace: Denied to who has access to named ones only."""
        access = self.access()
        if access is None or access.identity_ids is not None:
            raise Denied

    def visible(self, identity_id: Any) -> ColumnElement[bool]:
        """The condition that keeps a query to identities the actor has access to; `identity_id` is a column."""
        access = self.access()
        if access is None:
            raise Denied
        return true() if access.identity_ids is None else identity_id.in_(access.identity_ids)

    def audit(
        self,
        what: str,
        subject: str,
        *,
        old: dict[str, Any] | None = None,
        new: dict[str, Any] | None = None,
        identity_id: int | None = None,
    ) -> None:
        """Write a line of the audit log in this transaction; never pass a secret."""
        line = Audit(
            at=self.now,
            user_id=self.actor.user_id,
            actor=self.actor.label,
            workspace_id=self.workspace_id,
            what=what,
            subject=subject,
            identity_id=identity_id,
            old=old,
            new=new,
        )
        if self.told is None:
            self.session.add(line)
        else:
            self.told.append(line)


@dataclass(frozen=True, slots=True)
class UseCase:
    """An entry of the registry that the isolation matrix is generated from."""

    name: str
    needs: Permission
    reads: bool
    exports: bool
    parameters: tuple[str, ...]
    function: Callable[..., Any]


REGISTRY: dict[str, UseCase] = {}

# A parameter with one of these names is an id whose owner is checked, whatever the use case does with it.
_OWNERS: dict[str, Any] = {
    "identity_id": select(Identity.workspace_id, Identity.id),
    "mailbox_id": select(Mailbox.workspace_id, Mailbox.identity_id),
    "campaign_id": select(Campaign.workspace_id, Campaign.identity_id),
    "step_id": select(Campaign.workspace_id, Campaign.identity_id).join(Step, Step.campaign_id == Campaign.id),
    "lead_id": select(Lead.workspace_id, Campaign.identity_id).join(Campaign, Campaign.id == Lead.campaign_id),
    "import_id": select(LeadImport.workspace_id, Campaign.identity_id).join(Campaign, Campaign.id == LeadImport.campaign_id),
    "scrape_id": select(Scrape.workspace_id, Campaign.identity_id).join(Campaign, Campaign.id == Scrape.campaign_id),
    "action_id": select(Action.workspace_id, Action.identity_id),
    "suppression_id": select(Suppression.workspace_id, Suppression.workspace_id),
    "flow_id": select(SignInFlow.workspace_id, SignInFlow.identity_id),
}
_KEYS: dict[str, Any] = {
    "identity_id": Identity.id,
    "mailbox_id": Mailbox.id,
    "campaign_id": Campaign.id,
    "step_id": Step.id,
    "lead_id": Lead.id,
    "import_id": LeadImport.id,
    "scrape_id": Scrape.id,
    "action_id": Action.id,
    "suppression_id": Suppression.id,
    "flow_id": SignInFlow.id,
}
_LARGEST_ID = 2**63 - 1
_OF_NO_IDENTITY = frozenset({"suppression_id"})


def use_case(
    *, needs: Permission, reads: bool = False, exports: bool = False
) -> Callable[[Callable[Concatenate[Desk, P], T]], Callable[Concatenate[Desk, P], T]]:
    """Register a function as a use case and let it run only for those who may; `reads` marks one that changes nothing.

    So does `exports`, but for its line of the audit log: making a long file must not keep everybody else from writing.
    """

    def decorate(function: Callable[Concatenate[Desk, P], T]) -> Callable[Concatenate[Desk, P], T]:
        signature = inspect.signature(function)
        name = f"{function.__module__.removeprefix('engine.')}.{function.__name__}"

        @functools.wraps(function)
        def guarded(desk: Desk, /, *args: P.args, **values: P.kwargs) -> T:
            given = signature.bind(desk, *args, **values).arguments
            require(desk, needs, {key: value for key, value in given.items() if key in _OWNERS})
            return function(desk, *args, **values)

        REGISTRY[name] = UseCase(name, needs, reads, exports, tuple(signature.parameters)[1:], guarded)
        return guarded

    return decorate


def require(desk: Desk, needs: Permission, ids: dict[str, Any]) -> None:
    """Raise Denied unless the actor may do `needs` in the desk's workspace and each id (or None) is within reach."""
    if needs is Permission.OWN:
        if not desk.actor.is_owner:
            raise Denied
        return
    access = desk.access() if desk.workspace_id is not None else None
    if access is None or needs not in _ALLOWED[access.role]:
        raise Denied
    for key, value in ids.items():
        if value is not None:
            _require_within(desk, access, key, value)


def _require_within(desk: Desk, access: Access, key: str, value: int) -> None:
    if not 0 < value <= _LARGEST_ID:  # an address can hold any number, a database can't
        raise Denied
    owner = desk.session.execute(_OWNERS[key].where(_KEYS[key] == value)).one_or_none()
    if owner is None or owner[0] != desk.workspace_id:
        raise Denied
    if access.identity_ids is not None and key not in _OF_NO_IDENTITY and owner[1] not in access.identity_ids:
        raise Denied


def perform(
    database: Database,
    actor: Actor,
    workspace_id: int | None,
    now: datetime,
    task: Callable[Concatenate[Desk, P], T],
    *args: P.args,
    **values: P.kwargs,
) -> T:
    """Run one use case in a transaction of its own; a denied attempt is audited in another and raised again."""
    known = getattr(task, "__wrapped__", task)
    name = f"{known.__module__.removeprefix('engine.')}.{known.__name__}"
    entry = REGISTRY[name]
    try:
        if entry.exports:
            return _exported(database, actor, workspace_id, now, lambda desk: task(desk, *args, **values))
        with database.read() if entry.reads else database.write() as session:
            return task(Desk(session, actor, workspace_id, now), *args, **values)
    except Denied:
        with database.write() as session:
            Desk(session, actor, workspace_id, now).audit(
                "access.denied", name, new={key: value for key, value in values.items() if key in _OWNERS}
            )
        raise


def _exported(database: Database, actor: Actor, workspace_id: int | None, now: datetime, make: Callable[[Desk], T]) -> T:
    """What it made; nobody gets it whose taking could not be written down."""
    told: list[Audit] = []
    with database.read() as session:
        made = make(Desk(session, actor, workspace_id, now, told))
    with database.write() as session:
        session.add_all(told)
    return made

"""Inviting a person to a workspace by a link that works once, within seven days; shown once, kept as its SHA-256."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, CursorResult, exists, select, update
from sqlalchemy.orm import Session, aliased

from engine import passwords, sessions, throttling
from engine.desk import Actor, Denied, Desk, Problem, use_case
from engine.names import checked_email, checked_name
from engine.sessions import Browser
from storage.database import Database
from storage.kinds import Permission, Role
from storage.tables import Identity, Invitation, Membership, MembershipIdentity, SignIn, User, Workspace

Row = TypeVar("Row")
VALID = timedelta(days=7)
_GONE = (
    "This invitation does not work any more: it was used, revoked, is older than seven days, or who sent it may not invite"
    " any more. Ask for a new one."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the invited person reads; `has_user` asks for their password instead of a new one."""

    email: str
    workspace: str
    role: Role
    invited_by: str
    expires_at: datetime
    has_user: bool


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """`key` names it in `revoke`; it is not the link."""

    key: str
    email: str
    role: Role
    all_identities: bool
    invited_by: str
    created_at: datetime
    expires_at: datetime


@use_case(needs=Permission.ADMINISTER)
def invite(desk: Desk, email: str, role: Role, identity_ids: Sequence[int] | None = None) -> str:
    """The link's token, shown once. `identity_ids` None gives access to all identities. An older link to the same
    address in this workspace stops working."""
    wanted = checked_email(email)
    if desk.actor.user_id is None:
        raise Denied
    member = select(Membership).join(User, User.id == Membership.user_id)
    if desk.session.scalar(member.where(User.email == wanted, Membership.workspace_id == desk.workspace)):
        raise Problem(f"{wanted} is in this workspace already; change the role in the list instead.")
    named = _checked(desk, identity_ids)
    _revoke_older(desk, wanted)
    token = secrets.token_urlsafe(32)
    desk.session.add(
        Invitation(
            token_hash=sessions.digest(token),
            email=wanted,
            workspace_id=desk.workspace,
            role=role,
            all_identities=named is None,
            identity_ids=named or [],
            invited_by=desk.actor.user_id,
            created_at=desk.now,
            expires_at=desk.now + VALID,
        )
    )
    desk.audit(
        "user.invited", f"invitation:{wanted}", new={"email": wanted, "role": role.value, "identities": named or "all"}
    )
    return token


def _checked(desk: Desk, identity_ids: Sequence[int] | None) -> list[int] | None:
    if identity_ids is None:
        desk.require_all_identities()
        return None
    if not identity_ids:
        raise Problem("Choose at least one identity, or give access to all of them.")
    known = select(Identity.id).where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id))
    if set(identity_ids) - set(desk.session.scalars(known)):
        raise Denied
    return sorted(set(identity_ids))


def _revoke_older(desk: Desk, email: str) -> None:
    desk.session.execute(
        update(Invitation)
        .where(Invitation.workspace_id == desk.workspace, Invitation.email == email, _unused(desk.now))
        .values(revoked_at=desk.now)
    )


@use_case(needs=Permission.ADMINISTER, reads=True)
def list_open(desk: Desk) -> list[OpenInvitation]:
    rows = desk.session.execute(
        select(Invitation, User.name)
        .join(User, User.id == Invitation.invited_by)
        .where(Invitation.workspace_id == desk.workspace, _open(desk.now))
        .order_by(Invitation.created_at.desc())
    )
    return [
        OpenInvitation(row.token_hash, row.email, row.role, row.all_identities, name, row.created_at, row.expires_at)
        for row, name in rows
    ]


@use_case(needs=Permission.ADMINISTER)
def revoke(desk: Desk, key: str) -> None:
    row = desk.session.get(Invitation, key)
    if row is None or row.workspace_id != desk.workspace:
        raise Denied
    if row.used_at is None and row.revoked_at is None:
        row.revoked_at = desk.now
        desk.audit("invitation.revoked", f"invitation:{row.email}", old={"role": row.role.value})


def end_sent(session: Session, user_id: int, now: datetime, workspace_id: int | None = None) -> int:
    """Revoke what a user sent, in one workspace or everywhere; answers how many links ended.

    For whoever loses the right to invite: given it back later, none of the old links opens again.
    """
    sent = update(Invitation).where(Invitation.invited_by == user_id, _unused(now))
    if workspace_id is not None:
        sent = sent.where(Invitation.workspace_id == workspace_id)
    ended = session.execute(sent.values(revoked_at=now))
    assert isinstance(ended, CursorResult)
    return ended.rowcount


def look(session: Session, token: str, now: datetime) -> Offer:
    """What the link offers; Problem when it does not work any more."""
    row = session.execute(
        select(Invitation, Workspace.name, User.name)
        .join(Workspace, Workspace.id == Invitation.workspace_id)
        .join(User, User.id == Invitation.invited_by)
        .where(Invitation.token_hash == sessions.digest(token), _open(now), Workspace.archived_at.is_(None))
    ).one_or_none()
    if row is None:
        raise Problem(_GONE)
    offer, workspace, inviter = row
    has_user = session.scalar(select(User.id).where(User.email == offer.email)) is not None
    return Offer(offer.email, workspace, offer.role, inviter, offer.expires_at, has_user)


def accept(database: Database, token: str, name: str, password: str, browser: Browser, now: datetime) -> str | None:
    """Use the link: make the user, or add the workspace to the one there is, who proves it by password.

    A new user's first session token; None for a user who signs in as usual. Problem when the input won't do, or the
    link was used in the meantime.
    """
    with database.read() as session:
        offer = look(session, token, now)
    if offer.has_user:
        _prove(database, offer.email, password, browser, now)
        kept, called = "", ""
    else:
        called = checked_name(name, "your name")
        weak = passwords.problem(password, offer.email, called)
        if weak:
            raise Problem(weak)
        kept = passwords.hashed(password)
    with database.write() as session:
        invitation = _claim(session, token, now)
        user = session.scalars(select(User).where(User.email == invitation.email)).one_or_none()
        if (user is not None) != offer.has_user:
            raise Problem("Your user was made in the meantime. Open the link once more.")
        user = user or _add(session, User(email=invitation.email, name=called, password_hash=kept, created_at=now))
        _join(session, invitation, user, now)
        return None if offer.has_user else sessions.begin(session, user.id, browser, now)


def _prove(database: Database, email: str, password: str, browser: Browser, now: datetime) -> None:
    """The throttle of sign-in holds here too: a link must not be a way to guess a password."""
    with database.write() as session:
        if throttling.open_again_at(session, email, browser.address, now):
            raise Problem("Too many attempts did not succeed. Wait some minutes and try again.")
        attempt = _add(session, SignIn(at=now, email=email, address=browser.address, succeeded=False))
        user = session.scalars(select(User).where(User.email == email, User.disabled_at.is_(None))).one_or_none()
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        raise Problem("That is not your password. Type the one you sign in to Outpost with.")
    with database.write() as session:
        session.delete(session.get_one(SignIn, attempt.id))


def _claim(session: Session, token: str, now: datetime) -> Invitation:
    """The link, used by this transaction and no other."""
    key = sessions.digest(token)
    claim = update(Invitation).where(Invitation.token_hash == key, _open(now)).values(used_at=now)
    claimed = session.execute(claim, execution_options={"synchronize_session": False})
    assert isinstance(claimed, CursorResult)
    if claimed.rowcount != 1:
        raise Problem(_GONE)
    return session.get_one(Invitation, key)


def _join(session: Session, invitation: Invitation, user: User, now: datetime) -> None:
    if session.get(Membership, (user.id, invitation.workspace_id)) is not None:
        raise Problem("You are in this workspace already. Sign in to open it.")
    session.add(
        Membership(
            user_id=user.id,
            workspace_id=invitation.workspace_id,
            role=invitation.role,
            all_identities=invitation.all_identities,
            created_at=now,
        )
    )
    named = select(Identity.id).where(
        Identity.workspace_id == invitation.workspace_id, Identity.id.in_(invitation.identity_ids)
    )
    for identity_id in session.scalars(named).all():
        session.add(MembershipIdentity(user_id=user.id, identity_id=identity_id))
    desk = Desk(session, Actor(user.id, user.email), invitation.workspace_id, now)
    desk.audit("invitation.accepted", f"user:{user.id}", new={"email": user.email, "role": invitation.role.value})


def _open(now: datetime) -> ColumnElement[bool]:
    """What works: unused, and sent by somebody who may still invite as much."""
    sender = aliased(User)
    is_admin = exists().where(
        Membership.user_id == sender.id,
        Membership.workspace_id == Invitation.workspace_id,
        Membership.role == Role.ADMIN,
        Membership.all_identities | ~Invitation.all_identities,
    )
    may_invite = exists().where(sender.id == Invitation.invited_by, sender.disabled_at.is_(None), sender.is_owner | is_admin)
    return _unused(now) & may_invite


def _unused(now: datetime) -> ColumnElement[bool]:
    return Invitation.used_at.is_(None) & Invitation.revoked_at.is_(None) & (Invitation.expires_at > now)


def _add(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row

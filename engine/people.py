"""The users of a workspace: their roles, the identities within their reach, their last sign-ins, and how they leave."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, true, update
from sqlalchemy.orm import Session

from engine import invitations, passwords, sessions, share_links
from engine.desk import Denied, Desk, Problem, use_case
from storage.kinds import Permission, Role
from storage.tables import Identity, Invitation, Membership, MembershipIdentity, SignIn, User

_LAST_SIGN_INS = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    at: datetime
    address: str
    user_agent: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Member:
    """`identity_ids` is None for all identities; an owner has no role of their own here."""

    user_id: int
    name: str
    email: str
    role: Role
    identity_ids: tuple[int, ...] | None
    is_owner: bool
    has_code: bool
    disabled_at: datetime | None
    sign_ins: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An identity to give access to."""

    id: int
    name: str


@use_case(needs=Permission.ADMINISTER, reads=True)
def list_members(desk: Desk) -> list[Member]:
    rows = desk.session.execute(
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.workspace_id == desk.workspace)
        .order_by(func.lower(User.name), User.id)
    ).all()
    named = _named_identities(desk)
    return [
        Member(
            user.id,
            user.name,
            user.email,
            membership.role,
            None if membership.all_identities else tuple(named.get(user.id, ())),
            user.is_owner,
            user.totp_confirmed_at is not None,
            user.disabled_at,
            last_sign_ins(desk.session, user.email),
        )
        for user, membership in rows
    ]


@use_case(needs=Permission.ADMINISTER, reads=True)
def list_choices(desk: Desk) -> list[Choice]:
    """The workspace's identities, for choosing whom a user may see."""
    rows = desk.session.scalars(
        select(Identity)
        .where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id), Identity.archived_at.is_(None))
        .order_by(Identity.sort_name, Identity.id)
    )
    return [Choice(row.id, row.name) for row in rows]


@use_case(needs=Permission.ADMINISTER)
def change_role(desk: Desk, user_id: int, role: Role) -> None:
    member = _member(desk, user_id)
    if member.role is role:
        return
    _require_nobody_above(desk, member)
    if member.role is Role.ADMIN:
        _keep_an_admin(desk, user_id)
        invitations.end_sent(desk.session, user_id, desk.now, desk.workspace)
    desk.audit("role.changed", f"user:{user_id}", old={"role": member.role.value}, new={"role": role.value})
    member.role = role
    if role is Role.OPS:
        share_links.end_made(desk, desk.session.get_one(User, user_id).email, desk.workspace)


@use_case(needs=Permission.ADMINISTER)
def change_access(desk: Desk, user_id: int, identity_ids: Sequence[int] | None) -> None:
    """Give access to all identities (None) or to exactly these; share links of theirs for any other one end."""
    member = _member(desk, user_id)
    _require_nobody_above(desk, member)
    if identity_ids is None:
        desk.require_all_identities()  # nobody gives, themselves included, what they don't have
    else:
        _check(desk, identity_ids)
        invitations.end_sent(desk.session, user_id, desk.now, desk.workspace)  # they may reach further than this
    old = "all" if member.all_identities else sorted(_named_identities(desk).get(user_id, []))
    _drop_named(desk, user_id, desk.visible(Identity.id))  # what the actor can't see stays as somebody else set it
    member.all_identities = identity_ids is None
    for identity_id in sorted(set(identity_ids or ())):
        desk.session.add(MembershipIdentity(user_id=user_id, identity_id=identity_id))
    new = "all" if identity_ids is None else sorted(set(identity_ids))
    desk.audit("access.changed", f"user:{user_id}", old={"identities": old}, new={"identities": new})
    if identity_ids is not None:
        share_links.end_out_of_reach(desk, desk.session.get_one(User, user_id))


@use_case(needs=Permission.ADMINISTER)
def remove(desk: Desk, user_id: int) -> None:
    """Take a user out of this workspace, whose share links of theirs end; other workspaces of theirs stay."""
    member = _member(desk, user_id)
    _require_nobody_above(desk, member)
    if member.role is Role.ADMIN:
        _keep_an_admin(desk, user_id)
        invitations.end_sent(desk.session, user_id, desk.now, desk.workspace)
    _drop_named(desk, user_id)
    desk.session.delete(member)
    share_links.end_made(desk, desk.session.get_one(User, user_id).email, desk.workspace)
    desk.audit("user.removed", f"user:{user_id}", old={"role": member.role.value})


@use_case(needs=Permission.OWN)
def disable(desk: Desk, user_id: int) -> None:
    """End all sessions of a user and all links they sent or made, and let them in nowhere until `enable`."""
    user = _user(desk, user_id)
    if user.is_owner:
        _keep_an_owner(desk, user_id)
    if user.disabled_at is None:
        user.disabled_at = desk.now
        ended = sessions.end_all(desk.session, user_id, desk.now)
        revoked = invitations.end_sent(desk.session, user_id, desk.now)
        _revoke_invitations(desk, user)
        shut = share_links.end_made(desk, user.email)
        new = {"sessions_ended": ended, "invitations_revoked": revoked, "share_links_revoked": shut}
        desk.audit("user.disabled", f"user:{user_id}", new=new)


@use_case(needs=Permission.OWN)
def enable(desk: Desk, user_id: int) -> None:
    user = _user(desk, user_id)
    if user.disabled_at is not None:
        desk.audit("user.enabled", f"user:{user_id}", old={"disabled_at": user.disabled_at.isoformat()})
        user.disabled_at = None


@use_case(needs=Permission.OWN)
def make_owner(desk: Desk, user_id: int, is_owner: bool) -> None:
    """Make a user an owner of the installation, or take that back: share links beyond what they keep end. The last stays."""
    user = _user(desk, user_id)
    if user.is_owner == is_owner:
        return
    if not is_owner:
        _keep_an_owner(desk, user_id)
        invitations.end_sent(desk.session, user_id, desk.now)
    desk.audit("owner.changed", f"user:{user_id}", old={"owner": user.is_owner}, new={"owner": is_owner})
    user.is_owner = is_owner
    if not is_owner:
        share_links.end_out_of_reach_anywhere(desk, user)


@use_case(needs=Permission.OWN)
def remove_code(desk: Desk, user_id: int) -> None:
    """For a user whose phone is lost: no authenticator code is asked until they set one up again; their sessions end."""
    user = _user(desk, user_id)
    user.totp_secret, user.totp_confirmed_at, user.totp_last_step = None, None, None
    sessions.end_all(desk.session, user_id, desk.now)
    desk.audit("authenticator.removed", f"user:{user_id}")


@use_case(needs=Permission.OWN)
def give_password(desk: Desk, user_id: int) -> str:
    """For a user who lost theirs: a new random password, shown once; all their sessions end."""
    user = _user(desk, user_id)
    given = secrets.token_urlsafe(15)
    user.password_hash = passwords.hashed(given)
    ended = sessions.end_all(desk.session, user_id, desk.now)
    desk.audit("password.given", f"user:{user_id}", new={"sessions_ended": ended})
    return given


@use_case(needs=Permission.OWN, reads=True)
def list_users(desk: Desk) -> list[Member]:
    """Everybody of the installation, the owners first; the role is of no workspace, and the sign-ins are left out."""
    rows = desk.session.scalars(select(User).order_by(User.is_owner.desc(), func.lower(User.name), User.id).limit(1000))
    return [
        Member(
            user.id,
            user.name,
            user.email,
            Role.ADMIN if user.is_owner else Role.OPS,
            None,
            user.is_owner,
            user.totp_confirmed_at is not None,
            user.disabled_at,
            (),
        )
        for user in rows
    ]


def last_sign_ins(session: Session, email: str, number: int = _LAST_SIGN_INS) -> tuple[Attempt, ...]:
    rows = session.scalars(
        select(SignIn).where(SignIn.email == email).order_by(SignIn.at.desc(), SignIn.id.desc()).limit(number)
    )
    return tuple(Attempt(row.at, row.address, row.user_agent, row.succeeded) for row in rows)


def _member(desk: Desk, user_id: int) -> Membership:
    member = desk.session.get(Membership, (user_id, desk.workspace))
    if member is None:
        raise Denied
    return member


def _require_nobody_above(desk: Desk, member: Membership) -> None:
    """Nobody changes a user who may more than they may: an owner, or who has all identities where they have some."""
    if desk.actor.is_owner:
        return
    user = desk.session.get_one(User, member.user_id)
    if user.is_owner:
        raise Problem(f"{user.name} is an owner of the installation; only another owner can change that.")
    access = desk.access()
    if member.all_identities and (access is None or access.identity_ids is not None):
        raise Problem(f"{user.name} has access to all identities and you to some; ask somebody who has access to all.")


def _user(desk: Desk, user_id: int) -> User:
    user = desk.session.get(User, user_id)
    if user is None:
        raise Denied
    return user


def _named_identities(desk: Desk) -> dict[int, list[int]]:
    """Those within the actor's own sight, by user."""
    rows = desk.session.execute(
        select(MembershipIdentity.user_id, MembershipIdentity.identity_id)
        .join(Identity, Identity.id == MembershipIdentity.identity_id)
        .where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id))
        .order_by(MembershipIdentity.identity_id)
    )
    named: dict[int, list[int]] = {}
    for user_id, identity_id in rows:
        named.setdefault(user_id, []).append(identity_id)
    return named


def _check(desk: Desk, identity_ids: Sequence[int]) -> None:
    if not identity_ids:
        raise Problem("Choose at least one identity, or give access to all of them.")
    known = select(Identity.id).where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id))
    if set(identity_ids) - set(desk.session.scalars(known)):
        raise Denied


def _drop_named(desk: Desk, user_id: int, which: ColumnElement[bool] | None = None) -> None:
    here = select(Identity.id).where(Identity.workspace_id == desk.workspace, true() if which is None else which)
    desk.session.execute(
        delete(MembershipIdentity).where(MembershipIdentity.user_id == user_id, MembershipIdentity.identity_id.in_(here))
    )


def _keep_an_admin(desk: Desk, user_id: int) -> None:
    others = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.workspace_id == desk.workspace, Membership.role == Role.ADMIN, Membership.user_id != user_id)
        .where(User.disabled_at.is_(None))
    )
    if not desk.session.scalar(others):
        raise Problem("This is the last admin of the workspace. Make somebody else an admin first.")


def _keep_an_owner(desk: Desk, user_id: int) -> None:
    others = select(func.count()).select_from(User)
    if not desk.session.scalar(others.where(User.is_owner, User.disabled_at.is_(None), User.id != user_id)):
        raise Problem("This is the last owner of the installation. Make somebody else an owner first.")


def _revoke_invitations(desk: Desk, user: User) -> None:
    desk.session.execute(
        update(Invitation)
        .where(Invitation.email == user.email, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=desk.now)
    )

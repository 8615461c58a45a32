"""A link by which an account's owner connects LinkedIn without being a user: 24 hours, used once, shown once.

Opening it uses nothing up, because scanners open links too. The submit does, in one conditional UPDATE. From then on the
same link shows how that sign-in goes, and takes the code, until its 24 hours are over.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from engine import identities, linkedin_consent, linkedin_sign_ins, sessions
from engine.contact_details import Contact
from engine.desk import Actor, Denied, Desk, Problem, allows, use_case
from engine.linkedin_sign_ins import Progress
from engine.names import checked_name
from engine.sessions import Browser
from storage.kinds import LinkedInSignInState, LinkedInState, Permission
from storage.tables import Identity, LinkedInSignIn, ShareLink, User, Workspace
from storage.vault import Place, Vault, VaultError

VALID = timedelta(hours=24)
_PLACE = Place(0, "share_link", 0, "keepsake")
GONE = "This link does not work any more: it was used, revoked, or is older than 24 hours. Ask for a new one."


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link as the panel shows it; the link itself is kept as its hash only."""

    id: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    opened: int
    opened_at: datetime | None
    opened_from: str
    used_at: datetime | None
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and self.used_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Invited:
    """What the person behind the link sees: nothing of the workspace but its name."""

    workspace: str
    expires_at: datetime
    is_used: bool
    progress: Progress | None
    may_fill_in: bool  # without a login: only for an identity that was never connected
    was_filled_in: bool


@use_case(needs=Permission.MANAGE)
def make(desk: Desk, identity_id: int) -> str:
    """The link's token, shown once; an older open link of the identity stops working."""
    return _make(desk, identity_id)


@use_case(needs=Permission.MANAGE)
def make_for_new(desk: Desk, contact: Contact, zone: str = "UTC") -> tuple[int, str]:
    """Add an identity whose owner does the rest; its id, and the token of its link, shown once."""
    made = identities.create(desk, contact, zone)
    return made, _make(desk, made)


def _make(desk: Desk, identity_id: int) -> str:
    desk.session.execute(
        update(ShareLink).where(ShareLink.identity_id == identity_id, *_open(desk.now)).values(revoked_at=desk.now)
    )
    token = secrets.token_urlsafe(32)
    row = ShareLink(
        workspace_id=desk.workspace,
        identity_id=identity_id,
        token_hash=sessions.digest(token),
        created_at=desk.now,
        created_by=desk.actor.label,
        expires_at=desk.now + VALID,
    )
    desk.session.add(row)
    desk.session.flush()
    desk.audit(
        "share_link.made", f"share_link:{row.id}", new={"expires": row.expires_at.isoformat()}, identity_id=identity_id
    )
    return token


@use_case(needs=Permission.READ, reads=True)
def list_of(desk: Desk, identity_id: int) -> tuple[LinkView, ...]:
    """The identity's links, the newest first."""
    rows = desk.session.scalars(select(ShareLink).where(ShareLink.identity_id == identity_id).order_by(ShareLink.id.desc()))
    return tuple(_view(row) for row in rows.fetchmany(20))


@use_case(needs=Permission.MANAGE)
def revoke(desk: Desk, identity_id: int, link: int) -> None:
    """Stop a link; what was begun by it goes on."""
    row = desk.session.get(ShareLink, link)
    if row is None or row.identity_id != identity_id:
        raise Denied
    if row.revoked_at is None:
        row.revoked_at = desk.now
        desk.audit("share_link.revoked", f"share_link:{row.id}", identity_id=identity_id)


def end_out_of_reach(desk: Desk, user: User) -> int:
    """Revoke the open links that a user made here where they could not make them any more."""
    desk.session.flush()
    theirs = replace(desk, actor=Actor(user.id, user.email, user.is_owner))
    access = theirs.access()
    if access is None or not allows(access.role, Permission.MANAGE):
        return end_made(desk, user.email, desk.workspace)
    if access.identity_ids is None:
        return 0
    return end_made(desk, user.email, desk.workspace, ShareLink.identity_id.not_in(access.identity_ids))


def end_out_of_reach_anywhere(desk: Desk, user: User) -> int:
    """The same in every workspace: for who was an owner, and could make them in all."""
    made = select(ShareLink.workspace_id).where(ShareLink.created_by == user.email, *_open(desk.now)).distinct()
    return sum(end_out_of_reach(replace(desk, workspace_id=one), user) for one in desk.session.scalars(made).all())


def end_made(desk: Desk, made_by: str, workspace_id: int | None = None, *of: ColumnElement[bool]) -> int:
    """Revoke the open links that a user made, in one workspace or everywhere; answers how many. `of` narrows down which.

    For whoever loses the right to make them: what was begun by a link goes on, as it is somebody else's.
    """
    made = select(ShareLink).where(ShareLink.created_by == made_by, *_open(desk.now), *of)
    rows = desk.session.scalars(made if workspace_id is None else made.where(ShareLink.workspace_id == workspace_id)).all()
    for row in rows:
        row.revoked_at = desk.now
        there = replace(desk, workspace_id=row.workspace_id)  # whose audit log it belongs into
        there.audit("share_link.revoked", f"share_link:{row.id}", new={"made_by": made_by}, identity_id=row.identity_id)
    return len(rows)


def look(session: Session, token: str, now: datetime) -> Invited:
    """What the link offers; Problem for one that does not work, whatever the cause."""
    row = working(session, token, now)
    workspace = session.get_one(Workspace, row.workspace_id)
    identity = session.get_one(Identity, row.identity_id)
    begun = select(LinkedInSignIn.id).where(LinkedInSignIn.share_link_id == row.id).limit(1)
    return Invited(
        workspace.name,
        row.expires_at,
        row.used_at is not None,
        _progress(session, row),
        may_fill_in(identity),
        row.used_at is not None and session.scalar(begun) is None,
    )


def may_fill_in(identity: Identity) -> bool:
    """Whoever has a link to *re*connect an account has no say in whose account it is."""
    return identity.linkedin_state is LinkedInState.NEVER and identity.archived_at is None


def note_opened(session: Session, token: str, browser: Browser, now: datetime) -> None:
    """Who opened it and when; a link that does not work is not written about."""
    row = _of_token(session, token)
    if row is not None and _works(row, now):
        row.opened, row.opened_at = row.opened + 1, now
        row.opened_from = f"{browser.address} · {browser.user_agent}"[:300]


def submit(
    session: Session,
    vault: Vault,
    token: str,
    name: str,
    email: str,
    password: str,
    accepts: bool,
    browser: Browser,
    now: datetime,
) -> None:
    """Begin the sign-in and use the link up, both or neither; of many at once only one gets through."""
    row = working(session, token, now)
    owner = checked_name(name, "your name")
    if not accepts:
        raise Problem("Please read the notice and tick that you accept it; without that nothing can be connected.")
    desk = use_up(session, row, now)
    identity = session.get_one(Identity, row.identity_id)
    linkedin_consent.accept(desk, identity, owner, browser.address)
    linkedin_sign_ins.start(desk, vault, identity, email, password, desk.actor.label, row.id)
    desk.audit("share_link.used", f"share_link:{row.id}", new={"by": owner}, identity_id=identity.id)


def working(session: Session, token: str, now: datetime) -> ShareLink:
    """The link of a token; Problem for one that does not work, whatever the cause."""
    row = _of_token(session, token)
    if row is None or not _works(row, now):
        raise Problem(GONE)
    return row


def use_up(session: Session, row: ShareLink, now: datetime) -> Desk:
    """Use the link up and answer the desk of who has it; of many at once only one gets through."""
    used = update(ShareLink).where(ShareLink.id == row.id, *_open(now)).values(used_at=now).returning(ShareLink.id)
    if not session.execute(used).all():
        raise Problem(GONE)
    return _desk(session, row, now)


def again(session: Session, vault: Vault, token: str, email: str, password: str, now: datetime) -> None:
    """A second try behind a link that was used, after a sign-in that came to nothing; nobody else gets in by it."""
    row = _of_token(session, token)
    going = _progress(session, row) if row is not None and _works(row, now) else None
    if row is None or going is None or going.state.is_under_way or going.state is LinkedInSignInState.DONE:
        raise Problem(GONE)
    identity = session.get_one(Identity, row.identity_id)
    linkedin_sign_ins.start(_desk(session, row, now), vault, identity, email, password, "share link", row.id)


def answer(session: Session, vault: Vault, token: str, number: int, what: str, value: str, now: datetime) -> None:
    """The code, or the wish for a new one, from the person behind the link."""
    row = _of_token(session, token)
    if row is None or not _works(row, now) or _progress(session, row) is None:
        raise Problem(GONE)
    linkedin_sign_ins.give(session, vault, row.identity_id, number, what, value, now)


def keepsake(vault: Vault, token: str) -> str:
    """What the browser that used the link keeps; nobody else who has the link can make it."""
    return vault.seal(sessions.digest(token), _PLACE).hex()


def is_keepsake(vault: Vault, kept: str, token: str) -> bool:
    try:
        return vault.open(bytes.fromhex(kept), _PLACE) == sessions.digest(token)
    except (ValueError, VaultError):
        return False


def _works(row: ShareLink, now: datetime) -> bool:
    return row.revoked_at is None and row.expires_at > now


def _progress(session: Session, row: ShareLink) -> Progress | None:
    """The sign-in that was begun by this very link; another's is nobody's business here."""
    newest = select(LinkedInSignIn.share_link_id).where(LinkedInSignIn.identity_id == row.identity_id)
    if session.scalar(newest.order_by(LinkedInSignIn.id.desc()).limit(1)) != row.id:
        return None
    return linkedin_sign_ins.progress_of(session, row.identity_id)


def _of_token(session: Session, token: str) -> ShareLink | None:
    """None where its workspace was put away: nobody opens that, by whatever door."""
    found = select(ShareLink).join(Workspace, Workspace.id == ShareLink.workspace_id)
    return session.scalar(found.where(ShareLink.token_hash == sessions.digest(token), Workspace.archived_at.is_(None)))


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (ShareLink.used_at.is_(None), ShareLink.revoked_at.is_(None), ShareLink.expires_at > now)


def _desk(session: Session, row: ShareLink, now: datetime) -> Desk:
    return Desk(session, Actor(None, f"share link {row.id}"), row.workspace_id, now)


def _view(row: ShareLink) -> LinkView:
    return LinkView(
        row.id,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.opened,
        row.opened_at,
        row.opened_from,
        row.used_at,
        row.revoked_at,
    )

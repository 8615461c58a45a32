"""A sign-in at LinkedIn as people see it: begun with a password, answered when LinkedIn asks, given up.

The browser is the worker's (engine.linkedin_browsing); what both know stands in one row, so a reload, another user or
another page goes on with the same sign-in. The password and the answers are sealed there until the worker takes them.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_consent
from engine.desk import Desk, Problem, use_case
from engine.names import checked_email
from storage.kinds import LinkedInSignInState, LinkedInState, Permission
from storage.tables import Identity, LinkedInSignIn
from storage.vault import Place, Vault

HELD_OPEN = timedelta(minutes=10)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sign-in is; `number` goes back with an answer, so that an old answer is not given to a new question."""

    state: LinkedInSignInState
    number: int
    note: str
    hint: str
    error: str
    code_kind: str
    options: tuple[str, ...]
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    has_answer: bool
    picture: bytes | None


@use_case(needs=Permission.MANAGE)
def begin(desk: Desk, identity_id: int, email: str, password: str, accepted_by: str, vault: Vault) -> None:
    """Hand a sign-in to the worker; the password is used once. The owner's consent is recorded in the same transaction."""
    identity = desk.session.get_one(Identity, identity_id)
    if not accepted_by.strip():
        raise Problem(linkedin_consent.MISSING)
    linkedin_consent.accept(desk, identity, f"{accepted_by.strip()[:120]} (recorded by {desk.actor.label})")
    start(desk, vault, identity, email, password, desk.actor.label, None)


@use_case(needs=Permission.READ, reads=True)
def progress(desk: Desk, identity_id: int) -> Progress | None:
    """The newest sign-in of the identity, under way or ended."""
    return progress_of(desk.session, identity_id)


@use_case(needs=Permission.MANAGE)
def answer(desk: Desk, identity_id: int, number: int, what: str, value: str, vault: Vault) -> None:
    """`what` is code, resend or contract."""
    give(desk.session, vault, identity_id, number, what, value, desk.now)


@use_case(needs=Permission.MANAGE)
def give_up(desk: Desk, identity_id: int) -> None:
    row = _open_one(desk.session, identity_id)
    if row is not None:
        close(row, LinkedInSignInState.CANCELLED, "The sign-in was given up.", desk.now)
        restore_state(desk.session, row, desk.now)
        desk.audit("linkedin.sign_in_given_up", f"identity:{identity_id}", identity_id=identity_id)


def start(
    desk: Desk, vault: Vault, identity: Identity, email: str, password: str, by: str, share_link_id: int | None
) -> None:
    wanted = checked_email(email)
    if not password or len(password) > _LONGEST:
        raise Problem("Type the LinkedIn password of this account.")
    if identity.archived_at is not None:
        raise Problem("This identity is archived; bring it back first.")
    if _open_one(desk.session, identity.id) is not None:
        raise Problem("A sign-in for this identity is under way already; finish it or give it up first.")
    linkedin_accounts.account_for(desk.session, identity, desk.now)
    row = LinkedInSignIn(
        workspace_id=identity.workspace_id,
        identity_id=identity.id,
        email=wanted,
        state=LinkedInSignInState.WAITING,
        asked={},
        asked_number=0,
        started_by=by,
        started_at=desk.now,
        ends_at=desk.now + HELD_OPEN,
        share_link_id=share_link_id,
    )
    desk.session.add(row)
    desk.session.flush()
    row.password = vault.seal(password, place(row, "password"))
    desk.session.flush()
    desk.audit("linkedin.sign_in_begun", f"identity:{identity.id}", new={"email": wanted}, identity_id=identity.id)


def give(session: Session, vault: Vault, identity_id: int, number: int, what: str, value: str, now: datetime) -> None:
    """Keep an answer for the worker, sealed, if it is for the question that stands."""
    row = _open_one(session, identity_id)
    if row is None or row.ends_at <= now:
        raise Problem("This sign-in is over; start it again.")
    if row.asked_number != number:
        raise Problem("LinkedIn asks for something else by now; look at the question again.")
    tidy = "".join(value.split()) if what == "code" else value.strip()
    if what == "code" and not (4 <= len(tidy) <= 12 and tidy.isalnum()):
        raise Problem("Type the code as LinkedIn sent it: usually six digits.")
    if what == "contract" and tidy not in row.asked.get("options", ()):
        raise Problem("Choose one of the contracts that LinkedIn offers.")
    row.answer = vault.seal(json.dumps({"what": what, "value": tidy}), place(row, "answer"))


def progress_of(session: Session, identity_id: int) -> Progress | None:
    newest = select(LinkedInSignIn).where(LinkedInSignIn.identity_id == identity_id).order_by(LinkedInSignIn.id.desc())
    row = session.scalar(newest.limit(1))
    return _progress(row) if row is not None else None


def _progress(row: LinkedInSignIn) -> Progress:
    asked: dict[str, Any] = row.asked
    return Progress(
        row.state,
        row.asked_number,
        row.note,
        str(asked.get("hint", "")),
        str(asked.get("error", "")),
        str(asked.get("kind", "")),
        tuple(asked.get("options", ())),
        row.started_at,
        row.ends_at,
        row.ended_at,
        row.answer is not None,
        row.picture,
    )


def _open_one(session: Session, identity_id: int) -> LinkedInSignIn | None:
    return session.scalar(
        select(LinkedInSignIn).where(LinkedInSignIn.identity_id == identity_id, LinkedInSignIn.ended_at.is_(None))
    )


def close(row: LinkedInSignIn, state: LinkedInSignInState, note: str, now: datetime) -> None:
    """End it; what was secret in it is gone."""
    row.state, row.note, row.ended_at = state, note, now
    row.password = row.answer = None


def restore_state(session: Session, row: LinkedInSignIn, now: datetime) -> None:
    """The account stands as it did before a sign-in that came to nothing; one that can act hears nothing of it."""
    account = linkedin_accounts.account_of(session, row.identity_id)
    stands = session.get_one(Identity, row.identity_id).linkedin_state
    before = LinkedInState(row.asked.get("before", stands))
    if before in (LinkedInState.CODE_NEEDED, LinkedInState.APPROVE_IN_APP):
        before = LinkedInState.LOGGED_OUT if account is not None and account.connected_at else LinkedInState.NEVER
    if account is None or account.session is None:
        linkedin_accounts.stand(session, row.identity_id, before, row.note, now)
    elif stands is not before:
        linkedin_accounts.stand(session, row.identity_id, before, "", now)


def place(row: LinkedInSignIn, column: str) -> Place:
    return Place(row.workspace_id, "linkedin_sign_in", row.id, column)

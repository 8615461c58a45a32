"""The risk notice that an account's owner accepts before anything is automated, in numbered wordings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.desk import Desk, Problem, use_case
from storage.kinds import CONSENT_VERSION, Permission
from storage.tables import Identity, LinkedInConsent

WORDING = (
    "LinkedIn's User Agreement forbids automated access. LinkedIn restricts or closes accounts that it believes to be "
    "automated, and Outpost does nothing to hide what it does. I own this account, I know this, and I allow Outpost to "
    "send invitations and messages from it within the limits shown, until I take this back."
)
MISSING = "The account's owner must accept the risk notice first: tick it, and type the owner's name."


@dataclass(frozen=True, slots=True)
class Consent:
    """Who accepted, when, and which wording."""

    accepted_by: str
    accepted_at: datetime
    version: int


@use_case(needs=Permission.READ, reads=True)
def of_identity(desk: Desk, identity_id: int) -> Consent | None:
    """The consent in force, or None: then nothing is automated."""
    row = _in_force(desk.session, identity_id)
    return Consent(row.accepted_by, row.accepted_at, row.version) if row else None


@use_case(needs=Permission.MANAGE)
def take_back(desk: Desk, identity_id: int) -> None:
    """End the consent; from this transaction on no LinkedIn action of the identity begins."""
    ended = desk.session.execute(
        update(LinkedInConsent)
        .where(LinkedInConsent.identity_id == identity_id, LinkedInConsent.withdrawn_at.is_(None))
        .values(withdrawn_at=desk.now)
        .returning(LinkedInConsent.id)
    ).all()
    if ended:
        desk.audit("linkedin.consent_taken_back", f"identity:{identity_id}", identity_id=identity_id)


def accept(desk: Desk, identity: Identity, by: str, address: str = "") -> None:
    """Record that the owner accepted today's wording; an older one that is still in force is ended."""
    if not by.strip():
        raise Problem("Say who accepts the risk notice: the name of the account's owner.")
    standing = _in_force(desk.session, identity.id)
    if standing is not None and standing.accepted_by == by:
        return
    desk.session.add(
        LinkedInConsent(
            workspace_id=identity.workspace_id,
            identity_id=identity.id,
            version=CONSENT_VERSION,
            wording=WORDING,
            accepted_at=desk.now,
            accepted_by=by.strip()[:200],
            address=address,
        )
    )
    desk.session.flush()
    desk.audit(
        "linkedin.consent_accepted",
        f"identity:{identity.id}",
        new={"by": by.strip()[:200], "version": CONSENT_VERSION},
        identity_id=identity.id,
    )


def is_given(session: Session, identity_id: int) -> bool:
    return _in_force(session, identity_id) is not None


def _in_force(session: Session, identity_id: int) -> LinkedInConsent | None:
    accepted = select(LinkedInConsent).where(
        LinkedInConsent.identity_id == identity_id,
        LinkedInConsent.version == CONSENT_VERSION,
        LinkedInConsent.withdrawn_at.is_(None),
    )
    return session.scalar(accepted.order_by(LinkedInConsent.id.desc()).limit(1))

"""Which channel a step needs, and what to connect when its identity has none."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.desk import Desk, use_case
from storage.kinds import ActionKind, Channel, LinkedInState, Permission
from storage.tables import Campaign, Identity, Mailbox


@use_case(needs=Permission.READ, reads=True)
def missing(desk: Desk, campaign_id: int) -> dict[Channel, str]:
    """For each channel that the campaign's identity lacks, the sentence that says what to connect."""
    identity_id = desk.session.get_one(Campaign, campaign_id).identity_id
    found = {
        kind.channel: lacking(desk.session, identity_id, kind) for kind in (ActionKind.EMAIL, ActionKind.LINKEDIN_MESSAGE)
    }
    return {channel: sentence for channel, sentence in found.items() if sentence}


def lacking(session: Session, identity_id: int, kind: ActionKind) -> str:
    """Why the identity can't do such a step, and what to connect; empty when it can."""
    identity = session.get_one(Identity, identity_id)
    if kind.channel is Channel.LINKEDIN:
        if identity.linkedin_state is LinkedInState.CONNECTED:
            return ""
        return "This identity has no LinkedIn connection. Connect LinkedIn first, or use e-mail steps."
    known = select(Mailbox.id).where(Mailbox.identity_id == identity_id, Mailbox.removed_at.is_(None))
    if session.scalar(known.limit(1)) is not None:
        return ""
    return "This identity has no e-mail address. Connect one under Email first, or use LinkedIn steps."

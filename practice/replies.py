"""What the people of the practice workspace answer, so that a lead's timeline has something to read."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import incoming_effects
from engine.channels.incoming.reading import VERSION
from storage.kinds import ActionState, IncomingKind
from storage.tables import Action, IncomingMail, Lead, Mailbox

_SENT = [state for state in ActionState if state.is_sent]
TEXTS = (
    "Thank you for writing. Next Tuesday at ten would suit me; could you send an invitation?",
    "We have just signed with somebody else for this year. Do ask again in spring.",
    "Interesting. What does it cost for a site of about forty people?",
    "I am not the right person for this any more; my colleague in operations is. I have passed it on.",
    "Could you send me two pages that I can show my director? He decides on Fridays.",
    "Good timing: we talked about exactly this yesterday. Call me in the afternoon, please.",
    "No need on our side at the moment, but thank you for the clear mail.",
)


def reply(session: Session, lead: Lead, now: datetime) -> None:
    """The lead answers the newest mail it got; what that does is done as for any mail that is read."""
    mailbox = session.get_one(Mailbox, lead.mailbox_id)
    newest = select(Action.id).where(Action.lead_id == lead.id, Action.state.in_(_SENT)).order_by(Action.id.desc())
    mail = IncomingMail(
        workspace_id=lead.workspace_id,
        mailbox_id=mailbox.id,
        key=f"<reply-{lead.id}@{lead.email.rpartition('@')[2]}>",
        folder="INBOX",
        kind=IncomingKind.REPLY,
        reader=VERSION,
        arrived_at=now,
        read_at=now,
        lead_id=lead.id,
        action_id=session.scalar(newest.limit(1)),
        sender=lead.email,
        text=TEXTS[lead.id % len(TEXTS)],
    )
    session.add(mail)
    session.flush()
    incoming_effects.apply(session, mail, mailbox, lead.email, now)

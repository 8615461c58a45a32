"""The letter of one warm-up mail: plain text, signed for the pool, in its thread, and never to anyone outside the pool."""

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up_pool, warm_up_texts
from engine.channels.effects import Letter
from engine.texts import UnsendableText
from storage.kinds import Reason
from storage.ledger import Entry
from storage.tables import Action, Identity, Mailbox, WarmUp, WarmUpMessage

HEADER = "X-Outpost-Ref"


class NotWanted(UnsendableText):
    """The mail's ground went away between its booking and the last gate."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


def signature(key: bytes, message_id: str) -> str:
    """Proves that a mail is the pool's own; a stranger who copies it copies a Message-ID that was handled already."""
    return hmac.digest(key, message_id.encode(), "sha256").hex()[:40]


def letter_for(session: Session, action: Action | Entry, key: bytes) -> Letter:
    """NotWanted when the recipient left the pool, or the warm-up was paused or stopped in between."""
    message = session.scalars(select(WarmUpMessage).where(WarmUpMessage.action_id == action.id)).one()
    sender, recipient = session.get_one(Mailbox, message.sender_id), session.get_one(Mailbox, message.recipient_id)
    _require_still_wanted(session, message, sender)
    answered = session.get(WarmUpMessage, message.answers_id) if message.answers_id is not None else None
    before = (answered.arrived_as or answered.message_id,) if answered is not None else ()
    return Letter(
        message_id=message.message_id,
        recipient=recipient.address,
        subject=message.subject,
        text=warm_up_texts.body(
            message.language,
            message.text_number,
            message.token,
            _first_name(session, recipient),
            _first_name(session, sender),
            answered is not None,
        ),
        in_reply_to=before[-1] if before else "",
        references=before,
        headers=((HEADER, signature(key, message.message_id)),),
    )


def _require_still_wanted(session: Session, message: WarmUpMessage, sender: Mailbox) -> None:
    if not warm_up_pool.may_write(session, sender, message.recipient_id):
        raise NotWanted(Reason.WARM_UP_PARTNER_LEFT)
    if not warm_up_pool.takes_part(session, sender.id):
        raise NotWanted(Reason.WARM_UP_LEFT)
    warm_up = session.get(WarmUp, message.warm_up_id) if message.warm_up_id is not None else None
    if warm_up is not None and (warm_up.paused_at is not None or warm_up.stopped_at is not None):
        raise NotWanted(Reason.WARM_UP_HELD)


def _first_name(session: Session, mailbox: Mailbox) -> str:
    return session.scalar(select(Identity.first_name).where(Identity.id == mailbox.identity_id)) or ""

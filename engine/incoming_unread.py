"""Telling people of mails that came in and that a defect of ours kept from being understood."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import alerts
from storage.kinds import AlertKind
from storage.tables import IncomingMail, Mailbox


def tell(session: Session, mailbox: Mailbox, now: datetime) -> None:
    """Once while there is any in this mailbox."""
    alerts.raise_alert(
        session,
        AlertKind.WORKER,
        mailbox.address,
        f"A mail that came in to {mailbox.address} could not be understood, through a defect of Outpost. Look into the"
        " mailbox yourself: if it is a lead's answer, stop that lead. The mail is kept sealed for 30 days and read again"
        " after an update.",
        mailbox.workspace_id,
        mailbox.identity_id,
        now,
        _key(mailbox),
    )


def clear(session: Session, mailbox: Mailbox, now: datetime) -> None:
    """When the last of them has been understood."""
    session.flush()
    left = select(func.count()).where(IncomingMail.mailbox_id == mailbox.id, IncomingMail.reader <= 0)
    if not session.scalar(left.where(IncomingMail.raw.is_not(None))):
        alerts.clear(session, _key(mailbox), now)


def _key(mailbox: Mailbox) -> str:
    return f"unread:{mailbox.id}"

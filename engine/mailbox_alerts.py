"""People are told when an address needs them, and no longer once it is well again."""

from datetime import datetime

from sqlalchemy.orm import Session

from engine import alerts
from storage.kinds import AlertKind, MailboxState
from storage.tables import Mailbox

_TELLS = (MailboxState.RECONNECT_NEEDED, MailboxState.DISABLED_BY_TENANT, MailboxState.REFUSED)


def tell(session: Session, mailbox: Mailbox, now: datetime, kind: AlertKind = AlertKind.CONNECTION) -> None:
    """After the state of an address changed; the kind says by what."""
    key = f"connection:{mailbox.id}"
    if mailbox.state not in _TELLS or mailbox.removed_at is not None:
        if mailbox.state is not MailboxState.DEGRADED:
            alerts.clear(session, key, now)
        return
    alerts.raise_alert(
        session,
        kind,
        mailbox.address,
        mailbox.state_note or "The connection ended; reconnect it.",
        mailbox.workspace_id,
        mailbox.identity_id,
        now,
        key,
    )

"""What is true after the story: read from the mailboxes over IMAP and from the ledger, never from the panel."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from sqlalchemy import func, select

from storage.database import Database
from storage.kinds import ActionState
from storage.tables import Action, Event, Heartbeat, Identity, Lane, Lead, Mailbox

_OVER = (ActionState.ACCEPTED, ActionState.CONFIRMED)
_IN_THE_AIR = (ActionState.RESERVED, ActionState.SENDING, ActionState.UNKNOWN, ActionState.RECONCILING)


@dataclass(frozen=True, slots=True)
class Began:
    """One effect of the ledger: who began it, when, from which address to whom."""

    at: datetime
    identity: str
    sender: str
    recipient: str


def next_wake(database: Database) -> datetime | None:
    with database.read() as session:
        return session.scalar(select(func.min(Lane.wake_at)))


def is_done(database: Database, instant: datetime) -> bool:
    """Nothing that was due at `instant` is still due or in the air."""
    with database.read() as session:
        in_the_air = session.scalar(select(func.count()).select_from(Action).where(Action.state.in_(_IN_THE_AIR)))
        held = session.scalar(select(func.count()).select_from(Lane).where(Lane.holder.is_not(None)))
        wake = session.scalar(select(func.min(Lane.wake_at)))
        return not in_the_air and not held and (wake is None or wake > instant)


def worker_looked_after(database: Database, instant: datetime) -> bool:
    """The worker lived on well after `instant`: it has had time to begin whatever it would."""
    with database.read() as session:
        beat = session.scalar(select(func.max(Heartbeat.at)))
        return beat is not None and beat > instant + timedelta(seconds=4)


def began(database: Database) -> list[Began]:
    with database.read() as session:
        rows = session.execute(
            select(Event.at, Identity.first_name, Mailbox.address, Lead.email)
            .join(Action, Action.id == Event.action_id)
            .join(Identity, Identity.id == Event.identity_id)
            .join(Lane, Lane.id == Event.lane_id)
            .join(Mailbox, Mailbox.id == Lane.mailbox_id)
            .join(Lead, Lead.id == Action.lead_id)
            .where(Event.after == ActionState.SENDING)
            .order_by(Event.at)
        )
        return [Began(*row) for row in rows]


def sent_in_ledger(database: Database) -> Counter[str]:
    """How many mails each address sent, as the ledger says."""
    with database.read() as session:
        rows = session.execute(
            select(Mailbox.address, func.count())
            .select_from(Action)
            .join(Lane, Lane.id == Action.lane_id)
            .join(Mailbox, Mailbox.id == Lane.mailbox_id)
            .where(Action.state.in_(_OVER))
            .group_by(Mailbox.address)
        )
        return Counter(dict(rows.all()))


def sender_of(mail: EmailMessage) -> str:
    return str(mail["From"].addresses[0].addr_spec)


def date_of(mail: EmailMessage) -> datetime:
    return parsedate_to_datetime(str(mail["Date"]))

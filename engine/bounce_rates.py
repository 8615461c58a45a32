"""The bounce rate of each address over the last week; people are told while it is over the line, and no longer after."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import alerts
from engine.rules.bounces import LEAST_SENT, MOST, WINDOW, BounceRate
from storage.database import Database
from storage.kinds import ActionKind, ActionState, AlertKind, IncomingKind, Reason
from storage.tables import Alert, Event, IncomingMail, Lane, Mailbox

_KEY = "bounces:"


def rate_of(session: Session, mailbox_id: int, now: datetime) -> BounceRate:
    """Campaign mails of the window that a server accepted or refused for their recipient, and those that found nobody:
    refused at once, or come back for good.
    """
    since = now - WINDOW
    # By the identity's own lines, which an index finds; else everybody's week would be read for one address.
    identity = select(Mailbox.identity_id).where(Mailbox.id == mailbox_id).scalar_subquery()
    tried = (
        select(func.count())
        .select_from(Event)
        .join(Lane, Lane.id == Event.lane_id)
        .where(Event.identity_id == identity, Lane.mailbox_id == mailbox_id, Event.kind == ActionKind.EMAIL)
        .where(Event.at > since)
    )
    sent = session.scalar(tried.where(Event.after == ActionState.ACCEPTED)) or 0
    nobody = Event.after == ActionState.FAILED_PERMANENT, Event.reason == Reason.RECIPIENT_REFUSED
    refused = session.scalar(tried.where(*nobody)) or 0
    came_back = select(func.count()).where(
        IncomingMail.mailbox_id == mailbox_id, IncomingMail.kind == IncomingKind.HARD_BOUNCE, IncomingMail.read_at > since
    )
    return BounceRate(sent + refused, (session.scalar(came_back) or 0) + refused)


def watch(session: Session, mailbox: Mailbox, now: datetime) -> None:
    """After a hard bounce of this address."""
    session.flush()
    found = rate_of(session, mailbox.id, now)
    if found.is_over:
        alerts.raise_alert(
            session,
            AlertKind.BOUNCES,
            mailbox.address,
            _sentence(mailbox.address, found),
            mailbox.workspace_id,
            mailbox.identity_id,
            now,
            f"{_KEY}{mailbox.id}",
        )


def look_again(database: Database, now: datetime) -> int:
    """Clear the alerts of addresses that are under the line again; says how many."""
    with database.read() as session:
        up = session.scalars(select(Alert.dedupe).where(Alert.dedupe.startswith(_KEY), Alert.cleared_at.is_(None)))
        over = [key for key in up if not _is_still(session, key, now)]
    with database.write() as session:
        return sum(alerts.clear(session, key, now) for key in over)


def _is_still(session: Session, key: str, now: datetime) -> bool:
    number = key.removeprefix(_KEY)
    return number.isdecimal() and rate_of(session, int(number), now).is_over


def _sentence(address: str, found: BounceRate) -> str:
    return (
        f"{found.bounced:,} of the last {found.sent:,} mails of {address} came back within {WINDOW.days} days"
        f" ({found.rate:.1%}; the line is {MOST:.0%} of at least {LEAST_SENT}). Above it providers begin to block an"
        " address: pause its campaigns and check where the leads' addresses come from."
    )

"""Soft bounces of a lead, by mail or to our face: the third holds the lead until a person lets it go on.

A full box is the same news whether the receiving server says so while it is spoken to or in a report afterwards.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import lead_pauses
from storage.kinds import ActionState, IncomingKind, Reason
from storage.tables import Action, Event, IncomingMail

MOST = 3


def mind(session: Session, lead_id: int, now: datetime) -> bool:
    """After a soft bounce of this lead: pause it if that was the third since it was last let go on; whether it did."""
    session.flush()
    since = lead_pauses.last_ended(session, lead_id)
    count = _reported(session, lead_id, since) + _refused(session, lead_id, since)
    return count >= MOST and lead_pauses.pause(session, lead_id, Reason.SOFT_BOUNCES, now)


def _reported(session: Session, lead_id: int, since: datetime | None) -> int:
    """Mails that came back, each counted once however often its server reports; one that it still tries counts for none."""
    counted = select(func.count(func.distinct(IncomingMail.action_id))).where(
        IncomingMail.lead_id == lead_id,
        IncomingMail.kind == IncomingKind.SOFT_BOUNCE,
        IncomingMail.is_delay.is_(False),
    )
    if since is not None:
        counted = counted.where(IncomingMail.read_at > since)
    return session.scalar(counted) or 0


def _refused(session: Session, lead_id: int, since: datetime | None) -> int:
    """Attempts that a server refused for the full box; the same mail, tried again, may be refused again."""
    counted = (
        select(func.count())
        .select_from(Event)
        .join(Action, Action.id == Event.action_id)
        .where(Action.lead_id == lead_id)
        .where(Event.after == ActionState.FAILED_TEMPORARY, Event.reason == Reason.RECIPIENT_FULL)
    )
    if since is not None:
        counted = counted.where(Event.at > since)
    return session.scalar(counted) or 0

"""Whether the computer's clock agrees with the ledger: an effect is never booked before one that is there already."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.tables import Event

_GRACE = timedelta(minutes=2)


def behind(session: Session, now: datetime) -> str:
    """The sentence for a clock that was set back; empty while all is well."""
    newest = session.scalar(select(func.max(Event.at)))
    if newest is None or newest <= now + _GRACE:
        return ""
    return (
        f"The computer's clock says {now:%Y-%m-%d %H:%M} UTC, but the ledger has reached {newest:%Y-%m-%d %H:%M} UTC."
        " Nothing runs until it has caught up; set the clock right."
    )

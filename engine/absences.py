"""Until when a lead is out of the office, by its own automatic answers: nothing of its sequence is due before."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.entries import entries_of
from storage.kinds import OPEN_STATES, IncomingKind, Reason
from storage.ledger import connection_of
from storage.postponing import put_off
from storage.prepared import Prepared
from storage.tables import IncomingMail

USUAL_ABSENCE = timedelta(days=7)
_ANSWERS = Prepared(
    select(IncomingMail.back_on, IncomingMail.arrived_at).where(
        IncomingMail.lead_id == bindparam("lead"), IncomingMail.kind == IncomingKind.AUTO_REPLY
    )
)


def mind(session: Session, lead_id: int) -> bool:
    """Put off what waits of a lead until it is back; whether anything was. Also asked of each step that is planned, and of
    one that turns out not to have gone: the answer may have come while a step was on its way."""
    until = away_until(session, lead_id)
    if until is None:
        return False
    waiting = entries_of(session, lead_ids=[lead_id], states=OPEN_STATES)
    return sum(put_off(session, entry.id, until, Reason.OUT_OF_OFFICE) for entry in waiting) > 0


def away_until(session: Session, lead_id: int) -> datetime | None:
    """The day after the latest return, or a week after an answer that names none; None when no answer came."""
    answers = _ANSWERS.rows(connection_of(session), {"lead": lead_id})
    ends = (_morning_after(each.back_on) if each.back_on else each.arrived_at + USUAL_ABSENCE for each in answers)
    return max(ends, default=None)


def _morning_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)

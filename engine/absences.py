"""Until when a lead is out of the office, by its own automatic answers: nothing of its sequence is due before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.entries import entries_of
from engine.rules.hours import day_start
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
    answers = _ANSWERS.rows(connection_of(session), {"lead": lead_id})
    if not answers:
        return False
    waiting = entries_of(session, lead_ids=[lead_id], states=OPEN_STATES)
    return sum(put_off(session, one.id, _back(answers, ZoneInfo(one.zone)), Reason.OUT_OF_OFFICE) for one in waiting) > 0


def _back(answers: Sequence[Any], zone: ZoneInfo) -> datetime:
    """The day after the latest return, as the identity's calendar has it, or a week after an answer that names none."""
    return max(
        day_start(zone, each.back_on + timedelta(days=1)) if each.back_on else each.arrived_at + USUAL_ABSENCE
        for each in answers
    )

"""What a mail server could say about a mail that just reached it: every promise, judged from what people had set.

Written without the code under test: wall-clock arithmetic on the identity's own columns, and plain SQL.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.channels.effects import Letter
from storage.kinds import ActionState, LeadState
from storage.tables import Action, Identity, Lane, Lead, LimitSetting, Mailbox, Stop, Suppression

GAP = timedelta(seconds=600)


def judge(session: Session, address: str, letter: Letter, now: datetime, earlier: list[datetime]) -> list[str]:
    """One line for each promise that this mail breaks; `earlier` are the instants of this address's mails before it."""
    box, ada = session.execute(_SENDER, {"address": address}).one()
    action, lead = session.execute(_MAIL, {"message_id": letter.message_id}).one()
    limit = _limit(session, box.id, now)
    today = sum(1 for at in earlier if at >= _midnight(ada, now)) + 1
    listed = session.execute(_LISTED, {"email": lead.email}).first()
    in_flight = session.execute(_IN_FLIGHT).all()
    found = {
        f"G1: {address} wrote at {now} for an action that was {action.state}": action.state is not ActionState.SENDING,
        f"G3: mail {today} of {limit} from {address} at {now}": today > limit,
        f"G3: {address} wrote again within the gap at {now}": any(abs(now - at) < GAP for at in earlier),
        f"G4: {address} wrote outside its hours at {now} ({ada.zone})": not _at_work(ada, now),
        f"G5: {address} wrote while stopped at {now}": _stopped(session),
        f"G6: {len(in_flight)} in flight at {now}": len(in_flight) > 1,
        f"G7: {lead.email} was written to though {lead.state}": lead.state is not LeadState.ACTIVE,
        f"G7: {lead.email} was written to though suppressed": listed is not None,
    }
    return [line for line, broken in found.items() if broken]


def _stopped(session: Session) -> bool:
    return session.execute(_PRESSED).first() is not None


def _limit(session: Session, mailbox_id: int, now: datetime) -> int:
    return session.scalars(_LIMIT, {"mailbox": mailbox_id, "now": now}).first() or 0


# Built once: a year has thousands of mails.
_SENDER = (
    select(Mailbox, Identity)
    .join(Identity, Identity.id == Mailbox.identity_id)
    .where(Mailbox.address == bindparam("address"))
)
_MAIL = select(Action, Lead).join(Lead, Lead.id == Action.lead_id).where(Action.message_id == bindparam("message_id"))
_LISTED = select(Suppression.id).where(Suppression.value == bindparam("email"))
_IN_FLIGHT = select(Action.id).where(Action.state == ActionState.SENDING)
_PRESSED = select(Stop.id).where(Stop.released_at.is_(None))
_LIMIT = (
    select(LimitSetting.value)
    .join(Lane, Lane.id == LimitSetting.lane_id)
    .where(Lane.mailbox_id == bindparam("mailbox"), LimitSetting.since <= bindparam("now"))
    .order_by(LimitSetting.since.desc(), LimitSetting.id.desc())
)


def _midnight(ada: Identity, now: datetime) -> datetime:
    """The start of the identity's local day; where midnight does not exist this is at most an hour early, never late."""
    zone = ZoneInfo(ada.zone)
    return datetime.combine(now.astimezone(zone).date(), time.min, zone)


def _at_work(ada: Identity, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(ada.zone))
    minute = local.hour * 60 + local.minute
    if ada.work_start < ada.work_end:
        return ada.work_start <= minute < ada.work_end and local.isoweekday() in ada.work_days
    opened = local if minute >= ada.work_start else local - timedelta(days=1)
    return (minute >= ada.work_start or minute < ada.work_end) and opened.isoweekday() in ada.work_days

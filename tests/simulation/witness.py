"""What a mail server could say about a mail that just reached it: every promise, judged from what people had set.

Written without the code under test: wall-clock arithmetic on the identity's own columns, and plain SQL.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.channels.effects import Letter
from storage.kinds import ActionState, LeadState
from storage.tables import Action, Identity, Lane, Lead, LimitSetting, Mailbox, Stop, Suppression

GAP = timedelta(seconds=600)


def judge(session: Session, address: str, letter: Letter, now: datetime, earlier: list[datetime]) -> list[str]:
    """One line for each promise that this mail breaks; `earlier` are the instants of this address's mails before it."""
    box = session.scalars(select(Mailbox).where(Mailbox.address == address)).one()
    ada = session.get_one(Identity, box.identity_id)
    action = session.scalars(select(Action).where(Action.message_id == letter.message_id)).one()
    lead = session.get_one(Lead, action.lead_id)
    limit = _limit(session, box.id, now)
    today = sum(1 for at in earlier if at >= _midnight(ada, now)) + 1
    listed = session.scalars(select(Suppression.id).where(Suppression.value == lead.email)).first()
    in_flight = session.scalars(select(Action.id).where(Action.state == ActionState.SENDING)).all()
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
    return session.scalars(select(Stop.id).where(Stop.released_at.is_(None))).first() is not None


def _limit(session: Session, mailbox_id: int, now: datetime) -> int:
    in_force = (
        select(LimitSetting.value)
        .join(Lane, Lane.id == LimitSetting.lane_id)
        .where(Lane.mailbox_id == mailbox_id, LimitSetting.since <= now)
        .order_by(LimitSetting.since.desc(), LimitSetting.id.desc())
    )
    return session.scalars(in_force).first() or 0


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

"""Leads that are held until a person lets them go on: they stay active, on their step and on their address."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import agenda
from engine.desk import WORKER, Desk, Problem, use_case
from storage.kinds import OPEN_STATES, LeadState, Permission, Reason
from storage.tables import Action, Campaign, Lead, LeadPause


def pause(session: Session, lead_id: int, reason: Reason, now: datetime) -> bool:
    """Hold a lead that is under way, or that comes back with its address; False when it is over, or held already."""
    lead = session.get_one(Lead, lead_id)
    comes_back = lead.state is LeadState.FAILED and lead.state_reason is Reason.ADDRESS_DISCONNECTED
    if not (lead.state is LeadState.ACTIVE or comes_back) or open_pause(session, lead_id) is not None:
        return False
    session.add(LeadPause(lead_id=lead_id, reason=reason, since=now))
    session.flush()
    _audit(Desk(session, WORKER, lead.workspace_id, now), lead, "lead.paused", {"why": reason})
    return True


@use_case(needs=Permission.MANAGE)
def go_on(desk: Desk, lead_id: int) -> None:
    """End the pause: the lead's next step runs as soon as its gates allow it."""
    row = open_pause(desk.session, lead_id)
    if row is None:
        raise Problem("This lead is not paused any more.")
    row.ended_at, row.ended_by = desk.now, desk.actor.label
    _audit(desk, desk.session.get_one(Lead, lead_id), "lead.continued", {"paused_since": row.since.isoformat()})
    waiting = select(Action.lane_id).where(Action.lead_id == lead_id, Action.state.in_(OPEN_STATES))
    agenda.wake_lane(desk.session, desk.session.scalars(waiting).all(), desk.now)


def open_pause(session: Session, lead_id: int) -> LeadPause | None:
    return session.scalars(select(LeadPause).where(LeadPause.lead_id == lead_id, LeadPause.ended_at.is_(None))).one_or_none()


def last_ended(session: Session, lead_id: int) -> datetime | None:
    """When a person last let it go on; what was counted before that counts no more."""
    return session.scalar(select(func.max(LeadPause.ended_at)).where(LeadPause.lead_id == lead_id))


def _audit(desk: Desk, lead: Lead, what: str, new: dict[str, str]) -> None:
    identity_id = desk.session.scalar(select(Campaign.identity_id).where(Campaign.id == lead.campaign_id))
    desk.audit(what, f"lead:{lead.id}", new=new, identity_id=identity_id)

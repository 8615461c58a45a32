"""A campaign's leads: found and counted in SQL, looked at, stopped."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from engine import sequence
from engine.campaign_lists import like
from engine.desk import Desk, Problem, use_case
from engine.paged import Paged, within
from engine.suppressions import suppressed_leads
from storage.kinds import CampaignState, LeadState, Permission, Reason
from storage.tables import Campaign, Lead, LeadImport, LeadPause, Mailbox

PAGE = 50
_HELD = and_(LeadPause.lead_id == Lead.id, LeadPause.ended_at.is_(None), Lead.state == LeadState.ACTIVE)


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One lead of a list."""

    id: int
    row: int | None
    name: str
    email: str
    linkedin_url: str
    company: str
    job_title: str
    state: LeadState
    reason: Reason | None
    state_since: datetime
    position: int
    mailbox: str
    paused: Reason | None  # why, while a lead that is active is held
    paused_since: datetime | None


@dataclass(frozen=True, slots=True)
class LeadView:
    """All that is known of one lead; `fields` are its file's further columns."""

    line: LeadLine
    campaign_id: int
    campaign_name: str
    campaign_state: CampaignState
    identity_id: int
    fields: dict[str, str]
    file_name: str
    created_at: datetime
    suppressed: bool


@use_case(needs=Permission.READ, reads=True)
def find(desk: Desk, campaign_id: int, search: str = "", state: LeadState | None = None, page: int = 1) -> Paged[LeadLine]:
    """One page of a campaign's leads in the order in which they came."""
    wanted = _narrowed(campaign_id, search, state)
    total = desk.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    number = within(page, total, PAGE)
    rows = desk.session.execute(
        select(Lead, Mailbox.address, LeadPause)
        .outerjoin(Mailbox, Mailbox.id == Lead.mailbox_id)
        .outerjoin(LeadPause, _HELD)
        .where(Lead.id.in_(wanted))
        .order_by(Lead.id)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    )
    return Paged(tuple(_line(*row) for row in rows), number, PAGE, total)


@use_case(needs=Permission.READ, reads=True)
def look_at(desk: Desk, lead_id: int) -> LeadView:
    lead, campaign, address, file_name, pause = desk.session.execute(
        select(Lead, Campaign, Mailbox.address, LeadImport.file_name, LeadPause)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .outerjoin(Mailbox, Mailbox.id == Lead.mailbox_id)
        .outerjoin(LeadImport, LeadImport.id == Lead.import_id)
        .outerjoin(LeadPause, _HELD)
        .where(Lead.id == lead_id)
    ).one()
    return LeadView(
        _line(lead, address, pause),
        campaign.id,
        campaign.name,
        campaign.state,
        campaign.identity_id,
        {name: str(value) for name, value in lead.fields.items()},
        file_name or "",
        lead.created_at,
        bool(suppressed_leads(desk.session, [lead_id])),
    )


@use_case(needs=Permission.MANAGE)
def stop(desk: Desk, lead_id: int) -> None:
    """End this lead's sequence for good: from this commit on nothing of it begins."""
    lead = desk.session.get_one(Lead, lead_id)
    may_come_back = lead.state is LeadState.FAILED and lead.state_reason is Reason.ADDRESS_DISCONNECTED
    if lead.state not in (LeadState.NEW, LeadState.ACTIVE) and not may_come_back:
        raise Problem(f"This lead's sequence has already ended: it is {lead.state.replace('_', ' ')}.")
    old = lead.state
    sequence.end(desk.session, [lead_id], LeadState.STOPPED, Reason.LEAD_STOPPED, actor=desk.actor.label, now=desk.now)
    identity_id = desk.session.get_one(Campaign, lead.campaign_id).identity_id
    desk.audit("lead.stopped", f"lead:{lead_id}", old={"state": old}, new={"state": "stopped"}, identity_id=identity_id)


def _narrowed(campaign_id: int, search: str, state: LeadState | None) -> Select[int]:
    wanted = select(Lead.id).where(Lead.campaign_id == campaign_id)
    if state is not None:
        wanted = wanted.where(Lead.state == state)
    for word in search.split():
        pattern = like(word)
        columns = (Lead.email, Lead.first_name, Lead.last_name, Lead.company, Lead.linkedin_url)
        wanted = wanted.where(or_(*[column.ilike(pattern, escape="\\") for column in columns]))
    return wanted


def _line(lead: Lead, address: str | None, pause: LeadPause | None) -> LeadLine:
    return LeadLine(
        lead.id,
        lead.row_number,
        lead.name,
        lead.email,
        lead.linkedin_url,
        lead.company,
        lead.job_title,
        lead.state,
        lead.state_reason,
        lead.state_since,
        lead.position,
        address or "",
        pause.reason if pause is not None else None,
        pause.since if pause is not None else None,
    )

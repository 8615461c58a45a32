"""Finding campaigns: pages of a workspace's campaigns with their figures, searched, filtered and counted in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.desk import Desk, use_case
from engine.paged import Paged, within
from storage.kinds import CampaignState, LeadState, Permission
from storage.tables import Campaign, Identity, Lead, LeadPause, Step

PAGE = 25


@dataclass(frozen=True, slots=True)
class Counts:
    """A campaign's leads by state."""

    by_state: dict[LeadState, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def over(self) -> int:
        """How many need nothing any more."""
        return self.total - self.of(LeadState.NEW) - self.of(LeadState.ACTIVE)

    def of(self, state: LeadState) -> int:
        return self.by_state.get(state, 0)


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign with its figures; `mailbox_id` None is Shuffle."""

    id: int
    name: str
    state: CampaignState
    identity_id: int
    identity_name: str
    zone: str
    mailbox_id: int | None
    step_count: int
    leads: Counts
    paused_leads: int  # of the active ones
    created_at: datetime
    launched_at: datetime | None
    paused_at: datetime | None
    paused_by: str
    finished_at: datetime | None


@use_case(needs=Permission.READ, reads=True)
def find(
    desk: Desk, search: str = "", state: CampaignState | None = None, identity_id: int | None = None, page: int = 1
) -> Paged[CampaignView]:
    """One page of the workspace's campaigns, the newest first."""
    wanted = _narrowed(desk, search, state, identity_id)
    total = desk.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    number = within(page, total, PAGE)
    ids = desk.session.scalars(wanted.order_by(Campaign.id.desc()).limit(PAGE).offset((number - 1) * PAGE)).all()
    return Paged(views(desk.session, list(ids)), number, PAGE, total)


@use_case(needs=Permission.READ, reads=True)
def look_at(desk: Desk, campaign_id: int) -> CampaignView:
    return views(desk.session, [campaign_id])[0]


def views(session: Session, campaign_ids: list[int]) -> tuple[CampaignView, ...]:
    """The campaigns in the order given."""
    rows = session.execute(
        select(Campaign, Identity).join(Identity, Identity.id == Campaign.identity_id).where(Campaign.id.in_(campaign_ids))
    )
    found = {row[0].id: (row[0], row[1]) for row in rows}
    leads = _lead_counts(session, campaign_ids)
    counted = select(Step.campaign_id, func.count()).where(Step.campaign_id.in_(campaign_ids)).group_by(Step.campaign_id)
    steps: dict[int, int] = {row[0]: row[1] for row in session.execute(counted)}
    held = _held_counts(session, campaign_ids)
    return tuple(
        _view(*found[each], steps.get(each, 0), Counts(leads.get(each, {})), held.get(each, 0)) for each in campaign_ids
    )


def like(text: str) -> str:
    """A LIKE pattern that finds `text` anywhere, taken literally; for use with escape="\\\\"."""
    return "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _narrowed(desk: Desk, search: str, state: CampaignState | None, identity_id: int | None) -> Select[int]:
    wanted = select(Campaign.id).where(Campaign.workspace_id == desk.workspace, desk.visible(Campaign.identity_id))
    if search.strip():
        wanted = wanted.where(Campaign.name.ilike(like(search), escape="\\"))
    if state is not None:
        wanted = wanted.where(Campaign.state == state)
    if identity_id is not None:
        wanted = wanted.where(Campaign.identity_id == identity_id)
    return wanted


def _lead_counts(session: Session, campaign_ids: list[int]) -> dict[int, dict[LeadState, int]]:
    found: dict[int, dict[LeadState, int]] = {}
    rows = session.execute(
        select(Lead.campaign_id, Lead.state, func.count())
        .where(Lead.campaign_id.in_(campaign_ids))
        .group_by(Lead.campaign_id, Lead.state)
    )
    for campaign_id, state, count in rows:
        found.setdefault(campaign_id, {})[state] = count
    return found


def _held_counts(session: Session, campaign_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Lead.campaign_id, func.count())
        .join(LeadPause, LeadPause.lead_id == Lead.id)
        .where(LeadPause.ended_at.is_(None), Lead.state == LeadState.ACTIVE, Lead.campaign_id.in_(campaign_ids))
        .group_by(Lead.campaign_id)
    )
    return {row[0]: row[1] for row in rows}


def _view(campaign: Campaign, identity: Identity, steps: int, leads: Counts, paused: int) -> CampaignView:
    return CampaignView(
        campaign.id,
        campaign.name,
        campaign.state,
        identity.id,
        identity.name,
        identity.zone,
        campaign.mailbox_id,
        steps,
        leads,
        paused,
        campaign.created_at,
        campaign.launched_at,
        campaign.paused_at,
        campaign.paused_by,
        campaign.finished_at,
    )

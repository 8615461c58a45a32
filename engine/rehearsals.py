"""What a launch will look like: when the first mail may go, and about how many days it takes within today's limits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.dealing import able_mailboxes, capacities
from engine.desk import Desk, use_case
from engine.rules.hours import next_window
from engine.situations import working_hours
from storage.kinds import ActionKind, LeadState, Permission
from storage.tables import Campaign, Lead, Step


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`first_at` is None without working hours; `days` are working days, None when no address may send."""

    mails: int
    first_at: datetime | None
    a_day: int
    addresses: int
    days: int | None


@use_case(needs=Permission.READ, reads=True)
def rehearse(desk: Desk, campaign_id: int) -> Rehearsal:
    """The sum for the leads that are still to get something, as if nobody replied."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    hours = working_hours(desk.session, [campaign.identity_id], desk.now)[campaign.identity_id]
    window = next_window(hours, desk.now)
    sending = capacities(desk.session, able_mailboxes(desk.session, campaign), desk.now)
    a_day = sum(sending.values())
    mails = _mails(desk, campaign_id)
    days = -(-mails // a_day) if a_day else None
    return Rehearsal(mails, max(window.opens, desk.now) if window else None, a_day, len(sending), days)


def _mails(desk: Desk, campaign_id: int) -> int:
    steps = desk.session.scalar(select(func.count()).where(Step.campaign_id == campaign_id, Step.kind == ActionKind.EMAIL))
    under_way = Lead.state.in_([LeadState.NEW, LeadState.ACTIVE])
    count, done = desk.session.execute(
        select(func.count(), func.coalesce(func.sum(Lead.position), 0)).where(Lead.campaign_id == campaign_id, under_way)
    ).one()
    return max(0, count * (steps or 0) - int(done))

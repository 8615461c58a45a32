"""How fairly a campaign's leads were dealt: each address's leads beside its share by daily limit."""

from dataclasses import dataclass

from sqlalchemy import select

from engine.campaigns import dealt_counts
from engine.dealing import able_mailboxes, capacities
from engine.desk import Desk, use_case
from storage.kinds import Permission
from storage.tables import Campaign, Mailbox


@dataclass(frozen=True, slots=True)
class Dealt:
    """One address; `a_day` is 0 for one that gets no further leads, and `due` is its exact share of all leads."""

    address: str
    a_day: int
    leads: int
    due: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """`deviation` is the largest difference between leads and exact share among the addresses that are dealt to."""

    is_shuffle: bool
    rows: tuple[Dealt, ...]
    total: int
    deviation: float


@use_case(needs=Permission.READ, reads=True)
def fairness(desk: Desk, campaign_id: int) -> Fairness:
    """Every address that has leads of the campaign, or may be dealt some."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    has = dealt_counts(desk.session, campaign_id)
    a_day = capacities(desk.session, able_mailboxes(desk.session, campaign), desk.now)
    dealt_to = sum(has.get(each, 0) for each in a_day)
    due = {each: dealt_to * limit / sum(a_day.values()) for each, limit in a_day.items()}
    shown = select(Mailbox.id, Mailbox.address).where(Mailbox.id.in_({*has, *a_day})).order_by(Mailbox.id)
    rows = tuple(
        Dealt(address, a_day.get(key, 0), has.get(key, 0), due.get(key, 0.0)) for key, address in desk.session.execute(shown)
    )
    deviation = max((abs(has.get(each, 0) - due[each]) for each in a_day), default=0.0)
    return Fairness(campaign.mailbox_id is None, rows, sum(has.values()), deviation)

"""The Sales Navigator seats that may read for a campaign: its own identity's, and what the others share with the workspace.

The shared pool of a workspace is what its identities share of their seats, each a number a day. A campaign's own identity
adds the whole of its own seat to that. A seat's daily limit holds for both together, its share for the others alone.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agenda, counts, linkedin_accounts, linkedin_lanes
from engine.desk import Desk, Problem, use_case
from engine.linkedin_limits import MOST_A_DAY
from storage.kinds import ActionKind, LinkedInState, Permission
from storage.tables import Campaign, Identity, Lane, LinkedInAccount

PAGE = 25  # people on one page of Sales Navigator's results
MOST_PEOPLE = 2_500  # of one search: Sales Navigator shows no page after the hundredth


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat as a campaign sees it: what it may do a day for this campaign, and what of that is left today."""

    identity_id: int
    name: str
    is_own: bool
    state: LinkedInState
    a_day: int
    left_today: int


@dataclass(frozen=True, slots=True)
class Share:
    """What an identity shares of its seat a day, and what others used of it today; `limit` is the seat's own."""

    value: int
    used_today: int
    limit: int


@use_case(needs=Permission.READ, reads=True)
def of_campaign(desk: Desk, campaign_id: int) -> tuple[Seat, ...]:
    """The seats that may read for this campaign and whose identities the reader has access to; its own one first."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    rows = desk.session.execute(
        select(Identity, LinkedInAccount, Lane.id)
        .join(LinkedInAccount, LinkedInAccount.identity_id == Identity.id)
        .join(Lane, Lane.identity_id == Identity.id)
        .where(
            Lane.mailbox_id.is_(None),
            Identity.workspace_id == desk.workspace,
            Identity.archived_at.is_(None),
            LinkedInAccount.has_seat,
            (Identity.id == campaign.identity_id) | (LinkedInAccount.shared_scrapings > 0),
            desk.visible(Identity.id),
        )
        .order_by(Identity.id != campaign.identity_id, Identity.sort_name)
    ).all()
    used = counts.read(desk.session, {row[2]: ZoneInfo(row[0].zone) for row in rows}, desk.now)
    return tuple(_seat(desk, campaign, used, *row) for row in rows)


def _seat(
    desk: Desk, campaign: Campaign, used: counts.Counts, identity: Identity, account: LinkedInAccount, lane_id: int
) -> Seat:
    today = used.today(lane_id).get(ActionKind.SCRAPING)
    limit, left = (today.limit, today.remaining) if today is not None else (0, 0)
    is_own = identity.id == campaign.identity_id
    if not is_own:
        taken = counts.shared_today(desk.session, lane_id, ZoneInfo(identity.zone), desk.now)
        left = max(0, min(left, account.shared_scrapings - taken))
        limit = min(limit, account.shared_scrapings)
    return Seat(identity.id, identity.name, is_own, identity.linkedin_state, limit, left)


@use_case(needs=Permission.READ, reads=True)
def rehearse(desk: Desk, campaign_id: int, identity_id: int, most: int) -> str:
    """What reading so many people would take with this seat, in a sentence."""
    found = of_campaign(desk, campaign_id)
    seat = next((one for one in found if one.identity_id == identity_id), None)
    if seat is None or most < 1:
        return ""
    scrapings = most + -(-most // PAGE)
    each = f"one for each person's page, one for each page of {PAGE} names"
    sum_ = f"{most:,} people take up to {scrapings:,} scrapings: {each}."
    whose = f"{seat.name}’s seat may do {seat.a_day:,} a day" if seat.is_own else f"{seat.name} shares {seat.a_day:,} a day"
    if not seat.a_day:
        return f"{sum_} {whose}, so nothing would be read."
    days = -(-max(0, scrapings - seat.left_today) // seat.a_day) + (seat.left_today > 0)
    return f"{sum_} {whose}, {seat.left_today:,} are left today: about {days:,} working {'day' if days == 1 else 'days'}."


@use_case(needs=Permission.READ, reads=True)
def share_of(desk: Desk, identity_id: int) -> Share | None:
    """None without a seat."""
    account, lane = (
        linkedin_accounts.account_of(desk.session, identity_id),
        linkedin_lanes.lane_of(desk.session, identity_id),
    )
    if account is None or lane is None or not account.has_seat:
        return None
    zone = ZoneInfo(desk.session.get_one(Identity, identity_id).zone)
    today = counts.read(desk.session, {lane.id: zone}, desk.now).today(lane.id).get(ActionKind.SCRAPING)
    taken = counts.shared_today(desk.session, lane.id, zone, desk.now)
    return Share(account.shared_scrapings, taken, today.limit if today is not None else 0)


@use_case(needs=Permission.MANAGE)
def share(desk: Desk, identity_id: int, value: int) -> None:
    """Share so many of the seat's scrapings a day with the workspace from now on; 0 takes it out of the pool."""
    account, lane = (
        linkedin_accounts.account_of(desk.session, identity_id),
        linkedin_lanes.lane_of(desk.session, identity_id),
    )
    if account is None or lane is None or not account.has_seat:
        raise Problem("This account has no Sales Navigator seat, so there is nothing to share.")
    if not 0 <= value <= MOST_A_DAY:
        raise Problem(f"A seat shares between 0 and {MOST_A_DAY} scrapings a day; {value:,} does not lie there.")
    if account.shared_scrapings == value:
        return
    old, account.shared_scrapings = account.shared_scrapings, value
    desk.audit(
        "scrapings.shared",
        f"identity:{identity_id}",
        old={"a_day": old},
        new={"a_day": value},
        identity_id=identity_id,
    )
    agenda.wake_lane(desk.session, [lane.id], desk.now)


def require(session: Session, campaign: Campaign, identity_id: int) -> bool:
    """Whether the seat is borrowed for this campaign; Problem when it may not read for it at all."""
    account = linkedin_accounts.account_of(session, identity_id)
    if account is None or not account.has_seat or linkedin_lanes.lane_of(session, identity_id) is None:
        raise Problem(
            "This identity has no Sales Navigator seat. Choose one of the shared pool, or connect an account that has one."
        )
    borrowed = identity_id != campaign.identity_id
    if borrowed and not account.shared_scrapings:
        raise Problem(
            "This seat is not shared with the other identities of the workspace. Share some of its scrapings on its "
            "Rate limits tab, or choose another seat."
        )
    return borrowed

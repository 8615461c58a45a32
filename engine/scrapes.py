"""Reading a Sales Navigator search or list into a campaign's leads: begun, stopped, taken up again, and how far it is."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine import cool_downs, sales_urls, scrape_alerts, scrape_keeping, seats
from engine.desk import Desk, Problem, use_case
from engine.lead_rows import RowProblem
from engine.people_elsewhere import written_to_elsewhere
from engine.rules.facts import Verdict
from engine.rules.permit import permit
from engine.sales_urls import SalesUrl
from engine.situations import gather
from engine.suppressions import suppressed_leads
from storage.kinds import ActionState, CampaignState, LeadState, Permission, SalesKind, ScrapeState
from storage.tables import Action, Campaign, Identity, Lead, Scrape, ScrapedPerson

_MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """How far one reading is. `found` people were named, of whom `leads` became leads and `problem_count` did not.

    `verdict` is that of the next page's action, None when none is open; `in_flight`: it is being read. `seat_name` is
    empty for who has no access to the identity whose seat it is.
    """

    id: int
    kind: SalesKind
    address: str
    seat_id: int
    seat_name: str
    zone: str
    borrowed: bool
    state: ScrapeState
    note: str
    most: int
    told: int | None
    found: int
    settled: int
    leads: int
    problem_count: int
    unread: int
    page: int
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str
    said: str = ""  # what LinkedIn said when the next page was tried last
    action_id: int | None = None
    verdict: Verdict | None = None
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Of the leads that a reading brought and that have not begun, those that the launch leaves out, or that must wait."""

    suppressed: int = 0
    elsewhere: int = 0
    cooling: int = 0
    free_again: datetime | None = None  # when the last of those in cool-down is


@use_case(needs=Permission.MANAGE)
def start(desk: Desk, campaign_id: int, url: str, identity_id: int, most: int) -> int:
    """Begin to read a search or list with this identity's seat, for at most so many people; the worker does it."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    if campaign.state is CampaignState.FINISHED:
        raise Problem("The campaign is finished. Duplicate it and read the leads there.")
    found = sales_urls.parse(url)
    if found is None:
        raise Problem(sales_urls.wrong(url))
    if not 1 <= most <= seats.MOST_PEOPLE:
        raise Problem(f"Read between 1 and {seats.MOST_PEOPLE:,} people; Sales Navigator shows no more of one search.")
    borrowed = seats.require(desk.session, campaign, identity_id)
    _require_not_going(desk, campaign_id, found.path)
    scrape = _begun(desk, campaign, identity_id, borrowed, found, most)
    scrape_keeping.plan_next(desk.session, scrape, desk.now)
    told = {"kind": found.kind.value, "seat": identity_id, "shared": borrowed, "most": most}
    desk.audit("scrape.started", f"campaign:{campaign_id}", new=told, identity_id=campaign.identity_id)
    return scrape.id


def _require_not_going(desk: Desk, campaign_id: int, path: str) -> None:
    same = (Scrape.campaign_id == campaign_id, Scrape.url_hash == _hashed(path), Scrape.ended_at.is_(None))
    if desk.session.scalar(select(Scrape.id).where(*same)) is not None:
        raise Problem("This search is being read into this campaign already; nothing was begun.")


def _hashed(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _begun(desk: Desk, campaign: Campaign, seat_id: int, borrowed: bool, found: SalesUrl, most: int) -> Scrape:
    scrape = Scrape(
        workspace_id=desk.workspace,
        campaign_id=campaign.id,
        seat_id=seat_id,
        borrowed=borrowed,
        kind=found.kind,
        url=found.path,
        url_hash=_hashed(found.path),
        most=most,
        state=ScrapeState.READING,
        created_at=desk.now,
        created_by=desk.actor.label,
    )
    desk.session.add(scrape)
    desk.session.flush()
    return scrape


@use_case(needs=Permission.PRESS_STOP)
def stop(desk: Desk, scrape_id: int) -> None:
    """From this commit on no page of it is opened; at most the one in flight ends. The leads that came in stay."""
    scrape = desk.session.get_one(Scrape, scrape_id, with_for_update=True)
    if scrape.state is not ScrapeState.READING:
        raise Problem("It has ended already; nothing was stopped.")
    scrape_keeping.end(desk.session, scrape, ScrapeState.STOPPED, "", desk.actor.label, desk.now)


@use_case(needs=Permission.MANAGE)
def leave(desk: Desk, scrape_id: int) -> None:
    """Somebody decided that what failed is left at that; nobody is told of it any more, and it may still go on."""
    scrape = desk.session.get_one(Scrape, scrape_id, with_for_update=True)
    if scrape.state is not ScrapeState.FAILED:
        raise Problem("Only what failed can be left at that; nothing was changed.")
    scrape.state, scrape.ended_by = ScrapeState.STOPPED, desk.actor.label
    scrape_alerts.over(desk.session, scrape, desk.now)
    campaign = desk.session.get_one(Campaign, scrape.campaign_id)
    told = {"scrape": scrape_id}
    desk.audit("scrape.left", f"campaign:{scrape.campaign_id}", new=told, identity_id=campaign.identity_id)


@use_case(needs=Permission.MANAGE)
def go_on(desk: Desk, scrape_id: int) -> None:
    """Take up again what was stopped or failed, where it was."""
    scrape = desk.session.get_one(Scrape, scrape_id, with_for_update=True)
    campaign = desk.session.get_one(Campaign, scrape.campaign_id)
    if scrape.state not in (ScrapeState.STOPPED, ScrapeState.FAILED):
        raise Problem("Only what was stopped or failed can go on.")
    if campaign.state is CampaignState.FINISHED:
        raise Problem("The campaign is finished. Duplicate it and read the leads there.")
    _require_not_going(desk, scrape.campaign_id, scrape.url)
    scrape.borrowed = seats.require(desk.session, campaign, scrape.seat_id)
    scrape.state, scrape.note, scrape.ended_at, scrape.ended_by = ScrapeState.READING, "", None, ""
    desk.session.flush()
    scrape_alerts.over(desk.session, scrape, desk.now)
    scrape_keeping.plan_next(desk.session, scrape, desk.now)
    told = {"scrape": scrape_id}
    desk.audit("scrape.went_on", f"campaign:{scrape.campaign_id}", new=told, identity_id=campaign.identity_id)


@use_case(needs=Permission.READ, reads=True)
def of_campaign(desk: Desk, campaign_id: int) -> tuple[Reading, ...]:
    """A campaign's readings, the newest first."""
    rows = desk.session.execute(
        select(Scrape, Identity, desk.visible(Identity.id))
        .join(Identity, Identity.id == Scrape.seat_id)
        .where(Scrape.campaign_id == campaign_id)
        .order_by(Scrape.id.desc())
        .limit(50)
    ).all()
    sums = _sums(desk, [row[0].id for row in rows])
    return tuple(_reading(desk, scrape, seat, bool(seen), sums.get(scrape.id, (0, 0, 0, 0))) for scrape, seat, seen in rows)


def _sums(desk: Desk, scrape_ids: list[int]) -> dict[int, tuple[int, int, int, int]]:
    counted = (
        select(
            ScrapedPerson.scrape_id,
            func.count(),
            func.count(ScrapedPerson.settled_at),
            func.count(ScrapedPerson.lead_id),
            func.count(func.nullif(ScrapedPerson.problem, "")),
        )
        .where(ScrapedPerson.scrape_id.in_(scrape_ids))
        .group_by(ScrapedPerson.scrape_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in desk.session.execute(counted)}


def _reading(desk: Desk, scrape: Scrape, seat: Identity, may_see: bool, sums: tuple[int, int, int, int]) -> Reading:
    action_id = scrape_keeping.open_action(desk.session, scrape.id)
    action = desk.session.get(Action, action_id) if action_id is not None else None
    state = action.state if action is not None else None
    verdict = None
    if action_id is not None and state is not None and state.is_open:
        verdict = permit(gather(desk.session, [action_id], desk.now)[action_id], desk.now)
    found, settled, leads, problems = sums
    return Reading(
        id=scrape.id,
        kind=scrape.kind,
        address=sales_urls.address(scrape.url),
        seat_id=scrape.seat_id,
        seat_name=seat.name if may_see else "",
        zone=seat.zone if may_see else "UTC",
        borrowed=scrape.borrowed,
        state=scrape.state,
        note=scrape.note,
        most=scrape.most,
        told=scrape.told,
        found=found,
        settled=settled,
        leads=leads,
        problem_count=problems,
        unread=scrape.unread,
        page=scrape.page,
        created_at=scrape.created_at,
        created_by=scrape.created_by,
        ended_at=scrape.ended_at,
        ended_by=scrape.ended_by,
        said=action.note if action is not None and state is ActionState.FAILED_TEMPORARY else "",
        action_id=action_id if may_see else None,
        verdict=verdict,
        in_flight=state is not None and not state.is_open,
    )


@use_case(needs=Permission.READ, reads=True)
def problems_of(desk: Desk, scrape_id: int) -> tuple[RowProblem, ...]:
    """Who did not become a lead, and why, as they came; `row` is the person's place in the results."""
    told = (
        select(ScrapedPerson.number, ScrapedPerson.name, ScrapedPerson.problem)
        .where(ScrapedPerson.scrape_id == scrape_id, ScrapedPerson.problem != "")
        .order_by(ScrapedPerson.number)
        .limit(_MOST_SHOWN)
    )
    return tuple(RowProblem(number, _named(name, problem)) for number, name, problem in desk.session.execute(told))


def _named(name: str, problem: str) -> str:
    return problem if not name or name in problem else f"{name}: {problem}"


@use_case(needs=Permission.READ, reads=True)
def held_back(desk: Desk, scrape_id: int) -> HeldBack:
    """Whom of the leads it brought the launch leaves out, and who can't be invited yet: the checks of any import."""
    came = (
        select(Lead.id, Lead.linkedin_url)
        .join(ScrapedPerson, ScrapedPerson.lead_id == Lead.id)
        .where(ScrapedPerson.scrape_id == scrape_id, Lead.state == LeadState.NEW)
    )
    leads = {row[0]: row[1] for row in desk.session.execute(came)}
    suppressed = suppressed_leads(desk.session, list(leads))
    campaign_id = desk.session.get_one(Scrape, scrape_id).campaign_id
    elsewhere = written_to_elsewhere(desk.session, campaign_id, [each for each in leads if each not in suppressed])
    cooling = cool_downs.of_workspace(desk)
    ends = [cooling[profile] for profile in leads.values() if profile in cooling]
    return HeldBack(len(suppressed), len(elsewhere), len(ends), max(ends, default=None))

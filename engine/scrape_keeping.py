"""Bringing a reading on: its next page is planned when the one before is settled, so one page of it is open at a time.

What a page said, who became a lead, and the next page's action are written in the transaction that records the page's
action. So a process that dies loses nothing and doubles nothing: at most a page is read again, and spends again.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import agenda, linkedin_lanes, scrape_alerts, sequence
from engine.desk import WORKER, Desk
from engine.entries import entry_of
from engine.outcomes import day_of
from engine.seats import MOST_PEOPLE, PAGE
from storage.database import Database
from storage.kinds import FINAL_STATES, ActionKind, ActionState, CampaignState, Reason, ScrapeState
from storage.ledger import Note, move, plan
from storage.tables import Action, Campaign, Identity, Scrape, ScrapedPerson, ScrapeReading

_MOST_PAGES = MOST_PEOPLE // PAGE
_CAMPAIGN_OVER = "The campaign is finished, so reading stopped."
_NO_LANE = "The seat's account was never connected, so nothing can be read."


def plan_next(session: Session, scrape: Scrape, now: datetime) -> None:
    """Plan the next page, or end the reading when there is none; nothing while one is open or in flight."""
    if scrape.state is not ScrapeState.READING or open_action(session, scrape.id) is not None:
        return
    if session.get_one(Campaign, scrape.campaign_id).state is CampaignState.FINISHED:
        end(session, scrape, ScrapeState.STOPPED, _CAMPAIGN_OVER, "worker", now)
        return
    person_id, found = _next_person(session, scrape.id), people_found(session, scrape.id)
    may_turn = scrape.has_more and found < scrape.most and scrape.page < _MOST_PAGES
    if person_id is not None and scrape.page:
        _plan(session, scrape, None, person_id, now)
    elif may_turn:
        _plan(session, scrape, scrape.page + 1, None, now)
    else:
        end(session, scrape, ScrapeState.DONE, _why_done(scrape, found), "worker", now)


def _why_done(scrape: Scrape, found: int) -> str:
    if not found:
        return "Sales Navigator shows nobody there."
    if scrape.has_more and found >= scrape.most:
        return f"It has more people than the {scrape.most:,} that were asked for."
    if scrape.has_more:
        return f"Sales Navigator shows no more than {MOST_PEOPLE:,} people of one search; narrow it to reach the others."
    return ""


def end(session: Session, scrape: Scrape, state: ScrapeState, note: str, by: str, now: datetime) -> None:
    """Nothing more is read; what is in flight may still end, and what came in stays."""
    cancel_open(session, scrape.id, by, now)
    scrape.state, scrape.note, scrape.ended_at, scrape.ended_by = state, note, now, by
    session.flush()
    (scrape_alerts.failed if state is ScrapeState.FAILED else scrape_alerts.over)(session, scrape, now)
    found = people_found(session, scrape.id)
    Desk(session, WORKER, scrape.workspace_id, now).audit(
        f"scrape.{state}",
        f"campaign:{scrape.campaign_id}",
        new={"scrape": scrape.id, "people": found, "pages": scrape.page, "note": note, "by": by},
        identity_id=session.get_one(Campaign, scrape.campaign_id).identity_id,
    )
    sequence.finish_if_done(session, scrape.campaign_id, now)  # it was kept from its end by what might still come


def end_all(session: Session, campaign_ids: Sequence[int], by: str, now: datetime) -> None:
    """End the readings of campaigns that are over."""
    going = select(Scrape).where(Scrape.campaign_id.in_(campaign_ids), Scrape.ended_at.is_(None))
    for scrape in session.scalars(going).all():
        end(session, scrape, ScrapeState.STOPPED, _CAMPAIGN_OVER, by, now)
    failed = select(Scrape).where(Scrape.campaign_id.in_(campaign_ids), Scrape.state == ScrapeState.FAILED)
    for scrape in session.scalars(failed).all():
        scrape_alerts.over(session, scrape, now)  # nobody need go on with it any more


def cancel_open(session: Session, scrape_id: int, by: str, now: datetime) -> None:
    action_id = open_action(session, scrape_id)
    entry = entry_of(session, action_id) if action_id is not None else None
    if entry is not None and entry.state.is_open:
        move(session, entry, ActionState.CANCELLED, Note(now, day_of(entry, now), by, Reason.DECIDED_GIVE_UP))


def open_action(session: Session, scrape_id: int) -> int | None:
    """The action that reads this search's next page, while it is not final."""
    reading = (
        select(Action.id)
        .join(ScrapeReading, ScrapeReading.action_id == Action.id)
        .where(ScrapeReading.scrape_id == scrape_id, Action.state.not_in(FINAL_STATES))
    )
    return session.scalar(reading.limit(1))


def people_found(session: Session, scrape_id: int) -> int:
    return session.scalar(select(func.count()).where(ScrapedPerson.scrape_id == scrape_id)) or 0


def keep_due(database: Database, now: datetime) -> int:
    """The net below a reading whose next page was not planned: a fault came between; returns how many were taken up."""
    with database.read() as session:
        waiting = _stranded(session)
    for scrape_id in waiting:
        with database.write() as session:
            plan_next(session, session.get_one(Scrape, scrape_id, with_for_update=True), now)
    return len(waiting)


def _stranded(session: Session) -> list[int]:
    is_open = (
        select(Action.id)
        .join(ScrapeReading, ScrapeReading.action_id == Action.id)
        .where(ScrapeReading.scrape_id == Scrape.id, Action.state.not_in(FINAL_STATES))
    )
    return list(session.scalars(select(Scrape.id).where(Scrape.ended_at.is_(None), ~is_open.exists())))


def _next_person(session: Session, scrape_id: int) -> int | None:
    """Whoever was tried least, then in their order: one page that never opens keeps nobody else waiting."""
    tries = select(func.count()).where(ScrapeReading.person_id == ScrapedPerson.id).scalar_subquery()
    unsettled = select(ScrapedPerson.id).where(ScrapedPerson.scrape_id == scrape_id, ScrapedPerson.settled_at.is_(None))
    return session.scalar(unsettled.order_by(tries, ScrapedPerson.number).limit(1))


def _plan(session: Session, scrape: Scrape, page: int | None, person_id: int | None, now: datetime) -> None:
    lane = linkedin_lanes.lane_of(session, scrape.seat_id)
    if lane is None:
        end(session, scrape, ScrapeState.FAILED, _NO_LANE, "worker", now)
        return
    number = session.scalar(select(func.count()).where(ScrapeReading.scrape_id == scrape.id)) or 0
    key = f"reading {number + 1} of Sales Navigator {scrape.id}"
    row = {
        "workspace_id": scrape.workspace_id,
        "identity_id": scrape.seat_id,
        "lane_id": lane.id,
        "kind": ActionKind.SCRAPING,
        "state": ActionState.PLANNED,
        # Leads are read before the launch, so the campaign's own state is no gate of it.
        "campaign_id": None,
        "lead_id": None,
        "step_id": None,
        "due_at": now,
        "message_id": key,
        "created_at": now,
    }
    zone = ZoneInfo(session.get_one(Identity, scrape.seat_id).zone)
    plan(session, [row], Note(now, now.astimezone(zone).date(), "worker"))
    action_id = session.scalars(select(Action.id).where(Action.message_id == key)).one()
    session.add(ScrapeReading(action_id=action_id, scrape_id=scrape.id, page=page, person_id=person_id))
    session.flush()
    agenda.wake_lane(session, [lane.id], now)

"""What an identity did and what was changed about it: the newest lines of the ledger and of the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, not_, select

from engine.desk import Desk, use_case
from storage.kinds import ActionKind, ActionState, Permission, Reason
from storage.tables import Action, Audit, Campaign, Event, Lead, Scrape, ScrapedPerson, ScrapeReading

PAGE = 50
# Every action passes these; what became of it is the line that a person looks for.
_ON_THE_WAY = (ActionState.PLANNED, ActionState.DUE, ActionState.RESERVED, ActionState.SENDING, ActionState.RECONCILING)


@dataclass(frozen=True, slots=True)
class Line:
    """One change of one action; `id` orders the lines and names the page that follows."""

    id: int
    at: datetime
    action_id: int
    kind: ActionKind
    state: ActionState
    reason: Reason | None
    actor: str
    lead_id: int | None
    lead: str
    campaign: str
    read: str = ""  # of a scraping: which page, or whose


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a person made; `old` and `new` hold the fields that differ."""

    id: int
    at: datetime
    actor: str
    what: str
    old: dict[str, Any]
    new: dict[str, Any]


@use_case(needs=Permission.READ, reads=True)
def lines(desk: Desk, identity_id: int, before: int | None = None) -> tuple[Line, ...]:
    """What became of the identity's actions: the newest 50 lines of its ledger, or the 50 before the line `before`.

    Whom its seat read for another identity's campaign is not told: the reader may have no access to that one.
    """
    own_reading = and_(Scrape.id == ScrapeReading.scrape_id, not_(Scrape.borrowed))
    rows = desk.session.execute(
        select(Event, Lead, Campaign.name, ScrapeReading.page, ScrapedPerson.name)
        .join(Action, Action.id == Event.action_id)
        .outerjoin(Lead, Lead.id == Action.lead_id)
        .outerjoin(ScrapeReading, ScrapeReading.action_id == Action.id)
        .outerjoin(Scrape, own_reading)
        .outerjoin(ScrapedPerson, and_(ScrapedPerson.id == ScrapeReading.person_id, Scrape.id.is_not(None)))
        .outerjoin(Campaign, Campaign.id == func.coalesce(Event.campaign_id, Scrape.campaign_id))
        .where(Event.identity_id == identity_id)
        .where(Event.id < before if before else Event.id > 0, Event.after.not_in(_ON_THE_WAY))
        .order_by(Event.id.desc())
        .limit(PAGE)
    )
    return tuple(_line(event, lead, campaign or "", _read(page, person)) for event, lead, campaign, page, person in rows)


def _read(page: int | None, person: str | None) -> str:
    return f"page {page:,} of a Sales Navigator search" if page is not None else person or ""


@use_case(needs=Permission.READ, reads=True)
def changes(desk: Desk, identity_id: int) -> tuple[Change, ...]:
    """The newest 50 changes that people made to this identity and what belongs to it."""
    rows = desk.session.scalars(
        select(Audit)
        .where(Audit.workspace_id == desk.workspace, Audit.identity_id == identity_id)
        .order_by(Audit.id.desc())
        .limit(PAGE)
    )
    return tuple(Change(row.id, row.at, row.actor, row.what, row.old or {}, row.new or {}) for row in rows)


def _line(event: Event, lead: Lead | None, campaign: str, read: str) -> Line:
    return Line(
        id=event.id,
        at=event.at,
        action_id=event.action_id,
        kind=event.kind,
        state=event.after,
        reason=event.reason,
        actor=event.actor,
        lead_id=lead.id if lead else None,
        lead=lead.name if lead else "",
        campaign=campaign,
        read=read,
    )

"""The hand that reads Sales Navigator: one page an action, and what it said in the same transaction as its record."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_alerts, linkedin_lanes, scrape_findings, scrape_keeping
from engine.channels.effects import Accepted, Delivery, Failed, Outcome, in_one_step
from engine.channels.linkedin.outcomes import LeadProblem, LinkedIn, SalesLead, SalesPage, SessionState
from engine.desk import Problem
from engine.linkedin_hand import settle_failure
from engine.linkedin_outcomes import outcome_of
from storage.kinds import ActionKind, ActionState, Reason, ScrapeState
from storage.ledger import Entry
from storage.tables import Event, Identity, Scrape, ScrapedPerson, ScrapeReading
from storage.vault import Vault

_SECONDS = 150.0  # below the lease of a lane
_MOST_FAILURES = {Reason.PAGE_UNKNOWN: 2, Reason.UNREACHABLE: 6}
_GIVEN_UP = {
    Reason.PAGE_UNKNOWN: "Twice the page was not as expected, so reading stopped; a picture of it was kept. ",
    Reason.UNREACHABLE: "Six times the page did not open, so reading stopped. ",
}


@dataclass(frozen=True, slots=True)
class PageRead(Accepted):
    page: SalesPage = field(kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class ProfileRead(Accepted):
    slug: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One page to read; `name` is whose page it is, empty for one of results."""

    driver: LinkedIn
    identity: str
    state: SessionState = field(repr=False)
    path: str
    page: int
    name: str

    @property
    def evidence(self) -> dict[str, Any]:
        return {"opens": f"linkedin.com{self.path}", **({} if self.name else {"page": self.page})}

    def delivery(self, seconds: float) -> Delivery:
        return in_one_step(lambda: self._deliver(seconds))

    def _deliver(self, seconds: float) -> Outcome:
        longest = max(seconds, _SECONDS)
        if self.name:
            lead = self.driver.sales_lead(self.identity, self.state, self.path, self.name, longest)
            if not isinstance(lead, SalesLead):
                return outcome_of(ActionKind.SCRAPING, lead)
            return ProfileRead({"profile": f"linkedin.com/in/{lead.slug}" if lead.slug else ""}, slug=lead.slug)
        page = self.driver.sales_page(self.identity, self.state, self.path, self.page, longest)
        if isinstance(page, SalesPage):
            return PageRead({"page": self.page, "people": len(page.people), "more": page.has_more}, page=page)
        if isinstance(page, LeadProblem):
            return Failed(Reason.SEARCH_NOT_SHOWN, page.note or Reason.SEARCH_NOT_SHOWN.sentence, permanent=True)
        return outcome_of(ActionKind.SCRAPING, page)


@dataclass(frozen=True, slots=True)
class ScrapingHand:
    """Implements `hands.Hand` for scraping. Nothing is looked up afterwards: a page whose reading was lost is read again."""

    vault: Vault
    driver: LinkedIn

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> _Reading:
        state = linkedin_accounts.session_of(session, self.vault, entry.identity_id)
        reading = session.get(ScrapeReading, entry.id)
        if reading is None:
            raise Problem("What this action was to read is not known.")
        identity = str(entry.identity_id)
        if reading.person_id is not None:
            person = session.get_one(ScrapedPerson, reading.person_id)
            return _Reading(self.driver, identity, state, person.lead_path, 0, person.name)
        return _Reading(self.driver, identity, state, session.get_one(Scrape, reading.scrape_id).url, reading.page or 1, "")

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> None:
        return None

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        account = linkedin_accounts.account_of(session, entry.identity_id)
        if isinstance(outcome, Failed):
            settle_failure(session, entry, outcome, account, now)
        elif account is not None:
            account.drifts = 0
        reading = session.get(ScrapeReading, entry.id)
        if reading is None:
            return
        scrape = session.get_one(Scrape, reading.scrape_id, with_for_update=True)
        if isinstance(outcome, PageRead):
            scrape_findings.keep_page(session, scrape, reading.page or 1, outcome.page, now)
        elif isinstance(outcome, ProfileRead):
            person = session.get_one(ScrapedPerson, reading.person_id)
            scrape_findings.keep_profile(session, scrape, person, outcome.slug, now)
        elif isinstance(outcome, Failed):
            _failed(session, scrape, reading, outcome, now)
        scrape_keeping.plan_next(session, scrape, now)


def _failed(session: Session, scrape: Scrape, reading: ScrapeReading, outcome: Failed, now: datetime) -> None:
    if outcome.reason is Reason.NO_SEAT:
        _seat_is_gone(session, scrape.seat_id, outcome.note, now)
    elif reading.person_id is not None and (outcome.permanent or outcome.reason is Reason.PAGE_UNKNOWN):
        # One person's page is theirs alone: the others go on. If all are so, the account is paused after three in a row.
        person = session.get_one(ScrapedPerson, reading.person_id)
        person.problem, person.settled_at = outcome.note, now
        scrape_keeping.cancel_open(session, scrape.id, "worker", now)
    elif outcome.permanent:
        scrape_keeping.end(session, scrape, ScrapeState.FAILED, outcome.note, "worker", now)
    elif _failures(session, reading.action_id, outcome.reason) >= _MOST_FAILURES.get(outcome.reason, 1_000):
        note = f"{_GIVEN_UP[outcome.reason]}{outcome.note}"
        scrape_keeping.end(session, scrape, ScrapeState.FAILED, note, "worker", now)


def _failures(session: Session, action_id: int, reason: Reason) -> int:
    failed = select(func.count()).where(
        Event.action_id == action_id, Event.after == ActionState.FAILED_TEMPORARY, Event.reason == reason
    )
    return session.scalar(failed) or 0


def _seat_is_gone(session: Session, identity_id: int, said: str, now: datetime) -> None:
    """Scraping waits, and nothing else does; the next connection says whether there is a seat again."""
    account = linkedin_accounts.account_of(session, identity_id)
    if account is not None:
        account.has_seat = False
        identity = session.get_one(Identity, identity_id)
        linkedin_lanes.open_lane(session, identity, False, now)
        linkedin_alerts.tell_no_seat(session, identity, said, now)

"""What Sales Navigator said, written down: the people of a page, and a person as a lead by the checks of any import."""

import re
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import known_people, linkedin_urls
from engine.channels.linkedin.outcomes import SalesPage, SalesRow
from engine.csv_reading import Row
from engine.import_checking import called, keys
from engine.lead_rows import RowProblem, person
from storage.tables import Lead, Scrape, ScrapedPerson

_CELLS = {"linkedin_url": 0, "first_name": 1, "last_name": 2, "job_title": 3, "company": 4, "place": 5}
_HIDDEN = re.compile(r"linkedin member", re.IGNORECASE)
_NAMELESS = "LinkedIn hides this person's name, and a name is compared before anybody is written to."
_NO_PROFILE = "Their page in Sales Navigator shows no public profile."


def keep_page(session: Session, scrape: Scrape, number: int, page: SalesPage, now: datetime) -> int:
    """Add the people of a page who are new, up to as many as were asked for; returns how many were."""
    known = set(session.scalars(select(ScrapedPerson.lead_key).where(ScrapedPerson.scrape_id == scrape.id)))
    before = _read_before(session, scrape, [_key(row.path) for row in page.people])
    last = session.scalar(select(func.max(ScrapedPerson.number)).where(ScrapedPerson.scrape_id == scrape.id)) or 0
    added = 0
    for row in page.people:
        if _key(row.path) in known or last + added >= scrape.most:
            continue
        known.add(_key(row.path))
        added += 1
        session.add(_person(scrape.id, last + added, row, before, now))
    scrape.page, scrape.told, scrape.unread = number, page.told or scrape.told, scrape.unread + page.unread
    # A page that names nobody new is one that was shown before: turning on would not end.
    scrape.has_more = page.has_more and added > 0
    session.flush()
    return added


def _person(scrape_id: int, number: int, row: SalesRow, before: set[str], now: datetime) -> ScrapedPerson:
    name = _plain(row.name)
    problem = ""
    if not name or _HIDDEN.fullmatch(name):
        problem = _NAMELESS
    elif _key(row.path) in before:
        problem = f"{name} is already in this campaign (read from Sales Navigator before)."
    return ScrapedPerson(
        scrape_id=scrape_id,
        number=number,
        lead_key=_key(row.path),
        lead_path=row.path,
        name=name,
        title=_plain(row.title),
        company=_plain(row.company),
        place=_plain(row.place),
        problem=problem,
        settled_at=now if problem else None,
    )


def _read_before(session: Session, scrape: Scrape, lead_keys: list[str]) -> set[str]:
    """Whom an earlier reading made leads of this campaign: their pages need not be opened again."""
    earlier = (
        select(ScrapedPerson.lead_key)
        .join(Scrape, Scrape.id == ScrapedPerson.scrape_id)
        .where(
            Scrape.campaign_id == scrape.campaign_id,
            ScrapedPerson.lead_id.is_not(None),
            ScrapedPerson.lead_key.in_(lead_keys),
        )
    )
    return set(session.scalars(earlier))


def keep_profile(session: Session, scrape: Scrape, of: ScrapedPerson, slug: str, now: datetime) -> None:
    """Make a lead of a person whose profile is known now, unless a check of the import says why not."""
    of.settled_at = now
    if not slug:
        of.problem = _NO_PROFILE
        return
    of.profile = linkedin_urls.profile(f"linkedin.com/in/{slug}") or ""
    first, _, last = of.name.partition(" ")
    found = person(Row(of.number, (of.profile, first, last, of.title, of.company, of.place)), _CELLS)
    if isinstance(found, RowProblem):
        of.problem = found.problem
        return
    known = known_people.places_of(session, scrape.campaign_id, [found])
    where = next((known[key] for key in keys(found) if key in known), None)
    if where is not None:
        of.problem = f"{called(found)} is already in {where}."
        return
    lead = {**known_people.as_lead(scrape.workspace_id, scrape.campaign_id, found, now), "row_number": None}
    of.lead_id = session.scalars(insert(Lead).returning(Lead.id), [lead]).one()


def _key(path: str) -> str:
    """Sales Navigator's own id of a person: what follows it in a lead's path is of the search."""
    found = re.match(r"/sales/lead/([^,/?]+)", path)
    return found.group(1) if found else path


def _plain(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())

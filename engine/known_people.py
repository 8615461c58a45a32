"""Whom a campaign has already, by address or profile, and where each came from; and a checked person as its lead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.lead_rows import Person
from engine.suppressions import chunks
from storage.kinds import LeadState
from storage.tables import Lead, LeadImport, Scrape, ScrapedPerson

_LOOK_UP = 500


def places_of(session: Session, campaign_id: int, wanted: Sequence[Person], import_id: int | None = None) -> dict[str, str]:
    """Of these people those that the campaign has: address or profile → where it came from, in words for a sentence.

    `import_id` is the import that asks: a row of its own is "this file".
    """
    known: dict[str, str] = {}
    for column in (Lead.email, Lead.linkedin_url):
        values = [value for each in wanted if (value := getattr(each, column.key))]
        for chunk in chunks(values, _LOOK_UP):
            rows = session.execute(
                select(column, Lead.import_id, Lead.row_number, LeadImport.file_name, Scrape.kind)
                .outerjoin(LeadImport, LeadImport.id == Lead.import_id)
                .outerjoin(ScrapedPerson, ScrapedPerson.lead_id == Lead.id)
                .outerjoin(Scrape, Scrape.id == ScrapedPerson.scrape_id)
                .where(Lead.campaign_id == campaign_id, column.in_(chunk))
            )
            known.update((found[0], _place(import_id, *found[1:])) for found in rows)
    return known


def _place(import_id: int | None, of_import: int | None, number: int | None, file_name: str | None, kind: Any) -> str:
    if of_import is not None:
        is_this = of_import == import_id
        return f"row {number} of this file" if is_this else f"this campaign (row {number} of “{file_name}”)"
    return "this campaign" if kind is None else f"this campaign (from a Sales Navigator {kind})"


def as_lead(workspace_id: int, campaign_id: int, of: Person, now: datetime) -> dict[str, Any]:
    """The columns of a lead that is new."""
    return {
        "workspace_id": workspace_id,
        "campaign_id": campaign_id,
        "row_number": of.row,
        "email": of.email,
        "linkedin_url": of.linkedin_url,
        "first_name": of.first_name,
        "last_name": of.last_name,
        "company": of.company,
        "job_title": of.job_title,
        "fields": dict(of.fields),
        "state": LeadState.NEW,
        "state_since": now,
        "created_at": now,
    }

"""People are told when reading Sales Navigator into a campaign stops for good, and when the seat lent to it can't read.

Told of the campaign's identity: whose seat is borrowed may be out of the reach of those who run the campaign.
"""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import alerts
from storage.kinds import AlertKind, ScrapeState
from storage.tables import Campaign, Identity, Scrape

_CAME_IN = "Whoever came in stays."
_DO = (
    "Open the search or list in Sales Navigator to see what it shows; then press “Go on reading” or “Leave it at that” in "
    "the campaign, under Leads."
)
_LENT = (
    "The Sales Navigator seat of another identity, which reads here, can't read for now: {why} Reading goes on by itself "
    "once it can. If that takes too long, stop it and read with another seat, under Leads of the campaign."
)


def failed(session: Session, scrape: Scrape, now: datetime) -> None:
    """It ended without a person's doing; told once, until it goes on or somebody leaves it at that."""
    over(session, scrape, now)
    _tell(session, scrape, f"{scrape.note.rstrip()} {_CAME_IN} {_DO}", now)


def over(session: Session, scrape: Scrape, now: datetime) -> None:
    """It goes on, or somebody decided."""
    alerts.clear(session, _key(scrape), now)


def seat_rests(session: Session, seat: Identity, why: str, now: datetime) -> None:
    """What borrows this seat waits; its own identity's people are told of the account itself."""
    for scrape in _borrowing(session, seat):
        _tell(session, scrape, _LENT.format(why=_first(why)), now)


def seat_is_back(session: Session, seat: Identity, now: datetime) -> None:
    for scrape in _borrowing(session, seat):
        over(session, scrape, now)


def _first(sentences: str) -> str:
    """What is so; what to do about the seat is its own people's."""
    return re.split(r"[.;:] ", sentences)[0].rstrip(" .") + "."


def _borrowing(session: Session, seat: Identity) -> list[Scrape]:
    going = (Scrape.seat_id == seat.id, Scrape.borrowed, Scrape.state == ScrapeState.READING)
    return list(session.scalars(select(Scrape).where(*going).order_by(Scrape.id)))


def _tell(session: Session, scrape: Scrape, sentence: str, now: datetime) -> None:
    campaign = session.get_one(Campaign, scrape.campaign_id)
    subject = f"Sales Navigator for {campaign.name}"
    where = (scrape.workspace_id, campaign.identity_id)
    alerts.raise_alert(session, AlertKind.SCRAPING, subject, sentence, *where, now, _key(scrape))


def _key(scrape: Scrape) -> str:
    return f"scrape:{scrape.id}"

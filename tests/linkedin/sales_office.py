"""Sales Navigator without pages, and an installation whose identity has a seat: what the tests of reading share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_consent, linkedin_lanes, scrapes
from engine.channels.linkedin.outcomes import LinkedInOutcome, OwnProfile, SalesLead, SalesPage, SalesRow, SessionState
from engine.counter import Counter
from engine.dispatch import Attended, attend
from engine.hands import Hands
from engine.installation import Outpost
from engine.scrapes import Reading
from engine.scraping_hand import ScrapingHand
from practice.linkedin.navigator import Found, somebody
from storage.kinds import ActionKind, CampaignState
from storage.tables import Campaign, Identity, LinkedInAccount, Scrape, Spend
from tests import makers
from tests.linkedin.conftest import NoMail, installed_in
from tests.makers import LONG_AGO, MONDAY

SEARCH = "https://www.linkedin.com/sales/search/people?query=(keywords:pumps)"


@dataclass
class Navigator:
    """Implements what reading uses of the driver's protocol; `says` answers in place of a page (None: the page)."""

    people: list[Found] = field(default_factory=lambda: [somebody(number) for number in range(60)])
    says: Callable[[str], LinkedInOutcome | SalesLead | None] = lambda _path: None
    opened: list[tuple[str, str]] = field(default_factory=list)  # identity and page

    def sales_page(
        self, identity: str, state: SessionState, path: str, number: int, seconds: float = 120
    ) -> SalesPage | LinkedInOutcome:
        self.opened.append((identity, f"page {number}"))
        said = self.says(f"page {number}")
        if said is not None and not isinstance(said, SalesLead):
            return said
        mine = self.people[(number - 1) * 25 : number * 25]
        rows = tuple(SalesRow(one.path, one.name, one.title, one.company, one.place) for one in mine)
        return SalesPage(rows, number * 25 < len(self.people), len(self.people))

    def sales_lead(
        self, identity: str, state: SessionState, path: str, name: str, seconds: float = 90
    ) -> SalesLead | LinkedInOutcome:
        self.opened.append((identity, name))
        said = self.says(name)
        return said if said is not None else SalesLead(next(one.slug for one in self.people if one.path == path))


def seat(session: Session, outpost: Outpost, workspace_id: int, name: str, shares: int = 0, **values: object) -> Identity:
    """An identity at work around the clock whose account has been connected for long, with a seat."""
    hours = {"work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}
    made = makers.identity(session, workspace_id, first_name=name, last_name="", **{**hours, **values})
    linkedin_consent.accept(makers.desk(session, workspace_id), made, name)
    connect(session, outpost, made.id, LONG_AGO)
    account = session.scalars(select(LinkedInAccount).where(LinkedInAccount.identity_id == made.id)).one()
    account.shared_scrapings = shares
    session.flush()
    return made


def connect(session: Session, outpost: Outpost, identity_id: int, now: datetime) -> None:
    """As a sign-in leaves it, that found a seat."""
    name = session.get_one(Identity, identity_id).first_name
    profile = OwnProfile(f"{name.lower()}-own", name, has_seat=True)
    linkedin_accounts.connect(session, outpost.vault, identity_id, f"{name}@alpha.test", profile, {}, now)


def draft(session: Session, owner: Identity) -> Campaign:
    return makers.campaign(session, owner, steps=0, state=CampaignState.DRAFT, launched_at=None)


@dataclass
class Reader:
    """Carries out what is due on a seat's lane, with a clock of its own that every attempt moves on."""

    outpost: Outpost
    navigator: Navigator
    now: datetime = MONDAY

    def read(self, seat_id: int, after: timedelta = timedelta(minutes=30)) -> Attended:
        self.now += after
        with self.outpost.database.read() as session:
            lane = linkedin_lanes.lane_of(session, seat_id)
        assert lane is not None
        hand = ScrapingHand(self.outpost.vault, self.navigator)  # type: ignore[arg-type]
        hands = Hands(NoMail(), lambda *_: None, lambda *_: None, {ActionKind.SCRAPING: hand})  # type: ignore[arg-type,return-value]
        writer = Counter(self.outpost.database, self.outpost.config.mark_file, lambda: self.now)
        return attend(writer, lane.id, lambda: self.now, "boot", hands)

    def read_all(self, seat_id: int, scrape_id: int, most: int = 200) -> None:
        for _ in range(most):
            with self.outpost.database.read() as session:
                if session.get_one(Scrape, scrape_id).ended_at is not None:
                    return
            self.read(seat_id)
        raise AssertionError("The reading does not end.")


def begin(
    outpost: Outpost, campaign_id: int, seat_id: int, most: int = 100, now: datetime = MONDAY, url: str = SEARCH
) -> int:
    with outpost.database.write() as session:
        workspace_id = session.get_one(Campaign, campaign_id).workspace_id
        return scrapes.start(
            makers.desk(session, workspace_id, now=now), campaign_id=campaign_id, url=url, identity_id=seat_id, most=most
        )


@dataclass(frozen=True)
class Office:
    """Ada has a seat, Bob has none; each has a draft."""

    outpost: Outpost
    navigator: Navigator
    reader: Reader
    workspace_id: int
    ada: int
    bob: int
    adas: int
    bobs: int

    def reading(self, campaign_id: int) -> Reading:
        with self.outpost.database.read() as session:
            desk = makers.desk(session, self.workspace_id, now=self.reader.now)
            return scrapes.of_campaign(desk, campaign_id=campaign_id)[0]

    def problems(self, scrape_id: int) -> dict[int, str]:
        with self.outpost.database.read() as session:
            desk = makers.desk(session, self.workspace_id, now=self.reader.now)
            return {one.row: one.problem for one in scrapes.problems_of(desk, scrape_id=scrape_id)}

    def spent(self) -> int:
        with self.outpost.database.read() as session:
            return session.scalar(select(func.count()).where(Spend.given_back_at.is_(None))) or 0


@contextmanager
def sales_office_in(folder: Path) -> Iterator[Office]:
    outpost, workspace_id = installed_in(folder)
    with outpost.database.write() as session:
        ada = seat(session, outpost, workspace_id, "Ada")
        bob = makers.identity(session, workspace_id, first_name="Bob", last_name="")
        ids = (workspace_id, ada.id, bob.id, draft(session, ada).id, draft(session, bob).id)
    navigator = Navigator()
    yield Office(outpost, navigator, Reader(outpost, navigator), *ids)
    outpost.database.close()

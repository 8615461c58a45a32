"""An installation with one identity, the stand-in LinkedIn as a server, and one browser for all tests of a module."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine import linkedin_accounts, linkedin_consent, linkedin_lanes, sequence
from engine.channels.effects import Letter, MailAccount, Outcome, Trace
from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.outcomes import OwnProfile
from engine.channels.linkedin.stand_in import leading_to
from engine.config import load
from engine.counter import Counter
from engine.desk import perform
from engine.dispatch import Attended, attend
from engine.hands import Hand, Hands
from engine.installation import Outpost, open_outpost
from engine.linkedin_hand import LINKEDIN_KINDS, LinkedInHand
from engine.scraping_hand import ScrapingHand
from practice.linkedin.server import Sites, serve
from practice.linkedin.site import Site
from storage.kinds import ActionKind
from storage.tables import Identity, Step
from tests import makers
from tests.fresh import lay_installation
from tests.makers import LONG_AGO, MONDAY
from tests.own_thread import pytest_pyfunc_call  # noqa: F401 - a hook for the tests of this folder


@dataclass(frozen=True)
class Office:
    """Where one identity, Ada, is connected to LinkedIn."""

    outpost: Outpost
    sites: Sites
    driver: Driver
    workspace_id: int
    identity_id: int
    address: str = ""  # of the stand-in


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path) as opened:
        yield opened


@contextmanager
def office_in(folder: Path) -> Iterator[Office]:
    """A fresh installation in this folder, and its stand-in as long as it is open."""
    outpost, workspace_id = installed_in(folder)
    with outpost.database.write() as session:
        ada = makers.identity(session, workspace_id, first_name="Ada", last_name="Lovelace")
    sites = Sites()
    server = serve(sites)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    driver = Driver(folder / "kept", arrange=leading_to(address))
    try:
        yield Office(outpost, sites, driver, workspace_id, ada.id, address)
    finally:
        server.shutdown()
        server.server_close()
        outpost.database.close()


def installed_in(folder: Path) -> tuple[Outpost, int]:
    """A fresh installation in this folder, opened, with its owner, and the id of its one workspace."""
    settings = {"OUTPOST_DATA": str(folder / "data"), "OUTPOST_KEY_FILE": str(folder / "data.key")}
    lay_installation(settings)
    outpost = open_outpost(load(settings), settings)
    with outpost.database.write() as session:
        makers.user(session, id=1, email=makers.OWNER.label, is_owner=True)
        return outpost, makers.workspace(session).id


def connected(office: Office, email: str = "ada.lovelace@example.com") -> Site:
    """Ada's account with a session that the stand-in knows, as a sign-in would have left it; her site at the stand-in."""
    site = office.sites.of(email)
    cookies = [
        {**COOKIE, "name": "li_at", "value": site.own_slug},
        {**COOKIE, "name": "account", "value": email},
    ]
    profile = OwnProfile(site.own_slug, site.own_name, "Head of Sales", has_seat=site.has_seat)
    state = {"cookies": cookies, "origins": []}
    with office.outpost.database.write() as session:
        ada = session.get_one(Identity, office.identity_id)
        ada.work_days, ada.work_start, ada.work_end = [1, 2, 3, 4, 5, 6, 7], 0, 24 * 60
        desk = makers.desk(session, office.workspace_id)
        linkedin_consent.accept(desk, ada, "Ada Lovelace")
        linkedin_accounts.connect(session, office.outpost.vault, ada.id, email, profile, state, LONG_AGO)
    return site


def with_premium(office: Office) -> None:
    """Ada says that her account has Premium: it may write as many notes as it likes."""
    say = linkedin_accounts.say_premium
    given = {"identity_id": office.identity_id, "has_premium": True}
    perform(office.outpost.database, makers.OWNER, office.workspace_id, LONG_AGO, say, **given)


COOKIE = {"domain": "www.linkedin.com", "path": "/", "expires": 4_000_000_000, "httpOnly": False, "secure": False}
COOKIE["sameSite"] = "Lax"


def at_work(office: Office, kinds: Sequence[ActionKind], slugs: Sequence[str], body: str = "Hello {{ first_name }}") -> int:
    """A running campaign of Ada's with a step of each kind, begun for these people; answers its id."""
    with office.outpost.database.write() as session:
        ada = session.get_one(Identity, office.identity_id)
        made = makers.campaign(session, ada, steps=0)
        for position, kind in enumerate(kinds, start=1):
            session.add(Step(campaign_id=made.id, position=position, kind=kind, body=body))
        leads = []
        for slug in slugs:
            first, _, last = slug.partition("-")
            names = {"first_name": first.capitalize(), "last_name": last.capitalize()}
            leads.append(makers.lead(session, made, email="", linkedin_url=f"linkedin.com/in/{slug}", **names).id)
        session.flush()
        sequence.begin(session, made.id, leads, MONDAY)
    return made.id


@dataclass
class Doing:
    """Carries out what is due, with a clock of its own that every attempt moves on."""

    office: Office
    now: datetime = MONDAY

    def hands(self) -> Hands:
        hand = LinkedInHand(self.office.outpost.database, self.office.outpost.vault, self.office.driver, lambda: self.now)
        others: dict[ActionKind, Hand] = dict.fromkeys(LINKEDIN_KINDS, hand)
        others[ActionKind.SCRAPING] = ScrapingHand(self.office.outpost.vault, self.office.driver)
        return Hands(NoMail(), lambda *_: None, lambda *_: None, others)  # type: ignore[arg-type,return-value]

    def attend(self, after: timedelta = timedelta(hours=2)) -> Attended:
        """One visit of the LinkedIn lane, some time after the one before."""
        self.now += after
        database = self.office.outpost.database
        with database.read() as session:
            lane = linkedin_lanes.lane_of(session, self.office.identity_id)
        assert lane is not None
        writer = Counter(database, self.office.outpost.config.mark_file, lambda: self.now)
        return attend(writer, lane.id, lambda: self.now, "boot", self.hands())


class NoMail:
    """There is no e-mail here."""

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        raise AssertionError

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        raise AssertionError

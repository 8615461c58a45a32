"""LinkedIn in real Chromium, from the login to the reply that stops; and the share link on somebody else's phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from engine import clock, linkedin_accounts, linkedin_consent
from engine.channels.linkedin.outcomes import OwnProfile
from practice.browser import new_page, press, settled, sign_in
from practice.linkedin.navigator import somebody
from practice.linkedin.server import PASSWORD as LINKEDIN_PASSWORD
from storage.kinds import CampaignState
from storage.tables import Identity, Lead
from tests import makers
from tests.end_to_end.linkedin_world import LinkedInWorld, linkedin_world
from tests.linkedin.conftest import COOKIE
from tests.live import OWNER_EMAIL, PASSWORD

ADA, GRACE = "ada.lovelace+sms@example.com", "grace.hopper+sms@example.com"
NAVIGATOR = "nora.navarro+sales@example.com"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedInWorld]:
    with pytest.MonkeyPatch.context() as patch, linkedin_world(tmp_path_factory.mktemp("linkedin"), patch) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(world: LinkedInWorld, browser: Browser) -> Iterator[Page]:
    opened = new_page(browser)
    sign_in(opened, world.live.address, OWNER_EMAIL, PASSWORD)
    yield opened
    opened.context.close()


def test_from_the_login_to_the_reply_that_stops(world: LinkedInWorld, page: Page, tmp_path: Path) -> None:
    connect_by_login(world, page)
    ada, site = identity_of(world, "Ada"), world.site(ADA)
    write_campaign(world, page, tmp_path)
    assert site.done == []

    world.work_until(lambda: bool(site.done), ada)
    assert site.done == [("invite", "marie-curie")]
    world.look(ada)
    assert site.done == [("invite", "marie-curie")], "nobody is written to before they accept"

    site.members["marie-curie"].state = "connected"
    world.look(ada)
    world.work_until(lambda: len(site.done) > 1, ada)
    assert site.members["marie-curie"].events == [("own", "Hello Marie,\n\nthank you for connecting.")]

    site.members["marie-curie"].events.append(("other", "Gladly. When?"))
    world.look(ada)
    assert world.lead_states() == ["replied"]
    assert world.work(ada) == 0
    assert len(site.done) == 2, "the second message never goes"
    page.goto(f"{world.live.address}/campaigns")
    settled(page)
    expect(page.get_by_text("1 replied")).to_be_visible()


def test_the_share_link_connects_from_a_phone_that_has_no_user(world: LinkedInWorld, page: Page, browser: Browser) -> None:
    page.goto(f"{world.live.address}/identities")
    settled(page)
    press(page, "Add new identity")
    page.get_by_role("menuitem", name="Share (generate link)").or_(page.get_by_text("Share (generate link)")).first.click()
    page.get_by_role("textbox", name="First name").fill("Grace")
    press(page, "Make the link")
    link = page.locator("code", has_text="/share/").inner_text().strip()

    phone = new_page(browser, 390, 844)
    phone.goto(link)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_label("I own this account").check()
    phone.get_by_label("Your name").fill("Grace Hopper")
    phone.get_by_label("LinkedIn e-mail address").fill(GRACE)
    phone.get_by_label("LinkedIn password").fill(LINKEDIN_PASSWORD)
    phone.get_by_role("button", name="Connect LinkedIn").click()
    phone.get_by_label("Code").fill("000000")
    phone.get_by_role("button", name="Give LinkedIn the code").click()
    expect(phone.get_by_text("That code is wrong or expired.")).to_be_visible()
    phone.reload()
    phone.get_by_label("Code").fill("123456")
    phone.get_by_role("button", name="Give LinkedIn the code").click()
    expect(phone.get_by_text("Your LinkedIn account is connected.")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.context.close()

    stranger = new_page(browser, 390, 844)
    stranger.goto(link)
    expect(stranger.get_by_text("This link was used already.")).to_be_visible()
    stranger.context.close()
    page.goto(f"{world.live.address}/identity?w=1&id={identity_of(world, 'Grace')}&section=linkedin")
    settled(page)
    expect(page.get_by_text("Risk notice accepted by Grace Hopper")).to_be_visible()
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()


def connect_by_login(world: LinkedInWorld, page: Page) -> None:
    page.goto(f"{world.live.address}/new-by-login")
    settled(page)
    page.get_by_role("textbox", name="First name").fill("Ada")
    press(page, "Go on to the LinkedIn login")
    page.get_by_text("The account's owner has read this and accepts it").click()
    page.get_by_label("LinkedIn e-mail address").fill(ADA)
    page.get_by_label("LinkedIn password").first.fill(LINKEDIN_PASSWORD)
    page.get_by_role("button", name="Connect LinkedIn").click()
    expect(page.get_by_text("LinkedIn sent a code by SMS")).to_be_visible()
    page.get_by_label("Code").first.fill("123456")
    page.get_by_role("button", name="Give LinkedIn the code").click()
    expect(page.get_by_text("Ada Lovelace · linkedin.com/in/ada-lovelace")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()  # as the profile says


def write_campaign(world: LinkedInWorld, page: Page, folder: Path) -> None:
    page.goto(f"{world.live.address}/campaigns")
    settled(page)
    press(page, "Make the first campaign")
    page.get_by_role("dialog").get_by_label("Name", exact=True).first.fill("Autumn")
    press(page, "Make the draft", page.get_by_role("dialog"))
    press(page, "Add a connection request")
    for number, text in ((2, "Hello {{ first_name }},\n\nthank you for connecting."), (3, "Did you see my message?")):
        press(page, "Add a LinkedIn message")
        field = page.get_by_label("Message", exact=True).nth(number - 2)
        field.fill(text)
        field.press("Tab")
        settled(page)
        press(page, f"Save step {number}")
        expect(page.get_by_role("button", name=f"Save step {number}")).to_have_count(0)
    leads = folder / "leads.csv"
    leads.write_text("First name,Last name,LinkedIn\nMarie,Curie,https://fr.linkedin.com/in/Marie-Curie/?trk=x\n")
    page.get_by_text(re.compile("^Leads")).first.click()
    settled(page)
    press(page, "Import")
    page.locator('input[type="file"]').set_input_files(leads)
    press(page, "Import 1 lead")
    expect(page.get_by_role("button", name="Import more leads")).to_be_visible()
    page.get_by_text("Launch", exact=True).first.click()
    settled(page)
    press(page, "Launch for 1 lead")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def identity_of(world: LinkedInWorld, first_name: str) -> int:
    with world.outpost.database.read() as session:
        return session.scalars(select(Identity.id).where(Identity.first_name == first_name)).one()


def test_a_search_of_sales_navigator_becomes_leads_and_another_is_stopped(world: LinkedInWorld, page: Page) -> None:
    identity_id, campaign_id = with_a_seat(world)
    page.goto(f"{world.live.address}/campaign?w=1&id={campaign_id}&tab=Leads")
    settled(page)
    press(page, "Read Sales Navigator")
    address = page.get_by_role("textbox", name="Address of the search or list")
    address.fill("https://www.linkedin.com/sales/search/company?query=(keywords:pumps)")
    press(page, "Read up to 100 people")
    expect(page.get_by_text("This is a search of companies; people are read.").first).to_be_visible()
    page.get_by_role("spinbutton", name="People, at most").fill("2")
    address.fill("https://www.linkedin.com/sales/search/people?query=(keywords:pumps)&sessionId=x")
    address.press("Control+Enter")
    settled(page)
    expect(page.get_by_text("2 people take up to 3 scrapings")).to_be_visible()
    press(page, "Read up to 2 people")
    expect(page.get_by_text("0 of 2 people · 0 leads")).to_be_visible()

    world.work_until(lambda: len(leads_of(world, campaign_id)) == 2, identity_id)
    assert leads_of(world, campaign_id) == [f"linkedin.com/in/{somebody(number).slug}" for number in range(2)]
    expect(page.get_by_text("2 of 2 people · 2 leads")).to_be_visible()
    expect(page.get_by_text("It has more people than the 2 that were asked for.")).to_be_visible()

    press(page, "Read Sales Navigator")
    address.fill("https://www.linkedin.com/sales/lists/people/7100")
    address.press("Control+Enter")
    settled(page)
    press(page, "Read up to 100 people")
    press(page, "Stop reading")
    expect(page.get_by_text("stopped by")).to_be_visible()
    opened = len(world.site(NAVIGATOR).navigator.opened)
    world.work(identity_id)
    assert len(world.site(NAVIGATOR).navigator.opened) == opened == 3


def with_a_seat(world: LinkedInWorld) -> tuple[int, int]:
    """An identity whose account at the stand-in has a seat, as a sign-in would have left it, and its draft."""
    with world.outpost.database.write() as session:
        hours = {"work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}
        nora = makers.identity(session, 1, first_name="Nora", last_name="Navarro", **hours)
        linkedin_consent.accept(makers.desk(session, 1, now=clock.now()), nora, "Nora Navarro")
        cookies = [COOKIE | {"name": "li_at", "value": "nora-navarro"}, COOKIE | {"name": "account", "value": NAVIGATOR}]
        profile = OwnProfile("nora-navarro", "Nora Navarro", has_seat=True)
        state = {"cookies": cookies, "origins": []}
        linkedin_accounts.connect(session, world.outpost.vault, nora.id, NAVIGATOR, profile, state, clock.now())
        draft = makers.campaign(session, nora, steps=0, state=CampaignState.DRAFT, launched_at=None)
        return nora.id, draft.id


def leads_of(world: LinkedInWorld, campaign_id: int) -> list[str]:
    with world.outpost.database.read() as session:
        wanted = select(Lead.linkedin_url).where(Lead.campaign_id == campaign_id)
        return list(session.scalars(wanted.order_by(Lead.id)))

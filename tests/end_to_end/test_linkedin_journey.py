"""LinkedIn in real Chromium, from the login to the reply that stops; and the share link on somebody else's phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from practice.browser import new_page, press, settled, sign_in
from practice.linkedin.server import PASSWORD as LINKEDIN_PASSWORD
from storage.tables import Identity
from tests.end_to_end.linkedin_world import LinkedInWorld, linkedin_world
from tests.live import OWNER_EMAIL, PASSWORD

ADA, GRACE = "ada.lovelace+sms@example.com", "grace.hopper+sms@example.com"
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

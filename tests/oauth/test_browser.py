"""Signing in as a person does it: from the identity's e-mail page through the provider's pages and back, in Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from practice.browser import new_page, press, settled, sign_in
from practice.oauth import StandIn
from practice.oauth_book import Book
from storage.tables import SignInFlow
from tests.live import OWNER_EMAIL, PASSWORD
from tests.oauth.live_office import LiveOffice, live_office

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def here(running: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveOffice]:
    running.book = Book()
    with live_office(tmp_path_factory.mktemp("browser"), running) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(here: LiveOffice, browser: Browser) -> Iterator[Page]:
    opened = new_page(browser, ignores_certificates=True)
    sign_in(opened, here.panel.address, OWNER_EMAIL, PASSWORD)
    yield opened
    opened.context.close()


def email_page(here: LiveOffice, page: Page) -> Page:
    page.goto(f"{here.panel.address}/identity?w={here.workspace_id}&id={here.identity_id}&section=email")
    return settled(page)


def begin(here: LiveOffice, page: Page, provider: str, address: str) -> None:
    email_page(here, page).get_by_role("link", name=provider).first.click()
    page.get_by_label("E-mail address to connect").fill(address)
    page.get_by_role("button", name="Continue to").click()
    expect(page.get_by_role("heading", name="Outpost wants access to your mail")).to_be_visible()


@pytest.mark.parametrize(("provider", "allow"), [("Google", "Continue"), ("Microsoft 365", "Accept")])
def test_allowed_comes_back_to_the_identity_in_the_same_tab(here: LiveOffice, page: Page, provider: str, allow: str) -> None:
    address = f"ada@{provider.split()[0].lower()}.test"
    begin(here, page, provider, address)
    assert len(page.context.pages) == 1
    page.get_by_role("button", name=allow, exact=True).click()
    settled(page)
    expect(page.get_by_text(re.compile(address.replace("@", "@.?")))).to_be_visible()  # it is shown as no link
    expect(page.get_by_text("connected").first).to_be_visible()
    assert "code=" not in page.url
    assert "state=" not in page.url


@pytest.mark.parametrize("provider", ["Google", "Microsoft 365"])
def test_cancelled_says_so_and_offers_the_way_on(here: LiveOffice, page: Page, provider: str) -> None:
    begin(here, page, provider, "cancelled@acme.test")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="cancelled@acme.test is not connected")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_label("E-mail address to connect")).to_have_value("cancelled@acme.test")


def test_the_wrong_account_is_named(here: LiveOffice, page: Page) -> None:
    begin(here, page, "Google", "meant@acme.test")
    page.get_by_label("Account").fill("other@acme.test")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_text("You signed in as other@acme.test, but meant@acme.test was meant")).to_be_visible()


def test_an_unticked_box_is_noticed(here: LiveOffice, page: Page) -> None:
    begin(here, page, "Google", "unticked@acme.test")
    page.get_by_label("https://mail.google.com/").uncheck()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_text("was not ticked at Google")).to_be_visible()


def test_going_back_to_an_answer_that_was_used_connects_nothing_twice(here: LiveOffice, page: Page) -> None:
    begin(here, page, "Google", "again@acme.test")
    with page.expect_request(lambda request: "/connect/google/return" in request.url) as returned:
        page.get_by_role("button", name="Continue", exact=True).click()
    settled(page)
    page.goto(returned.value.url)
    expect(page.get_by_text("This answer was used already")).to_be_visible()
    assert "code=" not in page.url


def test_an_answer_that_comes_after_its_time_connects_nothing(here: LiveOffice, page: Page) -> None:
    begin(here, page, "Google", "late@acme.test")
    with here.database.write() as session:
        flow = session.scalars(select(SignInFlow).where(SignInFlow.address == "late@acme.test")).one()
        flow.expires_at = flow.created_at
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_text("The sign-in took longer than ten minutes, so nothing was connected")).to_be_visible()
    assert here.mailbox("late@acme.test") is None


def test_two_tabs_sign_in_beside_each_other_and_another_browser_s_answer_is_refused(
    here: LiveOffice, page: Page, browser: Browser
) -> None:
    begin(here, page, "Google", "first@acme.test")
    second = page.context.new_page()
    begin(here, second, "Google", "second@acme.test")
    for tab, address in ((page, "first@acme.test"), (second, "second@acme.test")):
        tab.get_by_role("button", name="Continue", exact=True).click()
        settled(tab)
        assert here.mailbox(address) is not None
    begin(here, second, "Google", "third@acme.test")
    stranger = new_page(browser, ignores_certificates=True)
    stranger.goto(second.url)
    stranger.get_by_role("button", name="Continue", exact=True).click()
    stranger.wait_for_url(f"{here.panel.address}/**")
    assert here.mailbox("third@acme.test") is None
    stranger.context.close()
    second.get_by_role("button", name="Continue", exact=True).click()
    settled(second)
    assert here.mailbox("third@acme.test") is not None  # whose sign-in it is may still finish it
    second.close()


def test_approval_required_kit_the_administrators_yes_and_connected(here: LiveOffice, page: Page, browser: Browser) -> None:
    begin(here, page, "Microsoft 365", "ada@approval.test")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Return to the application").click()
    expect(page.get_by_role("heading", name="ada@approval.test waits for approval")).to_be_visible()
    page.get_by_role("link", name="Go to the address").click()
    settled(page)
    expect(page.get_by_text("waiting for approval").first).to_be_visible()
    press(page, "Ask the administrator")
    page.get_by_text("For the client's administrator").click()
    link = page.locator("code", has_text="adminconsent?").last.inner_text()
    administrator = new_page(browser, ignores_certificates=True)
    administrator.goto("".join(link.split()))
    administrator.get_by_label("Administrator's account").fill("root@approval.test")
    administrator.get_by_role("button", name="Accept").click()
    expect(administrator.get_by_role("heading", name="Approved, thank you")).to_be_visible()
    administrator.context.close()
    email_page(here, page)
    expect(page.get_by_text("The administrator approved the app on")).to_be_visible()
    page.get_by_role("link", name="Sign in with Microsoft 365").click()
    page.get_by_role("button", name="Continue to").click()
    page.get_by_role("button", name="Accept").click()
    settled(page)
    box = here.mailbox("ada@approval.test")
    assert box
    assert box.state.may_send

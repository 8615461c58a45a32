"""Signing in with a real Chromium: first start, reload, deep link, the workspace in the URL, signing out."""

import re
import signal
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from practice.browser import AT_REST, new_page, settled, sign_in
from storage.kinds import CampaignState
from tests import makers
from tests.live import OWNER_EMAIL, PASSWORD, LivePanel

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePanel]:
    """One live panel with its owner, for the tests that leave nothing behind that another one minds."""
    live = LivePanel(tmp_path_factory.mktemp("shell")).start()
    live.owner()
    yield live
    live.stop()


def test_first_start_reload_deep_link_and_sign_out(panel_server: LivePanel, browser: Browser) -> None:
    page = new_page(browser)
    foreign: list[str] = []
    page.on("request", lambda request: None if panel_server.address in request.url else foreign.append(request.url))
    page.goto(panel_server.address)
    page.get_by_label("Your name").fill("Olga <i>Owner</i>")
    page.get_by_label("E-mail address").fill(OWNER_EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("First workspace").fill("Acme & Söhne")
    page.get_by_role("button", name="Create the owner").click()
    settled(page)
    expect(page).to_have_url(f"{panel_server.address}/?w=1")
    page.reload()
    settled(page)
    page.goto(f"{panel_server.address}/account?w=1")
    settled(page)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("link", name="Workspaces").click()
    settled(page)
    assert not page.get_by_role("heading", name="Your account").is_visible()  # at rest is the new page, not the old
    expect(page).to_have_url(f"{panel_server.address}/workspaces?w=1")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not [url for url in foreign if not url.startswith(("data:", "blob:", "ws://127.0.0.1"))]


def test_a_page_is_not_at_rest_before_its_run_has_been_answered(office: LivePanel, browser: Browser) -> None:
    page = new_page(browser)
    sign_in(page, office.address, OWNER_EMAIL, PASSWORD)
    office.process.send_signal(signal.SIGSTOP)
    try:
        page.get_by_role("link", name="Audit log").click()
        expect(page.locator(AT_REST)).to_have_count(1)  # what Streamlit's own page says meanwhile
        expect(page.locator("html[data-unanswered]")).to_have_count(1)
    finally:
        office.process.send_signal(signal.SIGCONT)
    settled(page)
    assert page.get_by_role("heading", name="Audit log").is_visible()


def test_a_code_is_asked_after_the_password(panel_server: LivePanel, browser: Browser) -> None:
    panel_server.owner()
    page = new_page(browser)
    sign_in(page, panel_server.address, OWNER_EMAIL, PASSWORD)
    page.goto(f"{panel_server.address}/account")
    settled(page)
    page.get_by_role("button", name="Set up an authenticator").click()
    secret = page.get_by_test_id("stCode").inner_text().replace(" ", "").strip()
    page.get_by_label("2. Type the six digits it shows").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("Your password, to remove it")).to_be_visible()
    other = new_page(browser)
    other.goto(f"{panel_server.address}/audit-log?w=1")
    other.get_by_label("E-mail address").fill(OWNER_EMAIL)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.get_by_label("Code").fill("000 000")
    other.get_by_role("button", name="Continue").click()
    expect(other.get_by_role("alert")).to_contain_text("not right")


def test_the_panel_s_own_font_is_what_is_shown(office: LivePanel, browser: Browser) -> None:
    page = new_page(browser)
    sign_in(page, office.address, OWNER_EMAIL, PASSWORD)
    expect(page.get_by_role("heading").first).to_be_visible()
    assert page.evaluate("document.fonts.check('16px Inter')")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert any("Inter" in family for family in loaded)


def test_a_link_in_a_list_opens_its_page_without_loading_the_panel_anew(office: LivePanel, browser: Browser) -> None:
    database = office.database()
    with database.write() as session:
        ada = makers.identity(session, 1, first_name="Ada & <i>", last_name="Lovelace").id
    database.close()
    page = new_page(browser, 390, 844)
    sign_in(page, office.address, OWNER_EMAIL, PASSWORD)
    page.goto(f"{office.address}/identities?w=1&find=ada")
    settled(page)
    page.evaluate("window.isTheSame = true")
    page.get_by_role("link", name="Ada & <i> Lovelace").click()
    expect(page.get_by_role("heading", name="Ada & <i> Lovelace")).to_be_visible()
    expect(page).to_have_url(f"{office.address}/identity?w=1&id={ada}")
    page.go_back()
    expect(page.get_by_role("heading", name="Identities")).to_be_visible()
    expect(page.get_by_role("link", name="Ada & <i> Lovelace")).to_be_visible()
    expect(page).to_have_url(re.compile("identities.*find=ada"))
    assert page.evaluate("window.isTheSame")


def test_what_is_pressed_after_going_to_another_subject_is_about_that_one(office: LivePanel, browser: Browser) -> None:
    """Streamlit's own links leave the URL as it is where a page leads to itself; its switches don't."""
    database = office.database()
    with database.write() as session:
        ada = makers.identity(session, 1, first_name="Maria")
        grace = makers.identity(session, 1, first_name="Grace")
        autumn = makers.campaign(session, ada, name="Autumn", state=CampaignState.DRAFT, launched_at=None)
        subjects = ada.id, grace.id, autumn.id
    database.close()
    page = new_page(browser)
    sign_in(page, office.address, OWNER_EMAIL, PASSWORD)
    page.goto(f"{office.address}/identity?w=1&id={subjects[0]}&section=share")
    settled(page)
    page.get_by_label("Find an identity").fill("Grace")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Grace").click()
    expect(page.get_by_role("heading", name="Grace")).to_be_visible()
    expect(page).to_have_url(f"{office.address}/identity?w=1&id={subjects[1]}")
    page.goto(f"{office.address}/campaign?w=1&id={subjects[2]}")
    settled(page)
    page.get_by_role("button", name="More").click()
    page.get_by_text("Duplicate").click()
    expect(page.get_by_role("heading", name="Autumn (copy)")).to_be_visible()
    expect(page).to_have_url(f"{office.address}/campaign?w=1&id={subjects[2] + 1}")

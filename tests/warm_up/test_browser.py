"""Warm-up in a real Chromium: two clicks to start, the lock's words, exactly undone, many at once, and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from practice.browser import new_page, press, settled, sign_in
from storage.kinds import CampaignState
from storage.tables import Campaign, WarmUp
from tests import makers
from tests.dispatch.sink import ALWAYS
from tests.live import OWNER_EMAIL, PASSWORD, LivePanel

pytestmark = pytest.mark.browser
_ROW = 35  # pixels of a line of a table


@dataclass
class Agency:
    live: LivePanel
    page: Page
    ada: int
    autumn: int

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.live.address}/{path}")
        return settled(self.page)

    def card(self) -> Page:
        return self.open(f"identity?id={self.ada}&section=email&w=1")

    def mark(self, *lines: int) -> None:
        table = self.page.get_by_test_id("stDataFrame").first.locator("canvas").first.bounding_box()
        assert table is not None
        for line in lines:
            self.page.mouse.click(table["x"] + 16, table["y"] + _ROW * line + _ROW / 2)
            settled(self.page)

    def states(self) -> tuple[list[CampaignState], int]:
        """Of the campaigns, and how many warm-ups run."""
        database = self.live.database()
        with database.read() as session:
            campaigns = list(session.scalars(select(Campaign.state).order_by(Campaign.id)))
            running = len(session.scalars(select(WarmUp.id).where(WarmUp.stopped_at.is_(None))).all())
        database.close()
        return campaigns, running


@pytest.fixture
def agency(tmp_path: Path, browser: Browser) -> Iterator[Agency]:
    """A fresh workspace: an identity with a running and a paused campaign, a colleague, and another client's addresses."""
    live = LivePanel(tmp_path / "live", {"OUTPOST_WORKER": "off"}).start()
    live.owner()
    database = live.database()
    with database.write() as session:
        ada = makers.identity(session, 1, first_name="Ada", **ALWAYS)
        makers.mailbox(session, ada, address="ada@acme.test")
        autumn = makers.campaign(session, ada, name="Autumn *star*")
        makers.lead(session, autumn)
        makers.campaign(session, ada, name="Winter", state=CampaignState.PAUSED)
        grace = makers.identity(session, 1, first_name="Grace", **ALWAYS)
        for number in range(3):
            makers.mailbox(session, grace, address=f"grace@acme{number}.test")
        theirs = makers.identity(session, makers.workspace(session).id, **ALWAYS)
        for number in range(4):
            makers.mailbox(session, theirs, address=f"p{number}@partner{number}.test")
        makers.checked(session)
        ids = ada.id, autumn.id
    database.close()
    page = new_page(browser)
    sign_in(page, live.address, OWNER_EMAIL, PASSWORD)
    yield Agency(live, page, *ids)
    page.context.close()
    live.stop()


def test_two_clicks_start_it_the_lock_says_why_and_stop_undoes_exactly_that(agency: Agency) -> None:
    page = agency.card()
    press(page, "Start warm-up")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Autumn *star*")
    expect(dialog).to_contain_text("7 other addresses of this installation, 4 of them other clients'")
    assert agency.states() == ([CampaignState.RUNNING, CampaignState.PAUSED], 0)  # looking changes nothing
    dialog.get_by_role("button", name="Pause 1 campaign and start").dblclick()
    expect(page.get_by_text("warming up, day 1 of 14").first).to_be_visible()
    assert agency.states() == ([CampaignState.PAUSED, CampaignState.PAUSED], 1)

    agency.open(f"campaign?id={agency.autumn}&w=1")
    press(page, "Resume")
    expect(page.get_by_role("alert")).to_contain_text("is warming up (day 1 of 14, planned until")
    assert agency.states() == ([CampaignState.PAUSED, CampaignState.PAUSED], 1)

    agency.card()
    press(page, "Pause warm-up")
    expect(page.get_by_text("warm-up paused, day 1 of 14").first).to_be_visible()
    press(page, "Resume warm-up")
    expect(page.get_by_text("warming up, day 1 of 14").first).to_be_visible()

    press(page, "Stop warm-up")
    page.get_by_role("dialog").get_by_role("button", name="Stop and resume 1 campaign").click()
    expect(page.get_by_role("button", name="Start warm-up")).to_be_visible()
    assert agency.states() == ([CampaignState.RUNNING, CampaignState.PAUSED], 0)


def test_many_start_and_stop_from_one_page_each_with_its_result(agency: Agency) -> None:
    page = agency.open("warm-up?w=1")
    agency.mark(1, 2, 3)
    press(page, "Start 3 warm-ups")
    expect(page.get_by_role("dialog")).to_contain_text("1 campaign will be paused")
    page.get_by_role("dialog").get_by_role("button", name="Start 3 addresses").click()
    expect(page.get_by_text("3 of 3 started")).to_be_visible()
    assert agency.states() == ([CampaignState.PAUSED, CampaignState.PAUSED], 3)
    agency.mark(1, 2, 3)  # those that warm up come first
    press(page, "Stop 3 warm-ups")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 campaign that they paused will go on:")
    expect(dialog).to_contain_text("Autumn *star*")
    dialog.get_by_role("button", name="Stop 3 addresses").click()
    expect(page.get_by_text("3 of 3 stopped")).to_be_visible()
    assert agency.states() == ([CampaignState.RUNNING, CampaignState.PAUSED], 0)


def test_at_phone_width_nothing_is_cut_and_stop_is_at_hand(agency: Agency) -> None:
    agency.card()
    press(agency.page, "Start warm-up")
    agency.page.get_by_role("dialog").get_by_role("button", name="Pause 1 campaign and start").click()
    page = agency.page
    expect(page.get_by_text("warming up, day 1 of 14").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("warm-up?w=1", f"identity?id={agency.ada}&section=email&w=1"):
        agency.open(path)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    press(page, "Stop warm-up")
    expect(page.get_by_role("button", name="Stop and resume 1 campaign")).to_be_visible()

"""Unsubscribing over HTTP: by a mail provider's one click, by a person's, and not by a scanner."""

import httpx
import pytest
from sqlalchemy import select

from engine import unsubscribes
from engine.warm_up_key import key_for
from storage import key_file
from storage.kinds import LeadState
from storage.tables import Lead, Suppression
from tests import makers
from tests.live import LivePanel


@pytest.fixture
def link(live: LivePanel, owner: httpx.Client) -> str:
    with live.database().write() as session:
        identity = makers.identity(session, makers.workspace(session, name="Radium Ltd").id)
        lead = makers.lead(session, makers.campaign(session, identity), state=LeadState.ACTIVE)
        make = unsubscribes.links("https://x.test", key_for(key_file.read(live.folder / "data.key")))
        assert make is not None
        return make(session, lead).removeprefix("https://x.test")


def listed(live: LivePanel) -> int:
    with live.database().read() as session:
        return len(session.scalars(select(Suppression)).all())


def test_a_scanner_that_looks_changes_nothing(live: LivePanel, link: str):
    before = listed(live)
    for method in ("GET", "HEAD"):
        assert httpx.request(method, live.address + link, headers={"User-Agent": "Scanner"}).status_code == 200
    assert listed(live) == before


def test_a_provider_s_one_click_needs_no_cookie_and_no_form(live: LivePanel, link: str):
    before = listed(live)
    for _ in range(2):
        answer = httpx.post(live.address + link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert listed(live) == before + 1
    with live.database().read() as session:
        lead = session.scalars(select(Lead).order_by(Lead.id.desc())).first()
        assert lead is not None
        assert lead.state is LeadState.UNSUBSCRIBED


def test_a_person_sees_who_asks_and_presses_once(live: LivePanel, link: str):
    client = live.client()
    page = client.get(link)
    assert "Shall Radium Ltd stop writing to" in page.text
    assert "Nothing changes unless you press" in page.text
    assert "You are unsubscribed" in client.post(link).text
    assert "You are unsubscribed" in client.get(link).text


def test_a_broken_link_says_what_to_do(live: LivePanel, link: str):
    before = listed(live)
    for method in ("GET", "POST"):
        answer = live.client().request(method, link[:-3])
        assert (answer.status_code, "answer the mail with “no thanks”" in answer.text) == (404, True)
    assert listed(live) == before

"""The sign-in's pages and return routes over real HTTP: bound to the session, and nothing secret in a log or an address."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from practice.oauth import StandIn
from practice.oauth_book import Book
from storage.kinds import MailboxState
from storage.tables import Audit
from tests.live import form_token
from tests.oauth.live_office import LiveOffice, live_office
from tests.oauth.person import Person


@pytest.fixture(scope="module")
def here(running: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveOffice]:
    running.book = Book()
    with live_office(tmp_path_factory.mktemp("routes"), running) as opened:
        yield opened


def post(here: LiveOffice, provider: str, address: str, **fields: str) -> httpx.Response:
    path = here.path(provider)
    given = {"form_token": form_token(here.owner, path), "address": address, **fields}
    return here.owner.post(path, data=given)


def sent_to(here: LiveOffice, provider: str, address: str) -> str:
    """Where the browser is sent on to."""
    page = post(here, provider, address)
    assert page.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    assert found
    return html.unescape(found.group(1))


def back(client: httpx.Client, provider: str, query: dict[str, str]) -> httpx.Response:
    return client.get(f"/connect/{provider}/return", params=query)


def test_the_whole_way_ends_at_the_identity_and_leaves_nothing_secret_behind(here: LiveOffice, running: StandIn) -> None:
    person = Person(running.ca_file)
    secrets = []
    for provider, address in (("google", "ada@acme.test"), ("microsoft", "ada@acme2.test")):
        query = person.answers(sent_to(here, provider, address))
        secrets += [query["code"], query["state"]]
        answer = back(here.owner, provider, query)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/identity?w={here.workspace_id}&id={here.identity_id}&section=email"
        assert answer.headers["cache-control"] == "no-store"
        box = here.mailbox(address)
        assert box
        assert box.state is MailboxState.OK
    log = here.panel.log.read_text()
    with here.database.read() as session:
        audited = str([(line.what, line.old, line.new) for line in session.scalars(select(Audit))])
    for secret in [*secrets, *running.book._access, *running.book._grants]:
        assert secret not in log
        assert secret not in audited


def test_a_replayed_answer_is_over_and_its_address_is_gone(here: LiveOffice, running: StandIn) -> None:
    query = Person(running.ca_file).answers(sent_to(here, "google", "twice@acme.test"))
    assert back(here.owner, "google", query).headers["location"].startswith("/identity")
    again = back(here.owner, "google", query)
    assert again.headers["location"] == "/connect/over/used"
    assert "was used already" in here.owner.get("/connect/over/used").text


def test_an_answer_without_a_session_keeps_code_and_state_out_of_the_way_in(here: LiveOffice, running: StandIn) -> None:
    query = Person(running.ca_file).answers(sent_to(here, "google", "nobody@acme.test"))
    answer = back(here.panel.client(), "google", query)
    assert answer.headers["location"] == "/connect/over/signed-out"
    assert not here.mailbox("nobody@acme.test")
    page = here.panel.client().get("/connect/over/signed-out")
    assert page.status_code == 410
    assert "Your session in Outpost ended" in page.text


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_only_a_browser_that_opens_it_uses_an_answer_up(here: LiveOffice, running: StandIn, method: str) -> None:
    address = f"{method.lower()}@acme.test"
    query = Person(running.ca_file).answers(sent_to(here, "google", address))
    assert here.owner.request(method, "/connect/google/return", params=query).status_code in (401, 404, 405)
    assert back(here.owner, "google", query).headers["location"].startswith("/identity")


def test_a_refusal_is_told_on_a_page_of_its_own_with_the_way_on(here: LiveOffice, running: StandIn) -> None:
    query = Person(running.ca_file).answers(sent_to(here, "google", "ada@acme.io"), email="grace@acme.io")
    answer = back(here.owner, "google", query)
    assert re.fullmatch(rf"/connect/result/\d+\?w={here.workspace_id}", answer.headers["location"])
    page = here.owner.get(answer.headers["location"]).text
    assert "You signed in as grace@acme.io, but ada@acme.io was meant" in page
    assert f"/connect/google?w={here.workspace_id}&amp;identity={here.identity_id}&amp;address=ada%40acme.io" in page
    assert here.panel.client().get(answer.headers["location"]).headers["location"].startswith("/sign-in")


def test_approval_required_leads_to_the_kit_and_the_administrators_yes_needs_no_user(
    here: LiveOffice, running: StandIn
) -> None:
    person = Person(running.ca_file)
    query = person.answers(sent_to(here, "microsoft", "ada@approval.test"))
    answer = back(here.owner, "microsoft", query)
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:500]} {here.panel.log.read_text()[-3000:]}"
    assert "waits for approval" in here.owner.get(answer.headers["location"]).text
    asked = post(here, "microsoft", "ada@approval.test", answer="ask")
    assert asked.headers["location"].startswith("/identity")
    box = here.mailbox("ada@approval.test")
    assert box
    assert box.state is MailboxState.WAITING_FOR_APPROVAL


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({}, "over"),
        ({"state": "made up", "admin_consent": "True", "tenant": "<script>"}, "over"),
        ({"state": "x" * 20_000}, "over"),
    ],
    ids=str,
)
def test_an_administrators_answer_to_nothing_is_over(here: LiveOffice, query: dict[str, str], answer: str) -> None:
    got = here.panel.client().get("/connect/microsoft/approval", params=query)
    assert got.headers["location"] == f"/connect/answered/{answer}"
    assert here.panel.client().get(got.headers["location"]).status_code == 410


@pytest.mark.parametrize(
    ("address", "sentence"),
    [("", "address"), ("no address", "address"), ("ada@acme.test", "already connected to this identity")],
)
def test_a_wrong_address_stays_in_the_form_with_a_sentence(here: LiveOffice, address: str, sentence: str) -> None:
    page = post(here, "google", address)
    assert page.status_code == 422
    assert sentence in page.text
    assert f'value="{address}"' in page.text


def test_a_sign_in_begun_at_another_name_of_the_panel_is_sent_home_first(here: LiveOffice) -> None:
    address = f"http://localhost:{here.panel.port}"
    with httpx.Client(base_url=address, headers={"Origin": address, "Accept": "text/html"}, timeout=20) as elsewhere:
        for name, value in here.owner.cookies.items():
            elsewhere.cookies.set(name, value)
        path = here.path("google")
        given = {"form_token": form_token(elsewhere, path), "address": "home@acme.test"}
        page = elsewhere.post(path, data=given)
    assert page.status_code == 422
    assert f"Open the panel at {here.panel.address} and begin there" in page.text


def test_a_form_of_another_browser_is_asked_again(here: LiveOffice) -> None:
    page = here.owner.post(here.path("google"), data={"form_token": "stolen", "address": "ada@acme.test"})
    assert "This form was open for too long" in page.text
    other = here.owner.post(here.path("google"), data={}, headers={"Origin": "https://evil.test"})
    assert other.status_code == 403


@pytest.mark.parametrize(
    "path", ["/connect/yahoo?w=1&identity=1", "/connect/google?w=1&identity=999", "/connect/google?w=1&identity=x"]
)
def test_what_does_not_exist_is_answered_as_that(here: LiveOffice, path: str) -> None:
    assert here.owner.get(path).status_code == 404
    assert here.panel.client().get(path).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/connect/over/<b>x</b>", "/connect/over/anything", "/connect/result/999?w=1"])
def test_a_made_up_end_says_nothing_of_its_own(here: LiveOffice, path: str) -> None:
    answer = here.owner.get(path)
    assert answer.status_code in (404, 410)
    assert "<b>" not in answer.text

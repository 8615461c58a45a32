"""What the sign-in tests share: the stand-in for Google and Microsoft, and a person who answers its pages over HTTP."""

import html
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from engine.connections.oauth import App, Endpoints, endpoints
from practice.oauth import StandIn
from practice.oauth_book import GOOGLE_ID, GOOGLE_SECRET, MICROSOFT_ID, MICROSOFT_SECRET, Book
from storage.kinds import Provider

RETURN = "http://127.0.0.1:8501/connect/return"
GOOGLE = App(Provider.GOOGLE, GOOGLE_ID, GOOGLE_SECRET)
MICROSOFT = App(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    server = StandIn(tmp_path_factory.mktemp("stand-in")).start()
    yield server
    server.stop()


@pytest.fixture
def stand_in(running: StandIn) -> StandIn:
    """The running stand-in, knowing nothing of other tests."""
    running.book = Book()
    return running


@pytest.fixture
def where(stand_in: StandIn) -> Endpoints:
    return endpoints(settings_of(stand_in))


@pytest.fixture
def person(stand_in: StandIn) -> "Person":
    return Person(stand_in.ca_file)


def settings_of(stand_in: StandIn) -> dict[str, str]:
    return {"OUTPOST_PROVIDERS": stand_in.base, "OUTPOST_PROVIDERS_CA": stand_in.ca_file}


@dataclass(frozen=True)
class Person:
    """Answers consent pages; what comes back is the query with which the browser would return."""

    ca_file: str

    def answers(self, url: str, answer: str = "allow", email: str | None = None, untick: str = "") -> dict[str, str]:
        trusting = ssl.create_default_context(cafile=self.ca_file)
        page = httpx.get(url, verify=trusting)
        assert page.status_code == 200, page.text
        fields = fields_of(page.text)
        if email is not None:
            fields["email"] = email
        ticked = {name: value for name, value in fields.items() if not untick or untick not in value or name == "scope"}
        got = httpx.post(url.split("?")[0], data={**ticked, "answer": answer}, verify=trusting)
        if got.status_code == 200 and "Approval required" in got.text:
            got = httpx.post(url.split("?")[0], data={**fields_of(got.text), "answer": "back"}, verify=trusting)
        assert got.status_code == 302, got.text
        return dict(parse_qsl(urlsplit(got.headers["location"]).query))


def fields_of(page: str) -> dict[str, str]:
    named = re.findall(r'<input [^>]*?name="([^"]*)"[^>]*?value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(value) for name, value in named}

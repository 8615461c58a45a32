"""A person who answers the stand-in's pages over HTTP, and how the product is led to that stand-in."""

import html
import re
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx

from practice.oauth import StandIn


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

"""The stand-in as a server of its own: every account that signs in has a site of its own, told apart by its cookie.

`python -m practice.linkedin.server --port 0 --said FILE` writes where it listens to FILE. What LinkedIn asks at sign-in is
in the address: "ada+sms@…" is asked for a code by SMS, and likewise email, authenticator, app, denied, captcha,
document, comply, browser, restricted;
"ada+sales@…" has a seat in Sales Navigator.
"""

import argparse
import re
import sys
import threading
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from practice.linkedin.site import Site

PASSWORD = "right horse"
_CHECKS = ("sms", "email", "authenticator", "app", "denied", "captcha", "document", "comply", "browser", "restricted")


@dataclass(slots=True)
class Sites:
    """The accounts by e-mail address; `lock` because a browser asks for several things at once."""

    accounts: dict[str, Site] = field(default_factory=dict)
    nobody: Site = field(default_factory=Site)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, email: str) -> Site:
        if email not in self.accounts:
            name, *asked = email.split("@")[0].split("+")
            words = [word.capitalize() for word in re.split(r"[._-]+", name) if word]
            self.accounts[email] = Site(
                own_slug="-".join(words).lower(),
                own_name=" ".join(words),
                strangers=True,
                password=PASSWORD,
                asks=tuple(each for each in asked if each in _CHECKS),
                has_seat="sales" in asked,
            )
        return self.accounts[email]


class _Handler(BaseHTTPRequestHandler):
    sites: Sites

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        email = cookies["account"].value if "account" in cookies else ""
        with self.sites.lock:
            if parts.path == "/do/submit":
                email = query["email"].lower()
            site = self.sites.of(email) if email else self.sites.nobody
            signed_in = (
                "li_at" in cookies or parts.path in ("/login", "/feed/") or parts.path.startswith(("/do/", "/checkpoint"))
            )
            answer = site.answer(parts.path if signed_in else "/login", query)
        self.send_response(200)
        self.send_header("Content-Type", answer.content_type)
        if parts.path == "/do/submit":
            self.send_header("Set-Cookie", f"account={email}; Path=/; Max-Age=99999")
        for cookie in answer.cookies(site.own_slug) if email else ():
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(answer.body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own word
        """Say nothing: it is a stand-in."""


def serve(sites: Sites, port: int = 0) -> ThreadingHTTPServer:
    """A server on this computer that is ready to be run in a thread."""
    return ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"sites": sites}))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--said", type=Path)
    asked = parser.parse_args(arguments)
    server = serve(Sites(), asked.port)
    if asked.said:
        asked.said.write_text(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

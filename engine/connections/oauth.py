"""What signing in at a provider is made of: where it is asked, by which app, what is granted, and what goes wrong.

The production addresses are the defaults; only addresses and the certificate authority can be set, for tests and practice.
"""

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import requests

from engine.channels.effects import Server
from storage.kinds import Provider, Security

TIMEOUT = 20
_GRAPH = "https://graph.microsoft.com"
_GOOGLE_IMAP = Server("imap.gmail.com", 993, Security.SSL)
_GOOGLE_SMTP = Server("smtp.gmail.com", 587, Security.STARTTLS)
_MICROSOFT_IMAP = Server("outlook.office365.com", 993, Security.SSL)
_MICROSOFT_SMTP = Server("smtp.office365.com", 587, Security.STARTTLS)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where each provider is asked. `ca_file` replaces the usual certificate authorities."""

    google_authorize: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_revoke: str = "https://oauth2.googleapis.com/revoke"
    google_userinfo: str = "https://openidconnect.googleapis.com/v1/userinfo"
    microsoft: str = "https://login.microsoftonline.com"
    graph: str = _GRAPH
    ca_file: str = ""
    pages: str = ""  # a stand-in's own address for people's browsers, which don't know its authority
    imap: Server | None = None  # instead of the provider's own mail servers
    smtp: Server | None = None

    @property
    def is_stand_in(self) -> bool:
        return self.graph != _GRAPH

    def for_browser(self, url: str) -> str:
        return url.replace(self.microsoft, self.pages, 1) if self.pages else url

    def servers(self, provider: Provider) -> tuple[Server, Server]:
        google = provider is Provider.GOOGLE
        return (
            self.imap or (_GOOGLE_IMAP if google else _MICROSOFT_IMAP),
            self.smtp or (_GOOGLE_SMTP if google else _MICROSOFT_SMTP),
        )


def endpoints(environment: Mapping[str, str] = os.environ) -> Endpoints:
    """Production, unless `OUTPOST_PROVIDERS` names a stand-in, with its CA and its mail servers ("host:port:security")."""
    base = environment.get("OUTPOST_PROVIDERS", "").rstrip("/")
    if not base:
        return Endpoints()
    return Endpoints(
        f"{base}/o/oauth2/v2/auth",
        f"{base}/token",
        f"{base}/revoke",
        f"{base}/v1/userinfo",
        base,
        base,
        environment.get("OUTPOST_PROVIDERS_CA", ""),
        environment.get("OUTPOST_PROVIDERS_PAGES", ""),
        _server(environment.get("OUTPOST_PROVIDERS_IMAP", "")),
        _server(environment.get("OUTPOST_PROVIDERS_SMTP", "")),
    )


def _server(text: str) -> Server | None:
    if not text:
        return None
    host, port, security = text.split(":")
    return Server(host, int(port), Security(security))


@dataclass(frozen=True, slots=True)
class App:
    """The app as it is registered at the provider."""

    provider: Provider
    client_id: str
    secret: str = field(repr=False)
    tenant: str = "organizations"
    by_graph: bool = False  # Microsoft: asks for Graph's permissions as well


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what must be kept until it comes back."""

    url: str = field(repr=False)
    flow: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """Tokens as they came; `seconds` is the access token's life. A refresh may bring no new refresh token ("")."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    seconds: float
    scopes: frozenset[str] = frozenset()
    address: str = ""
    other_address: str = ""  # Microsoft: the account's mail address where its sign-in name differs
    subject: str = ""
    tenant: str = ""


class Denial(StrEnum):
    """What a provider's answer means for what comes next."""

    CANCELLED = "cancelled"
    APPROVAL_NEEDED = "approval_needed"
    REFUSED = "refused"
    ENDED = "ended"  # the grant is dead: only a person can make a new one
    APP_WRONG = "app_wrong"  # the registration of the app must be mended
    UNWELL = "unwell"  # worth another try later


class SignInTrouble(Exception):  # noqa: N818 - it is told to a person
    """A sign-in or a refresh that did not work; the sentence says what and what to do, and never holds a secret."""

    def __init__(self, denial: Denial, sentence: str) -> None:
        self.denial = denial
        self.sentence = sentence
        super().__init__(sentence)


class WebSession(requests.Session):
    """A session with an end to every wait; environment variables can't put another authority in place of ours."""

    def __init__(self, ca_file: str) -> None:
        super().__init__()
        equip(self, ca_file)

    def request(self, *args: Any, **values: Any) -> requests.Response:
        values["timeout"] = values.get("timeout") or TIMEOUT
        return super().request(*args, **values)


def equip(session: requests.Session, ca_file: str) -> None:
    """REQUESTS_CA_BUNDLE would override `verify`, so the environment is asked for proxies alone."""
    session.trust_env = False
    session.proxies = urllib.request.getproxies()
    session.verify = ca_file or True


def unreachable(provider: str, error: Exception) -> SignInTrouble:
    if isinstance(error, requests.exceptions.SSLError):
        return SignInTrouble(
            Denial.UNWELL,
            f"The certificate that answered for {provider} is not trusted, so nothing was sent;"
            " ask whoever runs this computer or its network.",
        )
    return SignInTrouble(Denial.UNWELL, f"{provider} can't be reached at the moment; try again in some minutes.")


def unwell(provider: str, status: int = 0) -> SignInTrouble:
    said = f" (it answered {status})" if status else " (its answer made no sense)"
    return SignInTrouble(Denial.UNWELL, f"{provider} can't answer at the moment{said}; try again in some minutes.")

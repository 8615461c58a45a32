"""Who may pass: in front of every page, websocket and file; pure ASGI, so that nothing is answered before it.

Without a valid session only the public routes answer. A foreign Origin or Host is refused, and every answer carries the
security headers.
"""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import clock, sessions
from engine.config import Config
from engine.installation import current
from engine.sessions import SignedIn
from pages import errors
from pages.plain import cookies, forms
from pages.registry import FIRST, PAGES

_STREAMLITS = ("/_stcore/", "/static/", "/media/", "/component/", "/favicon")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        "script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; "
        "object-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it a browser sends Origin "null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


class Refusal(NamedTuple):
    status: int
    why: str


class Gate:
    """`public` are the routes that answer without a session; exactly these paths and methods."""

    def __init__(self, app: ASGIApp, public: Sequence[Route], private: Sequence[Route]) -> None:
        self._app = app
        self._public = tuple(public)
        self._known = (*public, *private)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = _Answer(send, current().config)
            try:
                await self._judge(HTTPConnection(scope), receive, answer.send)
            except Exception as error:
                if answer.has_begun:
                    raise
                await _broken(HTTPConnection(scope), error)(scope, receive, answer.send)
        elif scope["type"] == "websocket":
            await self._judge(HTTPConnection(scope), receive, send)
        else:
            await self._app(scope, receive, send)

    async def _judge(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        scope, config = connection.scope, current().config
        refusal = _refusal(connection, config)
        if refusal is None and not self._is_public(scope):
            who = await anyio.to_thread.run_sync(_signed_in, cookies.session_token(connection, config))
            if who is None:
                refusal = Refusal(401, "Sign in first.")
            else:
                scope.setdefault("state", {})["signed_in"] = who
        refusal = refusal or self._nothing_there(connection)
        if refusal is None:
            proper = _proper_page(connection)
            await (self._app if proper is None else RedirectResponse(proper, 303))(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})  # before it was accepted: the client sees 403
        else:
            await _answer(connection, refusal)(scope, receive, send)

    def _is_public(self, scope: Scope) -> bool:
        return scope["type"] == "http" and any(route.matches(scope)[0] is Match.FULL for route in self._public)

    def _nothing_there(self, connection: HTTPConnection) -> Refusal | None:
        """Streamlit answers every other address with a page of its own that speaks of files."""
        scope = connection.scope
        if scope["type"] != "http" or scope["path"].startswith(_STREAMLITS):
            return None
        matches = {route.matches(scope)[0] for route in self._known}
        if Match.FULL in matches:
            return None
        if Match.PARTIAL in matches or scope["method"] not in _SAFE_METHODS:
            return Refusal(405, "Nothing can be sent to this address. Go back and use the button of the page.")
        if _is_page(connection) and scope["path"].strip("/") not in PAGES and scope["path"] != "/":
            return Refusal(404, "There is no page at this address. Check it, or find the page from the first one.")
        return None


def _proper_page(connection: HTTPConnection) -> str | None:
    """Where a page is by its own name, as Streamlit wants it: the first page at the root, and none with a last slash."""
    path = connection.scope["path"]
    slug = path.strip("/")
    proper = "/" if slug == FIRST else f"/{slug}"
    if connection.scope["type"] != "http" or slug not in PAGES or path == proper:
        return None
    return f"{proper}?{connection.url.query}" if connection.url.query else proper


def _signed_in(token: str) -> SignedIn | None:
    with current().database.read() as session:
        return sessions.find(session, token, clock.now())


def _refusal(connection: HTTPConnection, config: Config) -> Refusal | None:
    if not _is_known_host(connection.headers, config):
        return Refusal(421, "This is not the panel's address. Open it at its own address, or set OUTPOST_URL to this one.")
    if _changes_something(connection.scope) and not _is_own_origin(connection.headers, config):
        return Refusal(403, "This request came from another site.")
    return None


def _changes_something(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS


def _is_known_host(headers: Headers, config: Config) -> bool:
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return False
    own = {"localhost", "127.0.0.1", "::1", config.address, urlsplit(config.public_url).hostname}
    return host in own - {"0.0.0.0", "::"}  # noqa: S104 - named in order to be left out


def _is_own_origin(headers: Headers, config: Config) -> bool:
    """A client that is no browser sends none; a browser always does with what changes something."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    return origin == config.public_url or origin.partition("://")[2] == headers.get("host")


def _answer(connection: HTTPConnection, refusal: Refusal) -> Response:
    if refusal.status in (404, 405):
        return forms.refusal(connection, refusal.status, refusal.why)
    if refusal.status != 401 or not _is_page(connection):
        return PlainTextResponse(refusal.why, refusal.status, {"Cache-Control": "no-store"})
    wanted = connection.url.path + (f"?{connection.url.query}" if connection.url.query else "")
    suffix = "" if wanted == "/" else f"?next={quote(wanted, safe='')}"
    return RedirectResponse(f"/sign-in{suffix}", 303, {"Cache-Control": "no-store"})


def _is_page(connection: HTTPConnection) -> bool:
    # A browser also asks for its favicon: sent to sign-in, it would get a form, and a cookie, that nobody sees.
    return "text/html" in connection.headers.get("accept", "") and connection.scope["method"] == "GET"


def _broken(connection: HTTPConnection, error: Exception) -> Response:
    # A path may hold a token, so the log gets its first part only.
    return forms.refusal(connection, 500, errors.said(error, connection.url.path.split("/")[1]))


class _Answer:
    """What is sent back, with the security headers on it."""

    def __init__(self, send: Send, config: Config) -> None:
        self._send, self._config, self.has_begun = send, config, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            if self._config.public_url.startswith("https://"):
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await self._send(message)

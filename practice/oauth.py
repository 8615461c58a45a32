"""Google's and Microsoft's sign-in on this computer, in threads of the process that starts it.

It answers over HTTPS with a certificate of its own authority, since msal takes nothing else, and over HTTP, where a person's
browser, which does not know that authority, finds the pages, and a mail server asks whether a token is good (`/introspect`).
"""

import base64
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from practice import oauth_google, oauth_graph, oauth_microsoft
from practice.certificates import HOST, make_certificates
from practice.oauth_answers import Answer, Call, html, said
from practice.oauth_book import Book, Unwell

_KEPT = "sign-ins.json"


@dataclass
class StandIn:
    """Both servers in threads of this process; `base` is what `OUTPOST_PROVIDERS` names."""

    folder: Path
    ports: tuple[int, int] = (0, 0)
    book: Book = field(default_factory=Book)
    _servers: list[ThreadingHTTPServer] = field(default_factory=list)
    ca_file: str = ""

    def start(self) -> "StandIn":
        self.book.restore(self.folder / _KEPT)
        authority, certificate = make_certificates(self.folder)
        self.ca_file = str(authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        for port, tls in zip(self.ports, (context, None), strict=True):
            server = _Server(self, port, tls)
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.ports = (self._servers[0].server_port, self._servers[1].server_port)
        return self

    def stop(self) -> None:
        self.book.keep(self.folder / _KEPT)
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    @property
    def base(self) -> str:
        return f"https://{HOST}:{self.ports[0]}"

    @property
    def pages(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def introspection(self) -> str:
        return f"{self.pages}/introspect"

    def vouches(self, address: str, token: str) -> bool:
        """Whether a mail server may let the address in by this token."""
        return self.book.vouches(address, token)

    def answer(self, call: Call) -> Answer:
        with self.book.lock:
            if call.path.endswith(self.book.unwell_at) and (trouble := self._outage()):
                return trouble
            if call.path.endswith("token") and call.method == "POST" and (refusal := self._refusal()):
                return refusal
            if call.path == "/introspect":
                return self._introspected(call)
            found = oauth_google.answer(self.book, call) or oauth_graph.answer(self.book, call)
            found = found or oauth_microsoft.answer(self.book, self.base, call)
            if self.book.loses_answers and call.path.endswith("token"):
                return said(502, {})
            return found or said(404, {"error": "not_found"})

    def _outage(self) -> Answer | None:
        if self.book.unwell is Unwell.HTML:
            return html(200, "<html><body>We'll be back soon.</body></html>")
        if self.book.unwell is not None:
            return said(int(self.book.unwell), {"error": "temporarily_unavailable"})
        return None

    def _refusal(self) -> Answer | None:
        if self.book.refusals:
            error, description = self.book.refusals.pop(0)
            return said(400, {"error": error, "error_description": description})
        return None

    def _introspected(self, call: Call) -> Answer:
        access = self.book.opened_by(call.form.get("token", ""))
        if access is None or access.is_for_graph:
            return said(200, {"active": False})
        return said(200, {"active": True, "email": access.address, "scope": " ".join(access.scopes)})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stand_in: StandIn, port: int, context: ssl.SSLContext | None) -> None:
        self.stand_in = stand_in
        self.context = context
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the request's own thread: who says nothing holds up nobody."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        self._respond(b"")

    def do_POST(self) -> None:
        self._respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_DELETE = do_POST  # noqa: N815

    def _respond(self, body: bytes) -> None:
        answer = self.server.stand_in.answer(self._call(body))
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _call(self, body: bytes) -> Call:
        asked = urlsplit(self.path)
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        form = _fields(body.decode()) if is_form else {}
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            names = ("client_id", "client_secret")
            form = {**form, **dict(zip(names, base64.b64decode(given).decode().split(":", 1), strict=False))}
        return Call(self.command, asked.path, _fields(asked.query), form, given if scheme == "Bearer" else "", body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Codes and states stand in the addresses, so nothing is logged."""


def _fields(text: str) -> Mapping[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))

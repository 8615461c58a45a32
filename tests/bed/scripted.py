"""Servers that say exactly what a test tells them to: refusals word for word, silence, dropped lines, bad certificates."""

import base64
import contextlib
import datetime
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DROP = "drop"  # close the connection instead of answering
HANG = "hang"  # say nothing more
DRIP = "drip"  # a byte now and then, for ever

Answers = dict[str, str]


class Authority:
    """A certificate authority of the test's own, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def good(self) -> ssl.SSLContext:
        return self._context("localhost")

    def expired(self) -> ssl.SSLContext:
        return self._context("localhost", not_after=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))

    def not_yet_valid(self) -> ssl.SSLContext:
        moment = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
        return self._context("localhost", not_before=moment, not_after=moment + datetime.timedelta(days=1))

    def self_signed(self) -> ssl.SSLContext:
        """As servers make them at their installation: for the right name, vouched for by nobody."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + datetime.timedelta(days=36500))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:
            file.write(private + made.public_bytes(pem))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def for_another_host(self) -> ssl.SSLContext:
        return self._context("mail.example.com")

    def _context(self, name: str, **values: datetime.datetime) -> ssl.SSLContext:
        given = {"not_before": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), **values}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name, **given).configure_cert(context)
        return context


@dataclass
class Script:
    """What a server says at each step, and what it saw. A missing step gets the usual answer."""

    answers: Answers = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    implicit_tls: bool = False
    lines: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    connections: int = 0
    turns: dict[str, list[str]] = field(default_factory=dict)  # what is said the first times, instead of the answers
    ended: threading.Event = field(default_factory=threading.Event)


class _Over(Exception):  # noqa: N818 - the conversation's end is no error
    pass


class _Conversation:
    def __init__(self, sock: socket.socket, script: Script) -> None:
        self.script = script
        self.sock = sock
        if script.implicit_tls and script.context:
            self.sock = script.context.wrap_socket(sock, server_side=True)
        self.file = self.sock.makefile("rb")

    def say(self, step: str, usual: str) -> None:
        turns = self.script.turns.get(step)
        answer = turns.pop(0) if turns else self.script.answers.get(step, usual)
        if answer == DROP:
            raise _Over
        if answer in (HANG, DRIP):
            self._stay(answer)
        self.sock.sendall(answer.encode() + b"\r\n")

    def hear(self) -> str:
        line = self.file.readline()
        if not line:
            raise _Over
        text = line.decode("utf-8", "replace").strip()
        self.script.lines.append(text)
        return text

    def encrypt(self) -> None:
        if self.script.context is None:
            raise _Over
        self.sock = self.script.context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")

    def _stay(self, how: str) -> None:
        while not self.script.ended.wait(0.05):
            if how == DRIP:
                self.sock.sendall(b"2")
        raise _Over


def _talk_smtp(talk: _Conversation) -> None:
    script = talk.script
    talk.say("greeting", "220 scripted.test ESMTP")
    while True:
        line = talk.hear()
        verb = line.split(":")[0].upper()
        if verb.startswith("EHLO"):
            starttls = "250-STARTTLS\r\n" if script.context and not isinstance(talk.sock, ssl.SSLSocket) else ""
            mechanisms = script.answers.get("mechanisms", "LOGIN PLAIN")
            more = "".join(f"250-{each}\r\n" for each in script.answers.get("extensions", "").split())
            talk.say("ehlo", f"250-scripted.test\r\n{starttls}{more}250-AUTH {mechanisms}\r\n250 OK")
        elif verb == "STARTTLS":
            talk.say("starttls", "220 2.0.0 Ready")
            talk.encrypt()
        elif verb.startswith("AUTH LOGIN"):
            for prompt in ("Username:", "Password:"):
                talk.say("prompt", "334 " + base64.b64encode(prompt.encode()).decode())
                talk.hear()
            talk.say("auth", "235 2.7.0 Accepted")
        elif verb.startswith("AUTH XOAUTH2") and "challenge" in script.answers:
            talk.say("challenge", "")
            talk.hear()
            talk.say("auth", "535 5.7.8 Error: authentication failed")
        elif verb.startswith("AUTH"):
            talk.say("auth", "235 2.7.0 Accepted")
        elif verb == "MAIL FROM":
            talk.say("mail", "250 2.1.0 OK")
        elif verb == "RCPT TO":
            talk.say("rcpt", "250 2.1.5 OK")
        elif verb == "DATA":
            talk.say("data", "354 Go ahead")
            if script.answers.get("data", "354").startswith("354"):
                _take_content(talk)
        elif verb == "QUIT":
            talk.say("quit", "221 Bye")
            return
        else:
            talk.say("other", "502 5.5.1 Unknown")


def _take_content(talk: _Conversation) -> None:
    if talk.script.answers.get("content") == DROP:
        talk.file.readline()
        raise _Over
    content = b""
    while (line := talk.file.readline()) != b".\r\n":
        if not line:
            raise _Over
        content += line
    talk.script.contents.append(content)
    talk.say("dot", "250 2.0.0 OK: queued as SCRIPT1")


def _talk_imap(talk: _Conversation) -> None:
    script = talk.script
    talk.say("greeting", "* OK scripted ready")
    while True:
        tag, _, rest = talk.hear().partition(" ")
        verb = rest.split(" ")[0].upper()
        if verb == "CAPABILITY":
            starttls = " STARTTLS" if script.context and not isinstance(talk.sock, ssl.SSLSocket) else ""
            capabilities = script.answers.get("capabilities", "AUTH=PLAIN")
            talk.say("capability", f"* CAPABILITY IMAP4rev1{starttls} {capabilities}\r\n{tag} OK done")
        elif verb == "STARTTLS":
            talk.say("starttls", f"{tag} OK begin")
            talk.encrypt()
        elif verb == "AUTHENTICATE":
            talk.say("challenge", "+ ")
            talk.hear()
            if "refusal" in script.answers:
                talk.say("refusal", "")
                talk.hear()
            talk.say("login", f"{tag} OK welcome")
        elif verb == "LOGIN":
            talk.say("login", f"{tag} OK welcome")
        elif verb == "LIST":
            talk.say("list", script.answers.get("folders", '* LIST () "/" INBOX') + f"\r\n{tag} OK done")
        elif verb == "LOGOUT":
            talk.say("logout", f"* BYE\r\n{tag} OK bye")
            return
        else:
            talk.say("other", f"{tag} BAD unknown")


class _Tagged(_Conversation):
    """Puts the client's tag where a scripted IMAP answer says TAG."""

    tag = "*"

    def hear(self) -> str:
        line = super().hear()
        if " " in line:  # a command, not the answer to a challenge
            self.tag = line.split(" ")[0]
        return line

    def say(self, step: str, usual: str) -> None:
        answer = self.script.answers.get(step)
        if answer and answer not in (DROP, HANG, DRIP):
            self.sock.sendall(answer.replace("TAG", self.tag).encode() + b"\r\n")
            if answer.startswith("* BYE"):
                raise _Over
        else:
            super().say(step, usual)


@contextlib.contextmanager
def scripted_smtp(script: Script) -> Iterator[int]:
    """A running scripted SMTP server; its port."""
    with _serving(script, _Conversation, _talk_smtp) as port:
        yield port


@contextlib.contextmanager
def scripted_imap(script: Script) -> Iterator[int]:
    """A running scripted IMAP server; its port. "TAG" in an answer becomes the client's tag."""
    with _serving(script, _Tagged, _talk_imap) as port:
        yield port


@contextlib.contextmanager
def _serving(script: Script, kind: type[_Conversation], talk: object) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            script.connections += 1
            with contextlib.suppress(_Over, OSError):
                talk(kind(self.request, script))  # type: ignore[operator]

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def server_bind(self) -> None:
            # Small: else the sockets alone hold megabytes that nobody has read, and a line that breaks is not noticed.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            super().server_bind()

        def shutdown_request(self, request: socket.socket) -> None:
            with contextlib.suppress(OSError):
                super().shutdown_request(request)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            script.ended.set()
            server.shutdown()
            thread.join(5)


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

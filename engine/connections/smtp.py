"""A signed-in SMTP session: encrypted, certificate verified, every wait cut to one deadline, a password tried once."""

import base64
import select
import smtplib
import socket
import ssl

from engine.channels.effects import MailAccount, Server
from engine.connections.bearer import by_token, refused_status, xoauth2
from engine.connections.network import Deadline, NetworkGuard, timed_reader
from engine.connections.trouble import ConnectionTrouble, Trouble, scrub, sign_in_trouble
from engine.connections.trust import troubles
from storage.kinds import Security

_PIECE = 16_384  # bytes: a TLS record holds no more
_OUR_NAME = "[127.0.0.1]"  # what mail programs say too; the host's own name is nobody's business


class SmtpSession(smtplib.SMTP):
    """smtplib's client over a connection that the network guard opened."""

    def __init__(self, server: Server, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline) -> None:
        self.server = server
        self.deadline = deadline
        self._network = network
        self._tls = context
        super().__init__(server.host, server.port, local_hostname=_OUR_NAME, timeout=deadline.left())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = self._network.connect(host, port, self.deadline)
        if self.server.security is Security.STARTTLS:
            return plain
        plain.settimeout(self.deadline.left())
        return self._tls.wrap_socket(plain, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = timed_reader(self.sock, self)
        return super().getreply()

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """In pieces, each cut to the deadline: TLS gives every record the whole of a timeout."""
        for start in range(0, len(s), _PIECE):
            if self.sock is not None:
                self.sock.settimeout(self.deadline.left())
            super().send(s[start : start + _PIECE])

    def is_quiet(self) -> bool:
        """Whether the server has said nothing that nobody asked for; what it says unasked ends a conversation."""
        if self.sock is None or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return False
        self.file = None  # and with it what was read too much
        try:
            listening = select.poll()
            listening.register(self.sock, select.POLLIN)
            return not listening.poll(0)
        except (OSError, ValueError):
            return False

    def left(self) -> float:
        """Seconds that remain until the deadline, which is each letter's own; TimeoutError when there are none."""
        return self.deadline.left()

    def leave(self) -> None:
        """Say goodbye without waiting for an answer."""
        try:
            self.putcmd("quit")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()


class SignInRefused(ConnectionTrouble):
    """The server refused the password; `code` tells a passing reason (4xx) from a lasting one."""

    def __init__(self, trouble: Trouble, server: Server, code: int, words: str) -> None:
        super().__init__(trouble, server.host, server.port, words)
        self.code = code


def open_smtp(server: Server, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline) -> SmtpSession:
    """Connect and encrypt; ConnectionTrouble says what went wrong."""
    with troubles(server):
        session = SmtpSession(server, network, context, deadline)
    try:
        with troubles(server):
            _greet(session)
            if server.security is Security.STARTTLS:
                _start_tls(session, context)
    except ConnectionTrouble:
        session.close()
        raise
    return session


def _greet(session: SmtpSession) -> None:
    code, said = session.ehlo()
    if code != 250:
        raise smtplib.SMTPConnectError(code, said)


def _start_tls(session: SmtpSession, context: ssl.SSLContext) -> None:
    server = session.server
    if not session.has_extn("starttls"):
        raise ConnectionTrouble(Trouble.NOT_ENCRYPTED, server.host, server.port)
    session.starttls(context=context)
    _greet(session)


def sign_in_smtp(session: SmtpSession, username: str, password: str) -> None:
    """Try the password once, with one mechanism; smtplib's own login would try a wrong one twice."""
    offered = session.esmtp_features.get("auth", "").upper().split()
    with troubles(session.server):
        if "PLAIN" in offered:
            code, said = session.docmd("AUTH", "PLAIN " + _encoded(f"\0{username}\0{password}"))
        elif "LOGIN" in offered:
            code, said = _auth_login(session, username, password)
        else:
            raise SignInRefused(Trouble.NO_PASSWORD_SIGN_IN, session.server, 504, "")
    if code not in (235, 503):  # 503: already signed in
        raise refused_sign_in(session.server, code, scrub(said))


def sign_in_to(session: SmtpSession, account: MailAccount) -> None:
    """By the account's own way: XOAUTH2 with a fresh token, or the password."""
    if account.bearer is None:
        sign_in_smtp(session, account.username, account.password)
    else:
        by_token(account.bearer, lambda token: _sign_in_by_token(session, account.username, token))


def _sign_in_by_token(session: SmtpSession, username: str, token: str) -> None:
    """XOAUTH2. A refusal comes as a challenge of JSON (334), which wants an empty line before it becomes a 535."""
    server = session.server
    if "XOAUTH2" not in session.esmtp_features.get("auth", "").upper().split():
        raise SignInRefused(Trouble.TOKEN_REFUSED, server, 504, "XOAUTH2 is not offered")
    challenge = ""
    with troubles(server):
        code, said = session.docmd("AUTH", f"XOAUTH2 {_encoded(xoauth2(username, token))}")
        if code == 334:
            challenge = refused_status(said)
            code, said = session.docmd("")
    if code not in (235, 503):
        raise _token_refused(server, code, " ".join(filter(None, (scrub(said), challenge))))


def _token_refused(server: Server, code: int, words: str) -> SignInRefused:
    """As with a password, but nobody typed one: what would be a wrong password is a refused token."""
    trouble = sign_in_trouble(words)
    if trouble in (Trouble.WRONG_PASSWORD, Trouble.APP_PASSWORD_NEEDED):
        trouble = Trouble.UNAVAILABLE if 400 <= code < 500 else Trouble.TOKEN_REFUSED
    return SignInRefused(trouble, server, code, words)


def _auth_login(session: SmtpSession, username: str, password: str) -> tuple[int, bytes]:
    code, said = session.docmd("AUTH", "LOGIN")
    for answer in (username, password):
        if code == 334:
            code, said = session.docmd(_encoded(answer))
    return code, said


def refused_sign_in(server: Server, code: int, words: str) -> SignInRefused:
    trouble = sign_in_trouble(words)
    if code == 534:
        trouble = Trouble.APP_PASSWORD_NEEDED
    elif 400 <= code < 500 and trouble in (Trouble.WRONG_PASSWORD, Trouble.APP_PASSWORD_NEEDED):
        # 454 "temporary authentication failure": the password may be right.
        trouble = Trouble.UNAVAILABLE
    return SignInRefused(trouble, server, code, words)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")

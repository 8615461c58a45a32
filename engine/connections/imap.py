"""A signed-in IMAP session: encrypted, certificate verified, every wait cut to one deadline, a password tried once."""

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from engine.channels.effects import Bearer, MailAccount, Server
from engine.connections.bearer import by_token, refused_status, xoauth2
from engine.connections.imap_wire import Wire
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble, Trouble, sign_in_trouble
from engine.connections.trust import troubles
from storage.kinds import Security

_CAPABILITIES = re.compile(rb"\[CAPABILITY ([^\]]+)\]", re.IGNORECASE)  # in the answer to a sign-in


class ImapSession(IMAPClient):  # type: ignore[misc]
    def __init__(self, server: Server, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline) -> None:
        self.server = server
        self._parts = (server, network, context, deadline)
        super().__init__(server.host, server.port, ssl=server.security is Security.SSL, ssl_context=context)
        self._imap.debug = 0  # imaplib would write commands to the log

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - IMAPClient's name
        return Wire(*self._parts)

    def plain_sign_in(self, username: str, password: str) -> None:
        """In one round trip where the server takes the answer with the command (SASL-IR, RFC 4959)."""
        if not self.has_capability("SASL-IR"):
            self.plain_login(username, password)
            return
        answer = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        wire = self._imap
        try:
            status, said = wire._simple_command("AUTHENTICATE", "PLAIN", answer)
        except imaplib.IMAP4.error as error:
            raise LoginError(str(error)) from error
        words = said[-1] or b""
        if status != "OK":
            raise LoginError(words.decode("utf-8", "replace"))
        wire.state = "AUTH"
        told = _CAPABILITIES.match(words)
        self._cached_capabilities = self._normalise_capabilites(told[1]) if told else None


def account_session(
    account: MailAccount, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline
) -> AbstractContextManager[ImapSession]:
    """The session of an account, signed in by its own way: with a fresh token, or by the password."""
    return imap_session(account.imap, network, context, deadline, account.username, account.password, account.bearer)


@contextmanager
def imap_session(
    server: Server,
    network: NetworkGuard,
    context: ssl.SSLContext,
    deadline: Deadline,
    username: str,
    password: str,
    bearer: Bearer | None = None,
) -> Iterator[ImapSession]:
    """Connect, encrypt, sign in; ConnectionTrouble says what went wrong. Signed out at the end."""
    with troubles(server):
        session = ImapSession(server, network, context, deadline)
    try:
        with troubles(server):
            if server.security is Security.STARTTLS:
                _start_tls(session, context)
            if bearer is None:
                _sign_in(session, username, password)
            else:
                by_token(bearer, lambda token: _sign_in_by_token(session, username, token))
        yield session
    finally:
        _leave(session)


def _start_tls(session: ImapSession, context: ssl.SSLContext) -> None:
    if not session.has_capability("STARTTLS"):
        raise ConnectionTrouble(Trouble.NOT_ENCRYPTED, session.server.host, session.server.port)
    session.starttls(context)


def _sign_in(session: ImapSession, username: str, password: str) -> None:
    server = session.server
    try:
        if session.has_capability("AUTH=PLAIN"):
            session.plain_sign_in(username, password)
        elif session.has_capability("LOGINDISABLED"):
            raise ConnectionTrouble(Trouble.NO_PASSWORD_SIGN_IN, server.host, server.port)
        else:
            session.login(username, password)
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):  # the connection went away; nobody judged the password
            words = str(error)
            limit = sign_in_trouble(words) is Trouble.CONNECTION_LIMIT
            raise ConnectionTrouble(
                Trouble.CONNECTION_LIMIT if limit else Trouble.DROPPED, server.host, server.port
            ) from error
        words = str(error).removeprefix("b'").removesuffix("'")
        raise ConnectionTrouble(sign_in_trouble(words), server.host, server.port, words) from error


def _sign_in_by_token(session: ImapSession, username: str, token: str) -> None:
    """XOAUTH2. A refusal comes as a challenge of JSON, which wants an empty line before it becomes a NO."""
    heard: list[bytes] = []

    def answer(challenge: bytes) -> bytes:
        heard.append(challenge)
        return xoauth2(username, token).encode() if len(heard) == 1 else b""

    server = session.server
    if not session.has_capability("AUTH=XOAUTH2"):
        raise ConnectionTrouble(Trouble.TOKEN_REFUSED, server.host, server.port, "XOAUTH2 is not offered")
    try:
        session.sasl_login("XOAUTH2", answer)
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise ConnectionTrouble(Trouble.DROPPED, server.host, server.port) from error
        words = str(error).removeprefix("b'").removesuffix("'")
        trouble = sign_in_trouble(words)
        if trouble in (Trouble.WRONG_PASSWORD, Trouble.APP_PASSWORD_NEEDED):
            trouble = Trouble.TOKEN_REFUSED
        said = " ".join(filter(None, (words, *map(refused_status, heard[1:]))))
        raise ConnectionTrouble(trouble, server.host, server.port, said) from error


def _leave(session: ImapSession) -> None:
    try:
        session.logout()
    except (OSError, imaplib.IMAP4.error, ValueError):
        with suppress(OSError, imaplib.IMAP4.error, ValueError):
            session.shutdown()

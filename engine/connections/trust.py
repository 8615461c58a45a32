"""Whose certificates are believed, and how errors of a connection become troubles."""

import functools
import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from engine.channels.effects import Server
from engine.connections.trouble import ConnectionTrouble, Trouble, certificate_trouble, command_trouble, sign_in_trouble


@functools.cache
def trusted(ca_file: str | None = None) -> ssl.SSLContext:
    """A context that verifies certificate and host name, TLS 1.2 or newer; a `ca_file` replaces the system's authorities."""
    return ssl.create_default_context(cafile=ca_file)


@contextmanager
def troubles(server: Server) -> Iterator[None]:
    """Turn whatever the socket, TLS, smtplib or imaplib raises while a connection is set up into a ConnectionTrouble."""
    try:
        yield
    except ConnectionTrouble:
        raise
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, EOFError, ValueError) as error:
        trouble, words = _kind(error)
        raise ConnectionTrouble(trouble, server.host, server.port, words) from error


def refused(server: Server, error: Exception) -> ConnectionTrouble:
    """What an IMAP session raised after its sign-in: the server's NO to a command, an answer that is none, a broken line."""
    if isinstance(error, imaplib.IMAP4.abort) and not isinstance(error, imaplib.IMAP4.readonly):
        limit = command_trouble(str(error)) is Trouble.CONNECTION_LIMIT
        return ConnectionTrouble(
            Trouble.CONNECTION_LIMIT if limit else Trouble.DROPPED, server.host, server.port, str(error)
        )
    if isinstance(error, OSError):
        is_late = any(isinstance(cause, TimeoutError) for cause in _causes(error))
        return ConnectionTrouble(Trouble.TIMED_OUT if is_late else Trouble.DROPPED, server.host, server.port)
    words = str(error)
    return ConnectionTrouble(command_trouble(words), server.host, server.port, words)


def _kind(error: BaseException) -> tuple[Trouble, str]:
    chain = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in chain):
        return Trouble.TIMED_OUT, ""
    for cause in chain:
        if isinstance(cause, ssl.SSLError):
            return certificate_trouble(cause), ""
    if isinstance(error, smtplib.SMTPResponseException):
        return _greeting(error)
    if isinstance(error, imaplib.IMAP4.error):
        return _imap_greeting(error)
    return Trouble.DROPPED, ""


def _imap_greeting(error: imaplib.IMAP4.error) -> tuple[Trouble, str]:
    words = str(error)
    if "unexpected response" in words:
        return Trouble.NOT_A_MAIL_SERVER, ""
    if isinstance(error, imaplib.IMAP4.abort):
        return Trouble.DROPPED, ""
    is_limit = sign_in_trouble(words) is Trouble.CONNECTION_LIMIT
    return (Trouble.CONNECTION_LIMIT if is_limit else Trouble.UNAVAILABLE), words


def _greeting(error: smtplib.SMTPResponseException) -> tuple[Trouble, str]:
    said = error.smtp_error
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    if error.smtp_code < 400:
        return Trouble.NOT_A_MAIL_SERVER, words
    is_limit = "connection" in words.lower() or "4.7.0" in words
    return (Trouble.CONNECTION_LIMIT if is_limit else Trouble.UNAVAILABLE), words


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__

"""Autoconfig files (draft-ietf-mailmaint-autoconfig): fetched over HTTPS from judged addresses only, read with suspicion."""

import http.client
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from engine.channels.effects import Server
from engine.connections.judged_https import JudgedHttps
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trust import trusted
from storage.kinds import Security

_MOST_BYTES = 100_000
_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+")
_SECURITY = {"SSL": Security.SSL, "STARTTLS": Security.STARTTLS}


@dataclass(frozen=True, slots=True)
class Found:
    imap: Server
    smtp: Server
    username: str


def places(domain: str, address: str) -> tuple[str, ...]:
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(address)}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


def fetcher(network: NetworkGuard, ca_file: str | None = None) -> Callable[[str, Deadline], bytes]:
    """A function that gets one file; it follows no redirect, for that could lead anywhere."""

    def fetch(url: str, deadline: Deadline) -> bytes:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        connection = JudgedHttps(host, port, network, trusted(ca_file), deadline)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
            return _content(connection, deadline)
        except http.client.HTTPException as error:
            raise OSError("no usable answer") from error
        finally:
            connection.close()

    return fetch


def _content(connection: http.client.HTTPSConnection, deadline: Deadline) -> bytes:
    answer = connection.getresponse()
    if answer.status != 200:
        raise OSError(f"answer {answer.status}")
    parts: list[bytes] = []
    while part := answer.read1(16_384):
        parts.append(part)
        deadline.left()
        if sum(map(len, parts)) > _MOST_BYTES:
            raise ValueError("The file is too long.")
    return b"".join(parts)


def read(content: bytes, address: str) -> Found:
    """The first encrypted IMAP and SMTP server in the file; ValueError when there is none, or something is odd."""
    # A document type is the door to entity bombs and external entities; no honest file has one.
    if len(content) > _MOST_BYTES or b"<!DOCTYPE" in content.upper() or b"<!ENTITY" in content.upper() or b"\0" in content:
        raise ValueError("The file is not a plain autoconfig file.")
    try:
        root = ET.fromstring(content)  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise ValueError("The file is not XML.") from error
    imap, username = _server(root, "incomingServer", "imap", address)
    smtp, _ = _server(root, "outgoingServer", "smtp", address)
    return Found(imap, smtp, username)


def _server(root: ET.Element, tag: str, kind: str, address: str) -> tuple[Server, str]:
    for element in root.iter(tag):
        security = _SECURITY.get(_word(element, "socketType").upper())
        host = _filled(_word(element, "hostname"), address).lower()
        port = _word(element, "port")
        if element.get("type", "").lower() == kind and security and _HOST_NAME.fullmatch(host) and port.isdecimal():
            username = _filled(_word(element, "username"), address) or address
            return Server(host, int(port[:5]), security), username
    raise ValueError(f"The file names no encrypted {kind} server.")


def _word(element: ET.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()[:300]


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for mark, value in (("%EMAILADDRESS%", address), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain)):
        text = text.replace(mark, value)
    return text

"""The practice workspace's SMTP server: takes mail after STARTTLS and sign-in, and puts it into the recipient's own box.

Nothing ever leaves this machine. Recipients that begin with "bounce" are unknown, and those with "busy" are told later.
"""

import asyncio
import base64
import mailbox
import re
import secrets
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from practice.mail_imap import PASSWORD, Vouches, box_folder, is_address

_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")
_REFUSAL = b'{"status":"401","schemes":"bearer","scope":"mail"}'


class LocalDelivery:
    """What aiosmtpd asks at each step; the methods have its names."""

    def __init__(self, boxes: Path, vouches: Vouches) -> None:
        self._boxes = boxes
        self._vouches = vouches

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802
        """A token, refused as Gmail does: a challenge of JSON first, which wants an empty line."""
        said = _XOAUTH2.fullmatch(base64.b64decode(arguments[1]) if len(arguments) > 1 else b"")
        if said and self._vouches(said[1].decode(), said[2].decode()):
            return AuthResult(success=True, auth_data=said[1])
        await server.challenge_auth(_REFUSAL)
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not is_address(address) or address.lower().startswith("bounce"):
            return "550 5.1.1 No such user here"
        if address.lower().startswith("busy"):
            return "450 4.2.1 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        number = secrets.token_hex(5).upper()
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(self._deliver, recipient, envelope)
        return f"250 2.0.0 Ok: queued as {number}"

    def _deliver(self, recipient: str, envelope: Envelope) -> None:
        folder = box_folder(self._boxes, recipient)
        head = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {recipient}\r\n".encode("ascii", "replace")
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        mailbox.Maildir(folder, create=False).add(head + content)


def _sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    good = is_address(data.login.decode("utf-8", "replace")) and secrets.compare_digest(data.password, PASSWORD.encode())
    return AuthResult(success=good, handled=False)


async def serve_smtp(boxes: Path, port: int, context: ssl.SSLContext, vouches: Vouches) -> asyncio.AbstractServer:
    """Listen on 127.0.0.1; port 0 takes a free one. `vouches` says whether a token opens an address."""

    def connection() -> SMTP:
        return SMTP(
            LocalDelivery(boxes, vouches),
            hostname="practice.localhost",
            ident="Outpost practice",
            tls_context=context,
            require_starttls=True,
            authenticator=_sign_in,
            auth_required=True,
            data_size_limit=10_000_000,
        )

    return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", port)

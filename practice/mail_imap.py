"""The practice workspace's IMAP server: every address has a box, opened by one password or a token, kept as Maildirs.

It is pymap with its Maildir store; only who may sign in is ours. STARTTLS is required before a password is taken.
"""

import mailbox
import re
from argparse import Namespace
from asyncio import AbstractServer, start_server
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.maildir import Config, FilterSet, Session
from pymap.backend.maildir import Identity as MaildirIdentity
from pymap.backend.maildir import Login as MaildirLogin
from pymap.backend.maildir.layout import MaildirLayout
from pymap.backend.maildir.mailbox import MailboxSet, Maildir
from pymap.exceptions import AuthorizationFailure, InvalidAuth
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials
from pysasl.creds.server import ServerCredentials
from pysasl.identity import ClearIdentity
from pysasl.mechanism.login import LoginMechanism
from pysasl.mechanism.oauth import OAuth2Mechanism
from pysasl.mechanism.plain import PlainMechanism

Vouches = Callable[[str, str], bool]  # an address and a token

# What the panel writes into every practice mailbox; it opens nothing but these boxes on this machine.
PASSWORD = "practice makes perfect"
FOLDERS = ("Sent", "Junk")
_ADDRESS = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)+")


def is_address(text: str) -> bool:
    """Whether it may be the name of a box, which is also the name of a folder."""
    return len(text) <= 200 and _ADDRESS.fullmatch(text.lower()) is not None


def box_folder(boxes: Path, address: str) -> Path:
    """The Maildir of an address, made when it is asked for the first time."""
    if not is_address(address):
        raise ValueError("That is not an address.")
    folder = boxes / address.lower()
    if not folder.exists():
        box = mailbox.Maildir(folder, create=True)
        for name in FOLDERS:
            box.add_folder(name)
    return folder


class _Identity(MaildirIdentity):
    async def get(self) -> Any:
        if not is_address(self.name):
            raise InvalidAuth
        return UserMetadata(self.config, self.name)

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Any]:
        folder = str(box_folder(Path(self._base_dir), self.name))
        layout = MaildirLayout.get(folder, self.config.layout, Maildir)
        boxes = MailboxSet(Maildir(folder, create=False), layout)
        yield Session(self.name, self.config, boxes, FilterSet(layout.path))


class _ByToken(OAuth2Mechanism):
    """XOAUTH2 whose token comes along: the library keeps it for a verification of its own kind."""

    def server_attempt(self, responses: Any) -> Any:
        credentials, final = super().server_attempt(responses)
        return _TokenCredentials(credentials.authzid, credentials._token), final


class _TokenCredentials(ExternalCredentials):
    def __init__(self, address: str, token: str | None) -> None:
        super().__init__(address, token)
        self.token = token or ""


class _Config(Config):
    vouches: Vouches

    @property
    def tls_auth(self) -> SASLAuth:
        return SASLAuth([PlainMechanism(), LoginMechanism(), _ByToken()])


class _Login(MaildirLogin):
    def _vouches(self, credentials: _TokenCredentials) -> bool:
        assert isinstance(self.config, _Config)
        return self.config.vouches(credentials.authzid, credentials.token)

    async def authenticate(self, credentials: ServerCredentials) -> Any:
        if isinstance(credentials, _TokenCredentials):
            name, is_good = credentials.authzid.lower(), self._vouches(credentials)
        else:
            name = credentials.authcid.lower()
            is_good = bool(credentials.verify(ClearIdentity(credentials.authcid, PASSWORD)))
        if not is_address(name) or not is_good:
            raise InvalidAuth
        return _Identity(self.config, self.tokens, name, None, set())

    async def authorize(self, authenticated: Any, authzid: str) -> Any:
        if authzid.lower() != authenticated.name:
            raise AuthorizationFailure
        return authenticated


async def serve_imap(boxes: Path, port: int, certificate: Path, vouches: Vouches) -> AbstractServer:
    """Listen on 127.0.0.1; port 0 takes a free one. `vouches` says whether a token opens an address."""
    config = _Config.from_args(
        Namespace(
            host="127.0.0.1",
            port=str(port),
            debug=False,
            cert=str(certificate),
            key=str(certificate),
            tls=True,
            passlib_cfg=None,
            proxy_protocol=None,
            concurrency=4,
            base_dir=str(boxes),
            layout="++",
            colon=None,
        )
    )
    config.vouches = vouches
    config.apply_context()
    server = IMAPServer(_Login(config), config)
    return await start_server(ProxyProtocolReader(config.proxy_protocol).get_callback(server), "127.0.0.1", port)

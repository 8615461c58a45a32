"""What the mail tests share: a certificate authority, a channel that trusts it, and an account at a scripted server."""

import pytest

from engine import clock
from engine.channels.effects import Letter, MailAccount, Server
from engine.channels.email import EmailChannel
from engine.connections.network import NetworkGuard
from storage.kinds import Security
from tests.bed.bed import Bed
from tests.bed.scripted import Authority

LOOPBACK = NetworkGuard.allowing(["127.0.0.0/8"])
NOWHERE = Server("localhost", 1, Security.SSL)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def channel(authority: Authority) -> EmailChannel:
    """The channel as it trusts the scripted servers."""
    return EmailChannel(LOOPBACK, clock.now, authority.file)


@pytest.fixture
def post(bed: Bed) -> EmailChannel:
    """The channel as it trusts the mail bed."""
    return EmailChannel(LOOPBACK, clock.now, bed.ca_file)


def account_at(port: int, security: Security = Security.STARTTLS, **values: object) -> MailAccount:
    """An account whose SMTP server is at `port`; it has no Sent folder, so no copy is filed."""
    given = {"imap": NOWHERE, "smtp": Server("localhost", port, security), **values}
    return MailAccount("ada@alpha.test", "Ada Lovelace", "ada", "open sesame", **given)  # type: ignore[arg-type]


def letter(recipient: str = "marie@bravo.test", **values: object) -> Letter:
    given = {"message_id": "<1@outpost.test>", "subject": "A question", "text": "Hello\n.\n..dots\nBye", **values}
    return Letter(recipient=recipient, **given)  # type: ignore[arg-type]

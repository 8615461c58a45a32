"""Signing in with a token (XOAUTH2), word for word: what is sent, how a refusal is read, and what it means."""

import base64
from collections.abc import Callable

import pytest

from engine.channels.effects import Accepted, Failed, MailAccount, Server
from engine.channels.email import EmailChannel
from engine.connections.bearer import refused_status
from engine.connections.probe import probe
from engine.connections.trouble import ConnectionTrouble, Trouble
from storage.kinds import Reason, Security
from tests.bed.scripted import DROP, Authority, Script, scripted_imap, scripted_smtp
from tests.mail.conftest import LOOPBACK, account_at, letter

REFUSAL = base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}').decode()


class Asked:
    """A bearer that counts: it brings token-1, token-2, … and keeps what it was told was refused."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, refused: str) -> str:
        self.refused.append(refused)
        return f"token-{len(self.refused)}"


def sent_by(
    authority: Authority, channel: EmailChannel, bearer: Callable[[str], str], **answers: str
) -> tuple[object, Script]:
    script = Script({"mechanisms": "LOGIN XOAUTH2", **answers}, authority.good())
    with scripted_smtp(script) as port:
        return channel.deliver(account_at(port, bearer=bearer), letter(), 10), script


def test_smtp_gets_the_token_and_never_the_password(authority: Authority, channel: EmailChannel) -> None:
    outcome, script = sent_by(authority, channel, Asked())
    assert isinstance(outcome, Accepted)
    said = next(line for line in script.lines if line.startswith("AUTH")).split()
    assert said[:2] == ["AUTH", "XOAUTH2"]
    assert base64.b64decode(said[2]) == b"user=ada\1auth=Bearer token-1\1\1"
    assert not [line for line in script.lines if "sesame" in line]


def test_a_token_that_is_refused_is_renewed_once_and_then_the_address_needs_a_person(
    authority: Authority, channel: EmailChannel
) -> None:
    asked = Asked()
    outcome, _ = sent_by(authority, channel, asked, challenge=f"334 {REFUSAL}")
    assert asked.refused == ["", "token-1"]
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.connection_ended) == (Reason.SIGN_IN_REFUSED, True)
    assert "token status 401" in outcome.note


TENANT = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    " Visit https://aka.ms/smtp_auth_disabled for more information."
)


@pytest.mark.parametrize(
    ("answers", "trouble"),
    [
        ({"auth": TENANT}, Trouble.SMTP_AUTH_DISABLED),
        ({"auth": "535 5.7.3 Authentication unsuccessful"}, Trouble.TOKEN_REFUSED),
        ({"auth": "535 5.7.8 Username and Password not accepted - gsmtp"}, Trouble.TOKEN_REFUSED),
        ({"auth": "454 4.7.0 Temporary authentication failure"}, Trouble.UNAVAILABLE),
        ({"auth": "421 4.7.0 Temporary System Problem. Try again later - gsmtp"}, Trouble.UNAVAILABLE),
        ({"auth": DROP}, Trouble.DROPPED),
        ({"mechanisms": "LOGIN PLAIN"}, Trouble.TOKEN_REFUSED),
    ],
    ids=str,
)
def test_each_refusal_of_the_sending_side_has_its_meaning(
    authority: Authority, answers: dict[str, str], trouble: Trouble
) -> None:
    script = Script({"mechanisms": "XOAUTH2", **answers}, authority.good())
    with scripted_smtp(script) as port:
        found = probe(account_at(port, bearer=Asked()), LOOPBACK, authority.file, 10)
    assert found.smtp_trouble
    assert found.smtp_trouble.trouble is trouble
    assert not found.is_only_disabled_by_tenant  # here the reading side is not there either


@pytest.mark.parametrize(
    ("answers", "trouble", "said"),
    [
        ({}, None, ""),
        (
            {"refusal": f"+ {REFUSAL}", "login": "TAG NO [AUTHENTICATIONFAILED] Authentication failed."},
            Trouble.TOKEN_REFUSED,
            "token status 401",
        ),
        ({"login": "TAG NO AUTHENTICATE failed."}, Trouble.TOKEN_REFUSED, "AUTHENTICATE failed"),
        ({"login": "TAG NO [UNAVAILABLE] Temporary authentication failure."}, Trouble.UNAVAILABLE, "Temporary"),
        ({"login": "TAG NO [LIMIT] Too many simultaneous connections"}, Trouble.CONNECTION_LIMIT, "Too many"),
        ({"login": DROP}, Trouble.DROPPED, ""),
        ({"capabilities": "AUTH=PLAIN"}, Trouble.TOKEN_REFUSED, "not offered"),
    ],
    ids=str,
)
def test_each_refusal_of_the_reading_side_has_its_meaning(
    authority: Authority, answers: dict[str, str], trouble: Trouble | None, said: str
) -> None:
    script = Script({"capabilities": "AUTH=XOAUTH2", **answers}, authority.good(), implicit_tls=True)
    with scripted_imap(script) as port:
        account = account_at(1, imap=Server("localhost", port, Security.SSL), bearer=Asked())
        found = probe(account, LOOPBACK, authority.file, 10).imap_trouble
    assert (found.trouble if found else None) is trouble
    assert said in (found.note if found else "")


def test_without_a_fresh_token_no_mail_is_blamed_and_a_dead_grant_ends_the_connection(
    authority: Authority, channel: EmailChannel
) -> None:
    def failing(trouble: Trouble) -> Callable[[str], str]:
        def bearer(_refused: str) -> str:
            raise ConnectionTrouble(trouble, "Google", 443)

        return bearer

    later, _ = sent_by(authority, channel, failing(Trouble.NO_TOKEN))
    over, script = sent_by(authority, channel, failing(Trouble.GRANT_ENDED))
    assert isinstance(later, Failed)
    assert (later.reason, later.permanent, later.connection_ended) == (Reason.UNREACHABLE, False, False)
    assert isinstance(over, Failed)
    assert (over.reason, over.connection_ended) == (Reason.SIGN_IN_REFUSED, True)
    assert not [line for line in script.lines if line.startswith("AUTH")]


def test_a_token_shows_in_no_repr() -> None:
    account = account_at(1, bearer=lambda _refused: "secret-token")
    assert isinstance(account, MailAccount)
    assert "secret" not in repr(account)


@pytest.mark.parametrize("challenge", [b"", b"%%%", b"bm8=", b"WzFd", b"{", base64.b64encode(b'{"a":1}')])
def test_a_challenge_that_makes_no_sense_says_nothing(challenge: bytes) -> None:
    assert refused_status(challenge) == ""

"""What is said, side by side, for everything that can be wrong with a mailbox; and which folders are found in good ones."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.channels.effects import MailAccount, Server
from engine.connections.imap import imap_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.probe import Folders, Probe, probe
from engine.connections.trouble import Trouble
from engine.connections.trust import trusted
from storage.kinds import Security
from tests.bed.bed import Bed
from tests.bed.scripted import (
    DROP,
    HANG,
    Authority,
    Script,
    black_hole,
    closed_port,
    scripted_imap,
    scripted_smtp,
)
from tests.mail.conftest import LOOPBACK

# the server's words after AUTHENTICATE, what it means, whether a person must do something
SIGN_INS = [
    ("TAG NO [AUTHENTICATIONFAILED] Authentication failed.", Trouble.WRONG_PASSWORD, True),
    ("TAG NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", Trouble.WRONG_PASSWORD, True),
    ("TAG NO LOGIN failed.", Trouble.WRONG_PASSWORD, True),
    (
        "TAG NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
        Trouble.APP_PASSWORD_NEEDED,
        True,
    ),
    ("TAG NO [LIMIT] Maximum number of connections from user+IP exceeded", Trouble.CONNECTION_LIMIT, False),
    ("TAG NO [ALERT] Too many simultaneous connections. (Failure)", Trouble.CONNECTION_LIMIT, False),
    ("TAG NO [UNAVAILABLE] Temporary authentication failure.", Trouble.UNAVAILABLE, False),
    ("TAG NO [SERVERBUG] Server error - Please try again later", Trouble.UNAVAILABLE, False),
    ("TAG NO [AUTHENTICATIONFAILED] BasicAuthBlocked", Trouble.NO_PASSWORD_SIGN_IN, True),
    ("* BYE Temporary System Error", Trouble.DROPPED, False),
]


@pytest.fixture
def trusts(authority: Authority) -> str:
    return authority.file


def account(imap: int, smtp: int, security: Security = Security.STARTTLS) -> MailAccount:
    sides = Server("localhost", imap, security), Server("localhost", smtp, security)
    return MailAccount("ada@alpha.test", "Ada", "ada", "open sesame", *sides)


def probe_imap(script: Script, trusts: str, seconds: float = 3, security: Security = Security.STARTTLS) -> Probe:
    with scripted_imap(script) as port:
        return probe(account(port, closed_port(), security), LOOPBACK, trusts, seconds)


@pytest.mark.parametrize(("words", "trouble", "needs_person"), SIGN_INS)
def test_a_refused_imap_sign_in_says_why(
    authority: Authority, trusts: str, words: str, trouble: Trouble, needs_person: bool
) -> None:
    script = Script({"login": words}, authority.good())
    result = probe_imap(script, trusts)
    assert result.imap_trouble is not None
    assert result.imap_trouble.trouble is trouble
    assert result.needs_person is needs_person
    assert not any("sesame" in sentence for sentence in result.sentences)
    assert sum("AUTHENTICATE" in line or "LOGIN" in line for line in script.lines) == 1


@pytest.mark.parametrize(
    ("answers", "trouble"),
    [
        ({"greeting": DROP}, Trouble.DROPPED),
        ({"greeting": HANG}, Trouble.TIMED_OUT),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, Trouble.NOT_A_MAIL_SERVER),
        ({"greeting": "* BYE Too many connections"}, Trouble.CONNECTION_LIMIT),
        ({"greeting": "* BYE Down for maintenance"}, Trouble.UNAVAILABLE),
        ({"capability": HANG}, Trouble.TIMED_OUT),
        ({"challenge": HANG}, Trouble.TIMED_OUT),
        ({"login": HANG}, Trouble.TIMED_OUT),
        ({"list": DROP}, Trouble.FOLDERS_UNREADABLE),
        ({"capabilities": "LOGINDISABLED"}, Trouble.NO_PASSWORD_SIGN_IN),
    ],
)
def test_a_broken_imap_server_says_what_is_wrong(
    authority: Authority, trusts: str, answers: dict[str, str], trouble: Trouble
) -> None:
    result = probe_imap(Script(answers, authority.good()), trusts, seconds=0.8)
    assert result.imap_trouble is not None
    assert result.imap_trouble.trouble is trouble
    assert not result.needs_person or trouble is Trouble.NO_PASSWORD_SIGN_IN


def test_nothing_is_said_to_an_imap_server_without_encryption(trusts: str) -> None:
    script = Script()
    result = probe_imap(script, trusts)
    assert result.imap_trouble is not None
    assert result.imap_trouble.trouble is Trouble.NOT_ENCRYPTED
    assert not any("AUTHENTICATE" in line or "LOGIN" in line for line in script.lines)


def test_the_wrong_kind_of_encryption_is_named(authority: Authority, trusts: str) -> None:
    result = probe_imap(Script(context=authority.good()), trusts, security=Security.SSL)
    assert result.imap_trouble is not None
    assert result.imap_trouble.trouble is Trouble.WRONG_SECURITY


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("expired", Trouble.CERTIFICATE_EXPIRED),
        ("not_yet_valid", Trouble.CERTIFICATE_NOT_YET_VALID),
        ("self_signed", Trouble.CERTIFICATE_SELF_SIGNED),
        ("for_another_host", Trouble.CERTIFICATE_FOR_ANOTHER_HOST),
        ("stranger", Trouble.CERTIFICATE_NOT_TRUSTED),
    ],
)
@pytest.mark.parametrize("security", Security)
def test_a_bad_certificate_is_named_on_both_sides(
    authority: Authority, trusts: str, tmp_path: Path, kind: str, trouble: Trouble, security: Security
) -> None:
    context = Authority(tmp_path).good() if kind == "stranger" else getattr(authority, kind)()
    imap, smtp = (Script(context=context, implicit_tls=security is Security.SSL) for _ in range(2))
    with scripted_imap(imap) as imap_port, scripted_smtp(smtp) as smtp_port:
        result = probe(account(imap_port, smtp_port, security), LOOPBACK, trusts, 3)
    assert [side.trouble for side in (result.imap_trouble, result.smtp_trouble) if side] == [trouble, trouble]


def test_a_closed_port_and_a_silent_one_are_told_apart(trusts: str) -> None:
    closed = closed_port()
    with black_hole() as silent:
        result = probe(account(closed, silent), LOOPBACK, trusts, 0.5)
    assert result.sentences == (
        f"IMAP (reading): localhost refuses connections on port {closed}; check host and port.",
        f"SMTP (sending): localhost did not answer on port {silent} in time; check host and port, or try again later.",
    )


def test_a_private_network_that_nobody_allowed_is_named(trusts: str) -> None:
    result = probe(account(993, 587), NetworkGuard(), trusts, 2)
    assert all("an owner of this installation must allow" in sentence for sentence in result.sentences)


def test_an_unknown_host_is_named(trusts: str) -> None:
    guard = NetworkGuard(resolver=lambda host, port: [])
    assert "There is no server named localhost" in probe(account(993, 587), guard, trusts, 2).sentences[0]


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (
            [r'(\HasNoChildren) "/" INBOX', r'(\Sent) "/" "Outbox of Ada"', r'(\Junk) "/" "Bad things"', r'() "/" Sent'],
            Folders("Outbox of Ada", "Bad things", False),
        ),
        (['() "." INBOX', '() "." INBOX.Sent', '() "." INBOX.Spam'], Folders("INBOX.Sent", "INBOX.Spam", False)),
        (
            ['() "/" INBOX', '() "/" "Gesendete Objekte"', '() "/" Spamverdacht'],
            Folders("Gesendete Objekte", "Spamverdacht", False),
        ),
        (['() "/" INBOX', '() "/" Enviados', '() "/" "Correo no deseado"'], Folders("Enviados", "Correo no deseado", False)),
        (
            ['() "/" INBOX', '() "/" "Envoy&AOk-s"', '() "/" "Courrier ind&AOk-sirable"'],
            Folders("Envoyés", "Courrier indésirable", False),
        ),
        ([r'(\Noselect) "/" Sent', '() "/" INBOX', '() "/" "Sent Items"'], Folders("Sent Items", "", False)),
        (['() "/" INBOX'], Folders("", "", False)),
    ],
)
def test_sent_and_junk_are_found_by_use_or_by_name(
    authority: Authority, trusts: str, listed: list[str], found: Folders
) -> None:
    folders = "\r\n".join(f"* LIST {line}" for line in listed)
    assert probe_imap(Script({"folders": folders}, authority.good()), trusts).folders == found


@pytest.mark.parametrize(("smtp", "files"), [("smtp.gmail.com", True), ("smtp.relay.test", False)])
def test_gmail_files_what_goes_through_its_own_smtp(authority: Authority, trusts: str, smtp: str, files: bool) -> None:
    script = Script(
        {"capabilities": "AUTH=PLAIN X-GM-EXT-1", "folders": r'* LIST (\HasNoChildren \Sent) "/" "[Gmail]/Sent Mail"'},
        authority.good(),
    )
    guard = NetworkGuard.allowing(["127.0.0.0/8"], lambda host, port: ["127.0.0.1"])
    with scripted_imap(script) as port:
        gmail = replace(account(port, 1), smtp=Server(smtp, closed_port(), Security.STARTTLS))
        assert probe(gmail, guard, trusts, 3).folders == Folders("[Gmail]/Sent Mail", "", files)


def test_one_good_side_does_not_hide_the_bad_one(authority: Authority, trusts: str) -> None:
    with (
        scripted_imap(Script(context=authority.good())) as imap,
        scripted_smtp(
            Script({"auth": "535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox"}, authority.good())
        ) as smtp,
    ):
        result = probe(account(imap, smtp), LOOPBACK, trusts, 3)
    assert result.imap_trouble is None
    assert len(result.sentences) == 1
    assert result.sentences[0].startswith("SMTP (sending): Sending by SMTP is switched off for this address")
    assert result.needs_person


@pytest.mark.bed
def test_a_real_mailbox_is_good_and_a_wrong_password_is_not(bed: Bed) -> None:
    ada = bed.new_account()
    assert probe(ada, LOOPBACK, bed.ca_file) == Probe(None, None, Folders("Sent", "Junk", False))
    wrong = probe(bed.account(ada.address, "wrong"), LOOPBACK, bed.ca_file)
    assert [trouble.trouble for trouble in (wrong.imap_trouble, wrong.smtp_trouble) if trouble] == [
        Trouble.WRONG_PASSWORD
    ] * 2


@pytest.mark.bed
def test_a_real_connection_limit_is_a_passing_trouble(bed: Bed) -> None:
    ada = bed.new_account()
    context, deadline = trusted(bed.ca_file), Deadline.after(20)
    with contextlib.ExitStack() as held:
        for _ in range(bed.imap_connections):
            held.enter_context(imap_session(ada.imap, LOOPBACK, context, deadline, ada.username, ada.password))
        result = probe(ada, LOOPBACK, bed.ca_file, 5)
    assert result.imap_trouble is not None
    assert result.imap_trouble.trouble is Trouble.CONNECTION_LIMIT
    assert not result.needs_person

"""What becomes of a letter for each answer a server can give, at each step, over real sockets and real TLS."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import clock
from engine.channels.effects import Accepted, Failed, Uncertain
from engine.channels.email import EmailChannel
from storage.kinds import Reason, Security
from tests.bed.scripted import DRIP, DROP, HANG, Authority, Script, black_hole, closed_port, scripted_smtp
from tests.mail.conftest import LOOPBACK, account_at, letter

# step, the server's words, the reason, permanent, the mailbox needs a person
REFUSALS = [
    ("greeting", "421 4.7.0 Error: too many connections from 127.0.0.1", Reason.PROVIDER_BUSY, False, False),
    ("greeting", "554 5.7.1 No service for you", Reason.PROVIDER_BUSY, False, False),
    ("ehlo", "421 4.7.0 Too busy, try again later", Reason.PROVIDER_BUSY, False, False),
    ("starttls", "454 4.7.0 TLS not available due to local problem", Reason.PROVIDER_BUSY, False, False),
    ("auth", "535 5.7.8 Username and Password not accepted. q4-20 - gsmtp", Reason.SIGN_IN_REFUSED, False, True),
    (
        "auth",
        "534 5.7.9 Application-specific password required. Learn more at https://support.google.com/mail/?p=InvalidSecondFactor",
        Reason.SIGN_IN_REFUSED,
        False,
        True,
    ),
    (
        "auth",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
        " Visit https://aka.ms/smtp_auth_disabled for more information.",
        Reason.SIGN_IN_REFUSED,
        False,
        True,
    ),
    ("auth", "550 5.7.30 Basic authentication is not supported for Client Submission", Reason.SIGN_IN_REFUSED, False, True),
    ("auth", "454 4.7.0 Temporary authentication failure", Reason.PROVIDER_BUSY, False, False),
    ("auth", "421 4.7.0 Try again later, closing connection", Reason.PROVIDER_BUSY, False, False),
    ("mail", "530 5.7.0 Authentication Required", Reason.SIGN_IN_REFUSED, False, True),
    ("mail", "550 5.4.5 Daily user sending limit exceeded. - gsmtp", Reason.PROVIDER_LIMIT, False, False),
    ("mail", "553 5.7.1 <a@b.c>: Sender address rejected: not owned by user ada", Reason.MESSAGE_REFUSED, False, True),
    (
        "mail",
        "550 5.7.60 Client does not have permissions to send as this sender",
        Reason.MESSAGE_REFUSED,
        False,
        True,
    ),
    ("mail", "554 5.7.1 This account is suspended", Reason.MESSAGE_REFUSED, False, True),
    ("mail", "452 4.3.1 Insufficient system storage", Reason.PROVIDER_BUSY, False, False),
    ("rcpt", "421 4.3.2 Service shutting down", Reason.PROVIDER_BUSY, False, False),
    ("rcpt", "421 4.4.2 Connection dropped", Reason.PROVIDER_BUSY, False, False),
    (
        "rcpt",
        "450 4.2.1 The user is receiving mail too quickly",
        Reason.PROVIDER_BUSY,
        False,
        False,
    ),
    ("rcpt", "450 4.2.0 <marie@bravo.test>: Recipient address rejected: Greylisted", Reason.PROVIDER_BUSY, False, False),
    ("rcpt", "451 4.7.1 Greylisted, try again in 5 minutes", Reason.PROVIDER_BUSY, False, False),
    ("rcpt", "452 4.2.2 Mailbox full", Reason.RECIPIENT_FULL, False, False),
    ("rcpt", "550 5.1.1 <nobody@bravo.test>: user unknown", Reason.RECIPIENT_REFUSED, True, False),
    ("rcpt", "550 No such user here", Reason.RECIPIENT_REFUSED, True, False),
    ("rcpt", "552 5.2.2 Mailbox is full", Reason.RECIPIENT_FULL, False, False),
    ("dot", "552 5.2.2 Over quota", Reason.RECIPIENT_FULL, False, False),
    ("rcpt", "550 5.7.1 message refused by policy", Reason.MESSAGE_REFUSED, True, False),
    ("rcpt", "554 5.7.1 Relay access denied", Reason.MESSAGE_REFUSED, False, True),
    ("rcpt", "550 5.4.5 Daily sending quota exceeded", Reason.PROVIDER_LIMIT, False, False),
    (
        "rcpt",
        "550 5.1.90 Message can't be sent: you've reached your daily limit",
        Reason.PROVIDER_LIMIT,
        False,
        False,
    ),
    ("data", "451 4.3.0 Queue file write error", Reason.PROVIDER_BUSY, False, False),
    ("data", "554 5.5.1 No valid recipients", Reason.MESSAGE_REFUSED, True, False),
    ("dot", "421 4.3.0 Temporary system problem", Reason.PROVIDER_BUSY, False, False),
    ("dot", "451 4.7.0 Temporary lookup failure", Reason.PROVIDER_BUSY, False, False),
    ("dot", "552 5.3.4 Message too big for system", Reason.MESSAGE_REFUSED, True, False),
    ("dot", "554 5.7.1 Spam message rejected", Reason.MESSAGE_REFUSED, True, False),
    (
        "dot",
        "550 5.7.26 Blocked because the sender is unauthenticated",
        Reason.MESSAGE_REFUSED,
        True,
        False,
    ),
    (
        "dot",
        "550 5.7.515 Access denied, the domain does not meet the level",
        Reason.MESSAGE_REFUSED,
        True,
        False,
    ),
    ("dot", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Reason.PROVIDER_LIMIT, False, False),
]


@pytest.mark.parametrize(("step", "words", "reason", "permanent", "ended"), REFUSALS)
def test_a_refusal_proves_that_nothing_happened(
    channel: EmailChannel, authority: Authority, step: str, words: str, reason: Reason, permanent: bool, ended: bool
) -> None:
    script = Script({step: words}, authority.good())
    with scripted_smtp(script) as port:
        outcome = channel.deliver(account_at(port), letter(), 5)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.permanent, outcome.connection_ended) == (reason, permanent, ended)
    assert "sesame" not in repr(outcome)


@pytest.mark.parametrize("step", ["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content"])
def test_a_line_that_breaks_before_the_dot_is_no_delivery(channel: EmailChannel, authority: Authority, step: str) -> None:
    text = "x" * (6_000_000 if step == "content" else 100)  # more than the sockets hold by themselves
    with scripted_smtp(Script({step: DROP}, authority.good())) as port:
        outcome = channel.deliver(account_at(port), letter(text=text), 15)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.permanent, outcome.connection_ended) == (Reason.UNREACHABLE, False, False)


@pytest.mark.parametrize("words", [DROP, HANG, DRIP, "what?", "354 Go on"])
def test_no_answer_after_the_dot_is_uncertain(channel: EmailChannel, authority: Authority, words: str) -> None:
    script = Script({"dot": words}, authority.good())
    with scripted_smtp(script) as port:
        outcome = channel.deliver(account_at(port), letter(), 0.8)
    assert isinstance(outcome, Uncertain)
    assert len(script.contents) == 1


@pytest.mark.parametrize("step", ["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data"])
@pytest.mark.parametrize("how", [HANG, DRIP])
def test_no_silence_and_no_dripping_outlasts_the_deadline(
    channel: EmailChannel, authority: Authority, step: str, how: str
) -> None:
    with scripted_smtp(Script({step: how}, authority.good())) as port:
        began = time.monotonic()
        outcome = channel.deliver(account_at(port), letter(), 0.4)
    assert isinstance(outcome, Failed)
    assert outcome.reason is Reason.UNREACHABLE
    assert time.monotonic() - began < 2


def test_a_server_that_never_says_a_word_is_left_in_time(channel: EmailChannel) -> None:
    with black_hole() as port:
        began = time.monotonic()
        outcomes = [channel.deliver(account_at(port, security), letter(), 0.4) for security in Security]
    assert all(isinstance(outcome, Failed) and outcome.reason is Reason.UNREACHABLE for outcome in outcomes)
    assert time.monotonic() - began < 3


def test_a_closed_port_is_unreachable(channel: EmailChannel) -> None:
    outcome = channel.deliver(account_at(closed_port()), letter(), 2)
    assert isinstance(outcome, Failed)
    assert "refuses connections" in outcome.note


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "PLAIN"])
def test_a_wrong_password_is_tried_once(channel: EmailChannel, authority: Authority, mechanisms: str) -> None:
    script = Script({"mechanisms": mechanisms, "auth": "535 5.7.8 Authentication failed"}, authority.good())
    with scripted_smtp(script) as port:
        channel.deliver(account_at(port), letter(), 5)
    assert sum(line.startswith("AUTH") for line in script.lines) == 1
    assert script.connections == 1


@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN"])
def test_a_password_in_any_script_signs_in(channel: EmailChannel, authority: Authority, mechanisms: str) -> None:
    with scripted_smtp(Script({"mechanisms": mechanisms}, authority.good())) as port:
        account = account_at(port)
        object.__setattr__(account, "password", "pässwört-密码")
        assert isinstance(channel.deliver(account, letter(), 5), Accepted)


def test_a_server_without_password_sign_in_needs_a_person(channel: EmailChannel, authority: Authority) -> None:
    with scripted_smtp(Script({"mechanisms": "XOAUTH2"}, authority.good())) as port:
        outcome = channel.deliver(account_at(port), letter(), 5)
    assert isinstance(outcome, Failed)
    assert outcome.connection_ended


def test_nothing_is_said_to_a_server_without_encryption(channel: EmailChannel) -> None:
    script = Script()
    with scripted_smtp(script) as port:
        outcome = channel.deliver(account_at(port), letter(), 5)
    assert isinstance(outcome, Failed)
    assert "no encryption" in outcome.note
    assert not any(line.startswith(("AUTH", "MAIL")) for line in script.lines)


def test_the_content_arrives_as_it_was_written_with_its_dots(channel: EmailChannel, authority: Authority) -> None:
    script = Script(context=authority.good(), implicit_tls=True)
    with scripted_smtp(script) as port:
        outcome = channel.deliver(account_at(port, Security.SSL), letter(date=datetime(2026, 11, 23, tzinfo=UTC)), 5)
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["queue_id"] == "SCRIPT1"
    assert b"\r\nHello\r\n..\r\n...dots\r\nBye\r\n" in script.contents[0]
    assert b"Date: Mon, 23 Nov 2026 00:00:00 +0000" in script.contents[0]


def test_a_server_that_answers_before_the_dot_is_heard(channel: EmailChannel, authority: Authority) -> None:
    """A refusal that came while the content was still on its way is the answer, not a mystery."""
    with scripted_smtp(Script({"data": "354 Go ahead\r\n552 5.3.4 Too big"}, authority.good())) as port:
        outcome = channel.deliver(account_at(port), letter(), 5)
    assert isinstance(outcome, Failed)
    assert outcome.reason is Reason.MESSAGE_REFUSED


@pytest.mark.parametrize("kind", ["expired", "for_another_host", "unknown_authority"])
def test_a_bad_certificate_keeps_the_password_at_home(authority: Authority, kind: str, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    context = stranger.good() if kind == "unknown_authority" else getattr(authority, kind)()
    script = Script(context=context)
    with scripted_smtp(script) as port:
        outcome = EmailChannel(LOOPBACK, clock.now, authority.file).deliver(account_at(port), letter(), 5)
    assert isinstance(outcome, Failed)
    assert "certificate" in outcome.note
    assert not any(line.startswith("AUTH") for line in script.lines)

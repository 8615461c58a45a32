"""Bounces, warnings and auto-replies as systems outside the corpus write them, and people who sound like machines.

`systems/` holds them by their documented formats, without the machine-readable part that would make them easy:
`=== system | what it is`, the headers, the text. All concern marie@there.test.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.channels.incoming.parsed import parse
from engine.channels.incoming.reading import Reading, classify
from storage.kinds import IncomingKind
from tests.incoming.test_bounces import read, report

FOLDER = Path(__file__).parent / "systems"
MARIE = "marie@there.test"
EXCHANGE = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@there.test>"
GONE = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient marie@there.test not found by SMTP address lookup"
CLOSED = "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required"


class Told(NamedTuple):
    system: str
    what: str
    raw: bytes


def told(name: str) -> list[Told]:
    return list(_told(name))


def _told(name: str) -> Iterator[Told]:
    for each in re.split(r"^=== ", (FOLDER / name).read_text(), flags=re.M)[1:]:
        head, _, mail = each.partition("\n")
        system, what = head.split(" | ")
        yield Told(system, what, f"To: ada@acme.test\nContent-Type: text/plain; charset=utf-8\n{mail}".encode())


def lines(name: str) -> list[list[str]]:
    return [line.split(" | ") for line in (FOLDER / name).read_text().splitlines()]


def mail(sender: str, subject: str, text: str) -> bytes:
    head = f"From: {sender}\nTo: ada@acme.test\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    return f"{head}{text}\n".encode()


def judged(raw: bytes) -> Reading:
    """The same whatever its lines end with."""
    readings = [classify(parse(raw.replace(b"\n", end)), date(2026, 11, 26)) for end in (b"\n", b"\r\n", b"\r")]
    assert readings[0] == readings[1] == readings[2]
    return readings[0]


@pytest.mark.parametrize("one", told("bounces.txt"), ids=lambda one: one.system)
def test_a_bounce_is_known_with_whom_it_concerns_and_whether_for_good(one: Told) -> None:
    reading = judged(one.raw)
    assert [(each.address, each.is_hard, each.is_delay) for each in reading.failures] == [
        (MARIE, one.what == "hard", one.what == "delay")
    ]


@pytest.mark.parametrize(("language", "subject", "words"), lines("exchange.txt"))
def test_exchange_s_reports_are_known_in_every_language(language: str, subject: str, words: str) -> None:
    for says, is_hard in ((GONE, True), (CLOSED, False), ("", False)):
        (failure,) = judged(mail(EXCHANGE, subject, f"{words}\n\n{MARIE}\n\n{says}")).failures
        assert (failure.address, failure.is_hard, failure.is_delay) == (MARIE, is_hard, False), (language, says)


def test_a_daemon_s_answer_in_a_language_that_nobody_listed_is_a_bounce_too() -> None:
    raw = mail("MAILER-DAEMON@mx.else.test", "Skilaboð bárust ekki", f"Ekki tókst að afhenda:\n\n<{MARIE}>\n")
    (failure,) = judged(b"Auto-Submitted: auto-replied\n" + raw).failures
    assert (failure.address, failure.is_hard) == (MARIE, False)


@pytest.mark.parametrize(("subject", "text"), lines("auto_replies.txt"))
def test_an_auto_reply_is_known_by_its_subject_where_no_header_says_it(subject: str, text: str) -> None:
    assert judged(mail("Marie <marie@there.test>", subject, text)).kind is IncomingKind.AUTO_REPLY


@pytest.mark.parametrize(
    "text",
    [
        "This is an automatic reply. I am travelling.",
        "This is an automated response: your message has reached our team.",
        "Dies ist eine automatische Antwort. Ich bin unterwegs.",
        "Diese E-Mail wurde automatisch erstellt.",
        "Ceci est une réponse automatique.",
        "Esta es una respuesta automática.",
        "Questa è una risposta automatica.",
        "Esta é uma resposta automática.",
        "Dit is een automatisch bericht.",
        "To jest automatyczna odpowiedź.",
    ],
)
def test_a_machine_that_says_so_itself_is_believed_and_a_quote_of_it_is_not(text: str) -> None:
    assert judged(mail("Marie <marie@there.test>", "Re: A question", text)).kind is IncomingKind.AUTO_REPLY
    answer = f"Sounds good, call me tomorrow.\n\nOn Mon, 23 Nov 2026 at 10:00, Ada <ada@acme.test> wrote:\n> {text}"
    assert judged(mail("Marie <marie@there.test>", "Re: A question", answer)).kind is IncomingKind.REPLY


@pytest.mark.parametrize("one", told("people.txt"))
def test_no_person_is_taken_for_a_machine(one: Told) -> None:
    assert judged(one.raw).kind is IncomingKind.REPLY
    with_envelope = b"Return-Path: <marie@there.test>\nIn-Reply-To: <a@acme.test>\n" + one.raw
    assert judged(with_envelope).kind is IncomingKind.REPLY


@pytest.mark.parametrize(("language", "text"), lines("wishes.txt"))
def test_a_wish_to_be_left_alone_is_understood_in_eight_languages(language: str, text: str) -> None:
    assert judged(mail("Marie <marie@there.test>", "Re: A question", text)).kind is IncomingKind.UNSUBSCRIBE


@pytest.mark.parametrize("text", (FOLDER / "no_wishes.txt").read_text().splitlines())
def test_nobody_is_suppressed_who_only_uses_such_words(text: str) -> None:
    assert judged(mail("Marie <marie@there.test>", "Re: A question", text)).kind is IncomingKind.REPLY


# What a status with its words proves about the address (RFC 3463, and what Microsoft 365 adds).
STATUSES = (
    ("5.1.2", "550 5.1.2 bad destination system", True),
    ("5.1.3", "501 5.1.3 bad syntax", True),
    ("5.1.6", "551 5.1.6 mailbox has moved", True),
    ("5.1.7", "550 5.1.7 bad sender", False),
    ("5.1.20", "550 5.1.20 multiple From addresses", False),
    ("5.1.90", "550 5.1.90 Message can't be sent because the daily recipient limit is reached", False),
    ("5.2.3", "552 5.2.3 message too long", False),
    ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", True),
    ("5.4.6", "554 5.4.6 too many hops", False),
    ("5.4.310", "550 5.4.310 DNS domain there.test does not exist", True),
    ("5.4.316", "550 5.4.316 Message expired, connection refused", False),
    ("5.5.0", "554 5.5.0 transaction failed", False),
    ("5.7.124", "550 5.7.124 sender not in allowed-senders list", False),
    ("5.7.515", "550 5.7.515 Access denied, sending domain acme.test does not meet the required level", False),
    ("5.7.606", "550 5.7.606 Access denied, banned sending IP", False),
    ("4.4.7", "450 4.4.7 message expired", False),
    ("5.0.0", "554 delivery error: dd Not a valid recipient - mta", True),
    ("5.0.0", "550 <p@there.test>: Recipient address rejected: undeliverable address", True),
    ("5.0.0", "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416", True),
    ("5.0.0", "550 Mail is rejected by recipients", False),
    ("5.0.0", "550 This mailbox has been blocked due to inactivity", False),
    ("5.0.0", "554 Recipient mailbox is read-only/disabled", False),
    ("5.0.0", "550 there.test: domain not found", True),
)


@pytest.mark.parametrize(("status", "words", "is_hard"), STATUSES)
def test_a_status_and_its_words_are_judged_by_what_they_prove(status: str, words: str, is_hard: bool) -> None:
    bounce = read(report(words, status, "host mx.there.test said (in reply to RCPT TO command)"))
    assert bounce is not None
    assert [(each.address, each.is_hard) for each in bounce.failures] == [("p@there.test", is_hard)]

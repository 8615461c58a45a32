"""Bounces of many systems are recognised and name whom they concern; people's mails are none; nothing raises."""

import base64
import json
import quopri
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.incoming import bounces
from engine.channels.incoming.parsed import parse
from engine.channels.incoming.reading import classify

CORPORA = Path(__file__).resolve().parents[3] / "shared/corpora"
LABELS = json.loads((CORPORA / "bounces/labels.json").read_text())
BOUNCES = [name for name, rows in LABELS.items() if rows[0]["reason"] not in ("feedback", "vacation")]


def read(raw: bytes) -> bounces.Bounce | None:
    return bounces.read(parse(raw))


def raw(name: str) -> bytes:
    return (CORPORA / "bounces" / name).read_bytes().replace(b"\r\n", b"\n")


def test_nearly_all_bounces_are_recognised_and_name_a_recipient():
    found = [read(raw(name)) for name in BOUNCES]
    recognised = [bounce for bounce in found if bounce]
    assert len(recognised) >= 0.97 * len(found)
    assert sum(any(each.address for each in bounce.failures) for bounce in recognised) >= 0.95 * len(found)


def test_no_mail_of_a_person_is_taken_for_a_bounce():
    assert [path.name for path in (CORPORA / "replies").glob("*.txt") if read(path.read_bytes())] == []


def test_line_ends_change_nothing():
    for name in BOUNCES[::5]:
        assert read(raw(name)) == read(raw(name).replace(b"\n", b"\r\n")) == read(raw(name).replace(b"\n", b"\r"))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BOUNCES), st.integers(0, 4000), st.binary(max_size=60))
def test_damaged_bytes_never_raise(name: str, cut: int, noise: bytes):
    read(raw(name)[:cut] + noise)
    read(noise)


def test_hard_bounces_are_told_from_soft_ones_precisely():
    found = [(any(row["hard"] for row in LABELS[name]), read(raw(name))) for name in BOUNCES]
    judged = [(hard, bounce is not None and any(each.is_hard for each in bounce.failures)) for hard, bounce in found]
    right = judged.count((True, True))
    assert right / (right + judged.count((False, True))) >= 0.95, "precision"
    assert right / (right + judged.count((True, False))) >= 0.80, "recall"


def test_a_report_that_a_gateway_cut_off_is_not_missed_much():
    """What is left is the text: a bounce all the same, and hardly ever taken for a hard one that it is not."""
    whole = [(LABELS[name], parse(raw(name))) for name in BOUNCES]
    cut = [
        (rows, bounces.read(replace(mail, report="", report_type="", content_type="text/plain", returned="")))
        for rows, mail in whole
        if mail.report
    ]
    assert sum(bounce is not None for _, bounce in cut) >= 0.97 * len(cut)
    hard = [rows for rows, bounce in cut if bounce is not None and any(each.is_hard for each in bounce.failures)]
    assert sum(any(row["hard"] for row in rows) for rows in hard) >= 0.95 * len(hard)


def report(diagnostic: str, status: str, before: str = "") -> bytes:
    return (
        "From: Mail Delivery System <mailer-daemon@mx.test>\nTo: us@ours.test\nSubject: Undelivered Mail\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n<p@there.test>: {before}\n    {diagnostic}\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
        "Final-Recipient: rfc822; p@there.test\n"
        f"Action: failed\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n\n--b--\n"
    ).encode()


# Answers as servers outside the corpus write them.
ANSWERS = (
    ("550 5.1.1 <p@there.test>: Recipient address rejected: User unknown in virtual mailbox table", "5.1.1", "", True),
    ("550-5.1.1 The email account that you tried to reach does not exist. - gsmtp", "5.1.1", "", True),
    (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient p@there.test not found by SMTP address lookup",
        "5.1.10",
        "",
        True,
    ),
    ("550 No such user (p@there.test)", "5.0.0", "host mx.there.test said (in reply to RCPT TO command)", True),
    ("Host or domain name not found. Name service error for name=there.test type=MX: Host not found", "5.4.4", "", True),
    ("550 : User unknown", "5.0.0", "", False),
    ("550 User unknown p@there.test", "5.0.0", "host mx said (in reply to end of DATA command)", False),
    ("550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", "5.2.1", "", False),
    ("552 5.2.2 The email account that you tried to reach is over quota. - gsmtp", "5.2.2", "", False),
    ("550 5.7.1 Message rejected due to content restrictions", "5.7.1", "", False),
    (
        "550 5.7.26 This mail is unauthenticated, which poses a security risk to the sender and Gmail users",
        "5.7.26",
        "",
        False,
    ),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "5.7.1", "", False),
    ("550 5.4.1 All recipients temporarily rejected", "4.4.1", "", False),
    ("450 4.1.1 <p@there.test>: Recipient address rejected: unverified address: User unknown", "4.1.1", "", False),
)


def test_answers_of_other_servers_are_judged_by_what_they_prove():
    for diagnostic, status, before, hard in ANSWERS:
        bounce = read(report(diagnostic, status, before))
        assert bounce is not None
        (failure,) = bounce.failures
        assert (failure.address, failure.is_hard) == ("p@there.test", hard), diagnostic


FIELDS = "Reporting-MTA: dns; mx.test\n\nFinal-Recipient: RFC822; <P@There.test>\nAction: Failed\nStatus: 5.1.1 (unknown)\n"
HEAD = "From: MAILER-DAEMON@mx.test\nTo: us@ours.test\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"


def in_a_report(fields: str, encoding: str = "7bit") -> str:
    kind = "multipart/report; report-type=delivery-status"
    part = f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n{fields}\n"
    return f'Content-Type: {kind}; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSorry.\n\n--b\n{part}--b--\n'


@pytest.mark.parametrize(
    "body",
    [
        in_a_report(FIELDS),
        in_a_report(base64.encodebytes(FIELDS.encode()).decode(), "base64"),
        in_a_report(quopri.encodestring(FIELDS.encode()).decode(), "quoted-printable"),
        f'Content-Type: multipart/mixed; boundary="o"\n\n--o\n{in_a_report(FIELDS)}\n--o\n\nScanned by a gateway.\n--o--\n',
        f"Content-Type: text/plain\n\nSorry.\n\n{FIELDS}",
    ],
    ids=["as it should be", "base64", "quoted-printable", "wrapped by a gateway", "in the text"],
)
def test_a_report_is_read_however_it_is_packed(body: str):
    bounce = read(f"{HEAD}{body}".encode())
    assert bounce is not None
    assert [(each.address, each.status, each.is_hard) for each in bounce.failures] == [("p@there.test", "5.1.1", True)]


def rejected(text: str) -> bytes:
    return (
        "From: Mail Delivery Subsystem <postmaster@there.test>\nTo: us@ours.test\nSubject: Automatically rejected mail\n"
        "Auto-Submitted: auto-replied (rejected)\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{text}\n"
        "--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; p@there.test\n"
        "Original-Message-ID: <one@ours.test>\nDisposition: automatic-action/MDN-sent-automatically; deleted\n\n"
        "--b\nContent-Type: message/rfc822\n\nMessage-ID: <one@ours.test>\nTo: p@there.test\n\nHi\n--b--\n"
    ).encode()


def test_a_mail_that_a_mailbox_rejected_after_it_was_taken_is_a_soft_bounce():
    bounce = read(rejected("Your message to <p@there.test> was automatically rejected:\nQuota exceeded"))
    assert bounce is not None
    assert [(each.address, each.cause, each.is_hard) for each in bounce.failures] == [
        ("p@there.test", bounces.Cause.MAILBOX_FULL, False)
    ]
    assert bounce.message_ids == ("<one@ours.test>",)


def test_a_receipt_that_a_mail_was_read_or_thrown_away_is_no_bounce():
    assert read(rejected("Your message to <p@there.test> was deleted without being read.")) is None
    assert read(rejected("Your message to <p@there.test> was read on Monday.")) is None


def test_a_report_of_a_forwarding_names_the_address_it_was_sent_to_as_well():
    raw = report("550 5.1.1 user unknown", "5.1.1").replace(
        b"Action:", b"Original-Recipient: rfc822;marie@there.test\nAction:"
    )
    reading = classify(parse(raw), date(2026, 11, 26))
    assert reading.about == ("p@there.test", "marie@there.test")
    assert [each.sent_to for each in reading.failures] == ["marie@there.test"]

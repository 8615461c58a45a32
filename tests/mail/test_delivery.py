"""Letters over real Dovecot and Postfix: they arrive once, their copy lies in Sent, and what is unknown can be looked up."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from engine import clock
from engine.channels.effects import Accepted, Failed, Server, Trace, Uncertain
from engine.channels.email import EmailChannel
from engine.config import PROJECT
from storage.kinds import Reason, Security
from tests.bed.bed import PASSWORD, Bed
from tests.bed.scripted import DROP, Authority, Script, scripted_smtp
from tests.mail.conftest import LOOPBACK, letter
from tests.mail.test_wire import NASTY

pytestmark = pytest.mark.bed


def test_a_letter_arrives_and_its_copy_lies_in_sent(bed: Bed, post: EmailChannel) -> None:
    ada, marie = bed.new_account(), bed.new_address("marie", "bravo.test")
    outcome = post.deliver(
        ada, letter(marie, html="<p>Hello</p>", in_reply_to="<0@outpost.test>", references=("<0@outpost.test>",)), 15
    )
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["answer"].startswith("250 2.0.0 Ok: queued as ")
    assert outcome.evidence["copy"] == "appended to Sent"
    (arrived,), (copy,) = bed.wait_for_mails(marie), bed.mails(ada.address, "Sent")
    assert arrived["From"] == f"Ada Lovelace <{ada.address}>"
    for mail in (arrived, copy):
        assert mail["Message-ID"] == "<1@outpost.test>"
        assert mail["References"] == "<0@outpost.test>"
        assert mail.get_body(("plain",)).get_content().splitlines() == ["Hello", ".", "..dots", "Bye"]  # type: ignore[union-attr]


def test_465_delivers_as_well(bed: Bed, post: EmailChannel) -> None:
    ada, marie = bed.new_account(), bed.new_address("marie", "bravo.test")
    ssl_account = replace(ada, smtp=Server("localhost", bed.ports.submissions, Security.SSL))
    assert isinstance(post.deliver(ssl_account, letter(marie), 15), Accepted)
    assert len(bed.wait_for_mails(marie)) == 1


def test_every_nasty_name_arrives_in_one_mail_to_one_person(bed: Bed, post: EmailChannel) -> None:
    ada, marie = bed.new_account(), bed.new_address("marie", "bravo.test")
    for number, name in enumerate(NASTY):
        given = letter(marie, subject=name, text=name, message_id=f"<n{number}@outpost.test>")
        assert isinstance(post.deliver(replace(ada, display_name=name, sent_folder=""), given, 15), Accepted)
    arrived = {mail["Message-ID"]: mail for mail in bed.wait_for_mails(marie, len(NASTY), seconds=20)}
    assert [arrived[f"<n{number}@outpost.test>"]["Subject"] for number in range(len(NASTY))] == NASTY


def test_what_was_sent_is_found_and_what_was_not_is_unknowable(bed: Bed, post: EmailChannel) -> None:
    ada = bed.new_account()
    post.deliver(ada, letter(bed.new_address("marie", "bravo.test"), message_id="<found@outpost.test>"), 15)
    assert post.look_up(ada, "<found@outpost.test>", 10) is Trace.FOUND
    assert post.look_up(ada, "<never@outpost.test>", 10) is Trace.UNKNOWABLE
    assert post.look_up(replace(ada, sent_folder=""), "<found@outpost.test>", 10) is Trace.UNKNOWABLE


def test_absence_proves_something_only_where_the_host_files_what_it_sends(bed: Bed, post: EmailChannel) -> None:
    ada = replace(bed.new_account(), files_sent_itself=True)
    outcome = post.deliver(ada, letter(bed.new_address("marie", "bravo.test")), 15)
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["copy"] == "filed by the host"
    assert bed.raw_mails(ada.address, "Sent") == []
    assert post.look_up(ada, "<1@outpost.test>", 10) is Trace.ABSENT


@pytest.mark.parametrize(
    "change", [{"password": "wrong"}, {"sent_folder": "No such folder"}, {"imap": Server("localhost", 1, Security.SSL)}]
)
def test_a_box_that_can_t_be_read_says_nothing_about_the_mail(
    bed: Bed, post: EmailChannel, change: dict[str, object]
) -> None:
    assert post.look_up(replace(bed.new_account(), **change), "<1@outpost.test>", 5) is Trace.UNREADABLE  # type: ignore[arg-type]


def test_a_copy_that_can_t_be_filed_does_not_change_the_outcome(bed: Bed, post: EmailChannel) -> None:
    full, marie = bed.new_account(domain="tiny.test"), bed.new_address("marie", "bravo.test")
    outcome = post.deliver(full, letter(marie, text="x" * 5000), 15)
    assert isinstance(outcome, Accepted)
    assert "not filed" in outcome.evidence["copy"]
    assert "full" in outcome.evidence["copy"]
    gone = replace(bed.new_account(), imap=Server("localhost", 1, Security.SSL))
    assert isinstance(post.deliver(gone, letter(marie), 15), Accepted)
    assert len(bed.wait_for_mails(marie, 2)) == 2


def test_a_copy_the_host_filed_already_is_not_filed_twice(bed: Bed, post: EmailChannel) -> None:
    ada, marie = bed.new_account(), bed.new_address("marie", "bravo.test")
    copies = [post.deliver(ada, letter(marie), 15) for _ in range(2)]
    assert [outcome.evidence["copy"] for outcome in copies if isinstance(outcome, Accepted)] == [
        "appended to Sent",
        "filed by the host",
    ]


def test_a_wrong_password_ends_the_connection_and_is_tried_once(bed: Bed, post: EmailChannel) -> None:
    address = bed.new_address()
    outcome = post.deliver(bed.account(address, "wrong"), letter(), 15)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.connection_ended) == (Reason.SIGN_IN_REFUSED, True)
    log = (bed.folder / "log/dovecot.log").read_text()
    assert sum(f"({address}," in line and "mismatch" in line.lower() for line in log.splitlines()) == 1


@pytest.mark.parametrize(
    ("recipient", "reason", "permanent"),
    [
        ("nobody@bravo.test", Reason.RECIPIENT_REFUSED, True),
        ("blocked@bravo.test", Reason.MESSAGE_REFUSED, True),
        ("tempfail@bravo.test", Reason.PROVIDER_BUSY, False),
        ("full@bravo.test", Reason.RECIPIENT_FULL, False),
        ("nearlyfull@bravo.test", Reason.RECIPIENT_FULL, False),
    ],
)
def test_what_postfix_refuses_is_named(
    bed: Bed, post: EmailChannel, recipient: str, reason: Reason, permanent: bool
) -> None:
    outcome = post.deliver(bed.new_account(), letter(recipient), 15)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.permanent) == (reason, permanent)


def test_a_sender_that_is_not_the_account_s_own_needs_a_person(bed: Bed, post: EmailChannel) -> None:
    outcome = post.deliver(replace(bed.new_account(), address="other@alpha.test"), letter(), 15)
    assert isinstance(outcome, Failed)
    assert (outcome.permanent, outcome.connection_ended) == (False, True)


def test_a_mail_over_the_server_s_size_is_refused_for_good(bed: Bed, post: EmailChannel) -> None:
    outcome = post.deliver(bed.new_account(), letter(bed.new_address("marie", "bravo.test"), text="x" * 2_100_000), 20)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.permanent) == (Reason.MESSAGE_REFUSED, True)


def test_too_many_connections_are_told_later(bed: Bed, post: EmailChannel) -> None:
    limited = Server("localhost", bed.ports.limited, Security.STARTTLS)
    held = [socket.create_connection(("127.0.0.1", bed.ports.limited), 5) for _ in range(2)]
    for connection in held:
        connection.recv(100)
    outcome = post.deliver(replace(bed.new_account(), smtp=limited), letter(), 10)
    for connection in held:
        connection.close()
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.permanent, outcome.connection_ended) == (Reason.PROVIDER_BUSY, False, False)


def test_an_answer_that_never_came_is_found_in_the_sent_folder_when_the_copy_is_there(
    bed: Bed, authority: Authority
) -> None:
    """A host that files what it sends, and loses the line after the dot: Uncertain, then looked up."""
    ada = bed.new_account()
    with scripted_smtp(Script({"dot": DROP}, authority.good())) as port:
        sender = replace(ada, smtp=Server("localhost", port, Security.STARTTLS))
        assert isinstance(EmailChannel(LOOPBACK, clock.now, authority.file).deliver(sender, letter(), 5), Uncertain)
    post = EmailChannel(LOOPBACK, clock.now, bed.ca_file)
    assert post.look_up(ada, "<1@outpost.test>", 5) is Trace.UNKNOWABLE
    assert post.look_up(replace(ada, files_sent_itself=True), "<1@outpost.test>", 5) is Trace.ABSENT


_ONE_DELIVERY = """
import sys
from engine import clock
from engine.channels.effects import Letter, MailAccount, Server
from engine.channels.email import EmailChannel
from engine.connections.network import NetworkGuard
from storage.kinds import Security
ca, imap, smtp, sender, password, recipient, message_id = sys.argv[1:]
sides = Server("localhost", int(imap), Security.SSL), Server("localhost", int(smtp), Security.STARTTLS)
account = MailAccount(sender, "Ada", sender, password, *sides, sent_folder="Sent")
post = EmailChannel(NetworkGuard.allowing(["127.0.0.0/8"]), clock.now, ca)
post.deliver(account, Letter(message_id, recipient, "Hi", "Hello"), 15)
"""


@pytest.mark.parametrize(("point", "arrives"), [("connected", 0), ("content", 0), ("data", 1), ("accepted_by_server", 1)])
def test_a_killed_sender_leaves_at_most_one_mail_and_only_after_the_dot(bed: Bed, point: str, arrives: int) -> None:
    ada, marie = bed.new_address(), bed.new_address("marie", "bravo.test")
    values = [bed.ca_file, bed.ports.imaps, bed.ports.submission, ada, PASSWORD, marie, f"<{point}@outpost.test>"]
    command = [sys.executable, "-c", _ONE_DELIVERY, *map(str, values)]
    ended = subprocess.run(command, cwd=PROJECT, env={**os.environ, "OUTPOST_CRASH_AT": point}, timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL
    marker = bed.new_account("marker", "bravo.test")
    EmailChannel(LOOPBACK, clock.now, bed.ca_file).deliver(marker, letter(marie, message_id="<marker@outpost.test>"), 15)
    bed.wait_for_mails(marie, 1 + arrives)
    assert sorted(mail["Subject"] for mail in bed.mails(marie)) == sorted(["A question", *["Hi"] * arrives])
    assert bed.raw_mails(ada, "Sent") == []

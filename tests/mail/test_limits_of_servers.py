"""[OVERQUOTA], [LIMIT] and [UNAVAILABLE] of a real Dovecot at each command: a sentence, a later try, no reconnecting."""

import imaplib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from engine import clock, incoming, warm_up_folders
from engine.channels.effects import Accepted, MailAccount, Server, Trace
from engine.channels.email import EmailChannel
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline
from engine.connections.probe import probe
from engine.connections.trouble import Trouble
from engine.connections.trust import refused, trusted
from engine.incoming import Reader
from storage.database import Database
from storage.kinds import LeadState, Security
from storage.tables import FolderCursor, MailReading
from tests.bed.bed import Bed
from tests.bed.refusing import Refusing, refusing_imap
from tests.bed.scripted import Authority
from tests.incoming.post import KEYS, Post
from tests.mail.conftest import LOOPBACK, letter

pytestmark = pytest.mark.bed
FULL, LIMIT, AWAY = "NO [OVERQUOTA] Quota exceeded", "NO [LIMIT] Too many", "NO [UNAVAILABLE] Backend is down"


def reader(account: MailAccount, ca_file: str) -> Reader:
    return Reader(lambda *_: account, incoming.opener(LOOPBACK, ca_file), KEYS)


def reading(database: Database, post: Post) -> MailReading:
    with database.read() as session:
        return session.get_one(MailReading, post.box.id)


def test_too_many_connections_of_one_address_wait_and_need_nobody(database: Database, bed: Bed) -> None:
    post = Post(database, address=bed.new_address("busy"))
    account = bed.account(post.box.address)
    with ExitStack() as held:
        for _ in range(bed.imap_connections):
            held.enter_context(account_session(account, LOOPBACK, trusted(bed.ca_file), Deadline.after(30)))
        found = probe(account, LOOPBACK, bed.ca_file)
        incoming.read_one(database, post.box.id, reader(account, bed.ca_file), post.now)
    assert found.imap_trouble is not None
    assert (found.imap_trouble.trouble, found.needs_person) == (Trouble.CONNECTION_LIMIT, False)
    row = reading(database, post)
    assert (row.failures, row.next_at) == (1, post.now + timedelta(minutes=5))
    assert row.note.startswith("localhost has too many connections open for this address; close other mail programs")
    incoming.read_one(database, post.box.id, reader(account, bed.ca_file), row.next_at)
    assert (reading(database, post).failures, reading(database, post).note) == (0, "")


def test_a_server_that_can_t_check_a_token_is_asked_again_and_the_sign_in_stays(database: Database, bed: Bed) -> None:
    """Its token server does not answer."""
    post = Post(database, address=bed.new_address("token"))
    account = replace(bed.account(post.box.address), bearer=lambda _refused: "a token")
    found = probe(account, LOOPBACK, bed.ca_file)
    assert found.imap_trouble is not None
    assert (found.imap_trouble.trouble, found.imap_trouble.trouble.ends_connection) == (Trouble.UNAVAILABLE, False)
    incoming.read_one(database, post.box.id, reader(account, bed.ca_file), post.now)
    assert reading(database, post).note.startswith("localhost can't check the sign-in at the moment")


def copied(session: ImapSession) -> None:
    session.select_folder("INBOX")
    session.copy(session.search(["ALL"]), "Sent")


def appended(session: ImapSession) -> None:
    session.append("Sent", b"Subject: x\r\n\r\n" + b"x" * 2_000)


@pytest.mark.parametrize("asked", [copied, appended])
def test_a_box_over_its_quota_is_named_at_copy_and_append(bed: Bed, asked: Callable[[ImapSession], None]) -> None:
    account = bed.new_account(domain="tiny.test")
    bed.append(account.address, "INBOX", b"Subject: x\r\n\r\n" + b"x" * 700)
    signed_in = account_session(account, LOOPBACK, trusted(bed.ca_file), Deadline.after(15))
    with signed_in as session, pytest.raises(imaplib.IMAP4.error) as caught:
        asked(session)
    trouble = refused(account.imap, caught.value)
    assert trouble.trouble is Trouble.MAILBOX_FULL
    assert trouble.note.startswith("The mailbox at localhost is full; make room in it")


def test_a_copy_that_finds_no_room_says_so_and_the_mail_is_sent(bed: Bed, post: EmailChannel) -> None:
    outcome = post.deliver(bed.new_account(domain="tiny.test"), letter(bed.new_address(), text="x" * 5_000), 15)
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["copy"].startswith("not filed: The mailbox at localhost is full; make room in it")


READ = [
    ("EXAMINE", AWAY, "localhost can't get at the mailbox at the moment; it is tried again by itself."),
    ("EXAMINE", LIMIT, "localhost can't get at the mailbox at the moment"),
    ("EXAMINE", FULL, "The mailbox at localhost is full"),
    ("UID SEARCH", AWAY, "localhost can't get at the mailbox at the moment"),
    ("UID FETCH", AWAY, "localhost can't get at the mailbox at the moment"),
    ("UID FETCH", LIMIT, "localhost can't get at the mailbox at the moment"),
    ("UID FETCH", FULL, "The mailbox at localhost is full"),
    ("UID FETCH", "NO [NOPERM] Not yours", "The sign-in to localhost worked, but it refused what was asked of the mailbox."),
    ("AUTHENTICATE", FULL, "The mailbox at localhost is full"),
    ("AUTHENTICATE", LIMIT, "localhost has too many connections open"),
    ("AUTHENTICATE", AWAY, "localhost can't check the sign-in at the moment"),
]


@pytest.mark.parametrize(("command", "answer", "sentence"), READ)
def test_post_that_is_refused_is_read_later_and_whole(
    database: Database, bed: Bed, authority: Authority, command: str, answer: str, sentence: str
) -> None:
    post = Post(database, address=bed.new_address("reads"))
    bed.append(post.box.address, "INBOX", post.mail("Yes, gladly."))
    refusing = Refusing({command: answer})
    with refusing_imap(bed, authority.good(), refusing) as port:
        account = replace(bed.account(post.box.address), imap=Server("localhost", port, Security.SSL))
        for failures in (1, 2, 3):
            assert incoming.read_one(database, post.box.id, reader(account, authority.file), post.now) == 0
            row = reading(database, post)
            assert (row.failures, row.last_at) == (failures, None)
            assert row.next_at == post.now + timedelta(minutes=5 * 2 ** (failures - 1))
            assert row.note.startswith(sentence)
            assert 'The server said: "' in row.note
        with database.read() as session:
            assert session.get(FolderCursor, (post.box.id, "INBOX")) is None
        refusing.answers = {}
        assert incoming.read_one(database, post.box.id, reader(account, authority.file), post.now) == 1
    assert post.state()[0] is LeadState.REPLIED


@pytest.mark.parametrize(
    ("command", "answer", "trouble"),
    [
        ("LIST", AWAY, Trouble.MAILBOX_BUSY),
        ("LIST", LIMIT, Trouble.MAILBOX_BUSY),
        ("LIST", FULL, Trouble.MAILBOX_FULL),
        ("LIST", "NO What?", Trouble.FOLDERS_UNREADABLE),
        ("AUTHENTICATE", FULL, Trouble.MAILBOX_FULL),
    ],
)
def test_a_probe_that_is_refused_needs_no_person(
    bed: Bed, authority: Authority, command: str, answer: str, trouble: Trouble
) -> None:
    with refusing_imap(bed, authority.good(), Refusing({command: answer})) as port:
        account = replace(bed.new_account(), imap=Server("localhost", port, Security.SSL))
        found = probe(account, LOOPBACK, authority.file)
    assert found.imap_trouble is not None
    assert (found.imap_trouble.trouble, found.needs_person) == (trouble, False)


@pytest.mark.parametrize(("answer", "trouble"), [(AWAY, Trouble.MAILBOX_BUSY), (FULL, Trouble.MAILBOX_FULL)])
@pytest.mark.parametrize("command", ["UID MOVE", "UID STORE", "CREATE"])
def test_a_warm_up_s_commands_that_are_refused_are_named(
    bed: Bed, authority: Authority, command: str, answer: str, trouble: Trouble
) -> None:
    account = bed.new_account()
    bed.append(account.address, "INBOX", b"Subject: x\r\n\r\nx")

    def visit(session: ImapSession) -> None:
        warm_up_folders.own_folder(session)
        session.select_folder("INBOX")
        warm_up_folders.read_and_flag(session, session.search(["ALL"]))
        warm_up_folders.move(session, session.search(["ALL"]), warm_up_folders.FOLDER)

    with refusing_imap(bed, authority.good(), Refusing({command: answer})) as port:
        there = replace(account, imap=Server("localhost", port, Security.SSL))
        signed_in = account_session(there, LOOPBACK, trusted(authority.file), Deadline.after(15))
        with signed_in as session, pytest.raises(imaplib.IMAP4.error) as caught:
            visit(session)
    assert refused(there.imap, caught.value).trouble is trouble
    assert len(bed.raw_mails(account.address)) == 1


@pytest.mark.parametrize("answer", [AWAY, LIMIT, FULL])
def test_a_sent_folder_that_is_refused_proves_nothing(bed: Bed, authority: Authority, answer: str) -> None:
    with refusing_imap(bed, authority.good(), Refusing({"EXAMINE": answer})) as port:
        account = replace(bed.new_account(), imap=Server("localhost", port, Security.SSL), files_sent_itself=True)
        channel = EmailChannel(LOOPBACK, clock.now, authority.file)
        assert channel.look_up(account, "<1@outpost.test>", 10) is Trace.UNREADABLE

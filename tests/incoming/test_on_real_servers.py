"""Reading real mailboxes: whatever dies when, each mail is handled once; other UIDs, many mails, junk, troubles."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import incoming
from engine.channels.effects import MailAccount
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trust import trusted
from engine.desk import Problem
from engine.incoming import Reader
from engine.reading_rounds import claim, read_due
from storage.database import Database
from storage.kinds import IncomingKind, LeadState, MailboxState
from storage.tables import FolderCursor, IncomingMail, Mailbox, MailReading
from tests import makers
from tests.bed.bed import Bed
from tests.incoming.post import KEYS, Post
from tests.incoming.test_bounces import BOUNCES, CORPORA

pytestmark = pytest.mark.bed
LOOPBACK = NetworkGuard.allowing(["127.0.0.0/8"])
GONE = ("550 5.1.1 <x>: Recipient address rejected: User unknown", "5.1.1")


@pytest.fixture
def post(database: Database, bed: Bed) -> Post:
    # Connected "now": the bed's mails carry the real clock's dates.
    return Post(database, address=bed.new_address("reader"))


def reader(bed: Bed, **changes: str) -> Reader:
    def account(_session: object, mailbox: Mailbox) -> MailAccount:
        return replace(bed.account(mailbox.address), **changes)

    return Reader(account, incoming.opener(LOOPBACK, bed.ca_file), KEYS)


def read(post: Post, bed: Bed) -> int:
    return incoming.read_one(post.database, post.box.id, reader(bed), post.now)


def imap(post: Post, bed: Bed):  # type: ignore[no-untyped-def]
    return account_session(bed.account(post.box.address), LOOPBACK, trusted(bed.ca_file), Deadline.after(20))


def test_inbox_and_junk_are_read_from_where_the_last_time_ended(post: Post, bed: Bed):
    bed.append(post.box.address, "INBOX", post.mail("Yes."))
    bed.append(post.box.address, "Junk", post.bounce(1, *GONE))
    bed.append(post.box.address, "INBOX", post.mail("Lunch?", number=None))
    assert read(post, bed) == 3
    assert [post.state(number)[0] for number in range(3)] == [LeadState.REPLIED, LeadState.BOUNCED, LeadState.ACTIVE]
    assert read(post, bed) == 0
    bed.append(post.box.address, "INBOX", post.mail("Me too.", number=2))
    assert read(post, bed) == 1
    assert post.state(2)[0] is LeadState.REPLIED
    with post.database.read() as session:
        schedule = session.get_one(MailReading, post.box.id)
        assert (schedule.next_at, schedule.failures, schedule.last_at) == (post.now + incoming.BETWEEN, 0, post.now)
    with imap(post, bed) as session:  # nothing was marked as read or moved
        session.select_folder("INBOX", readonly=True)
        assert len(session.search(["ALL"])) == 3


def test_new_uids_under_a_new_validity_are_read_again_and_handled_once(post: Post, bed: Bed):
    reply = post.mail("Yes.")
    bed.append(post.box.address, "INBOX", reply)
    read(post, bed)
    with post.database.write() as session:
        session.get_one(FolderCursor, (post.box.id, "INBOX")).uid_validity = 7
    bed.append(post.box.address, "INBOX", post.mail("Me too.", number=1))
    assert read(post, bed) == 1
    with post.database.read() as session:
        assert session.get_one(FolderCursor, (post.box.id, "INBOX")).uid_validity != 7
        assert len(session.scalars(select(IncomingMail)).all()) == 2


def test_a_full_mailbox_is_read_in_bounded_bites_until_the_end(post: Post, bed: Bed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(incoming, "BATCH", 2)
    monkeypatch.setattr(incoming, "_MOST_BATCHES", 2)
    for number in range(10):
        bed.append(post.box.address, "INBOX", post.mail(f"Mail {number}", number=None))
    assert [read(post, bed) for _ in range(4)] == [4, 4, 2, 0]


def test_old_post_from_before_the_connection_is_not_read(post: Post, bed: Bed):
    bed.append(post.box.address, "INBOX", post.mail("Yes."))
    with post.database.write() as session:
        session.get_one(Mailbox, post.box.id).connected_at = post.now + timedelta(days=400)
    assert read(post, bed) == 0
    bed.append(post.box.address, "INBOX", post.mail("Yes."))
    assert read(post, bed) == 1


def test_a_mailbox_that_can_t_be_read_says_why_and_is_asked_again_later(post: Post, bed: Bed):
    def waits() -> list[int]:
        found = []
        for _ in range(6):
            incoming.read_one(post.database, post.box.id, reader(bed, password="wrong"), post.now)
            with post.database.read() as session:
                row = session.get_one(MailReading, post.box.id)
                assert "password" in row.note or "sign-in" in row.note.lower() or "Authentication" in row.note
                found.append(int((row.next_at - post.now).total_seconds() / 60))
        return found

    assert waits() == [5, 10, 20, 40, 60, 60]


def test_an_address_without_a_password_is_passed_over(post: Post, bed: Bed):
    def account(_session: object, _mailbox: Mailbox) -> MailAccount:
        raise Problem("It has no password any more; reconnect it.")

    assert incoming.read_one(post.database, post.box.id, replace(reader(bed), account_for=account), post.now) == 0


def test_only_connected_addresses_whose_time_has_come_are_read(database: Database, bed: Bed):
    first = Post(database, address=bed.new_address("reader"))
    second = Post(database, address=bed.new_address("reader"))
    third = Post(database, address=bed.new_address("reader"), state=MailboxState.RECONNECT_NEEDED)
    assert claim(database, first.now, 10) == [first.box.id, second.box.id]
    assert claim(database, first.now, 10) == []  # another worker finds nothing
    assert claim(database, first.now + timedelta(minutes=11), 10) == [first.box.id, second.box.id]
    with database.write() as session:
        incoming.read_soon(session, third.box.id, first.now)
    assert claim(database, first.now, 10) == []


def test_mailboxes_that_hang_keep_no_other_waiting(database: Database, bed: Bed):
    post, ill = Post(database, leads=0, address=bed.new_address("reader")), set()
    with database.write() as session:
        for number in range(20):
            hangs = makers.mailbox(session, session.merge(post.ada), address=f"hangs{number}@black.hole")
            session.add(MailReading(mailbox_id=hangs.id, next_at=post.now, failures=1))
            ill.add(hangs.address)
    release = threading.Event()

    @contextmanager
    def open_imap(account: MailAccount) -> Iterator[ImapSession]:
        if account.address in ill:
            release.wait(60)
            raise TimeoutError("the server said nothing")
        with incoming.opener(LOOPBACK, bed.ca_file)(account) as session:
            yield session

    def was_read() -> bool:
        with database.read() as session:
            row = session.get(MailReading, post.box.id)
            return row is not None and row.last_at is not None

    way, now = replace(reader(bed), open_imap=open_imap), lambda: post.now
    round_ = threading.Thread(target=read_due, args=(database, way, now), kwargs={"ill": True})
    round_.start()
    assert read_due(database, way, now) == 1
    assert was_read()
    assert round_.is_alive()
    release.set()
    round_.join(60)
    with database.read() as session:
        failures = select(MailReading.failures).where(MailReading.mailbox_id != post.box.id)
        assert set(session.scalars(failures)) == {2}


KILLED = """
import sys
from pathlib import Path
from storage.database import open_database
from engine import incoming
from engine.incoming import Reader
from engine.incoming_keeping import Keys
from engine.channels.effects import MailAccount, Server
from engine.connections.network import NetworkGuard
from storage.kinds import Security
from storage.vault import Vault
from tests.makers import MONDAY
path, box, address, password, port, ca = sys.argv[1:]
imap = Server("localhost", int(port), Security.SSL)
account = MailAccount(address, "", address, password, imap, imap)
opener = incoming.opener(NetworkGuard.allowing(["127.0.0.0/8"]), ca)
reader = Reader(lambda *_: account, opener, Keys(b"a key of this test", Vault({1: bytes(32)})))
incoming.BATCH = 1
print(incoming.read_one(open_database(Path(path)), int(box), reader, MONDAY))
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["incoming_fetched", "incoming_fetched:2", "incoming_kept", "incoming_kept:2"])
def test_a_reader_killed_anywhere_handles_each_mail_once(post: Post, bed: Bed, tmp_path: Path, point: str):
    for number in range(3):
        bed.append(post.box.address, "INBOX", post.bounce(number, *GONE))
    account = bed.account(post.box.address)
    place = [
        str(tmp_path / "outpost.db"),
        str(post.box.id),
        account.address,
        account.password,
        str(bed.imap.port),
        bed.ca_file,
    ]
    command = [sys.executable, "-c", KILLED, *place]
    project = Path(__file__).resolve().parents[2]
    for crash in (point, ""):
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project), "OUTPOST_CRASH_AT": crash}
        subprocess.run(command, env=environment, cwd=project, check=not crash, timeout=60)
    assert [post.state(number)[0] for number in range(3)] == [LeadState.BOUNCED] * 3
    assert len(post.kept()) == 3


def test_the_corpora_replayed_through_a_real_mailbox_harm_nobody(post: Post, bed: Bed):
    """Three hundred real mails of strangers: all are read, none touches a lead, nothing of them is kept."""
    with imap(post, bed) as session:
        for name in BOUNCES[::6]:
            session.append(
                "INBOX", (CORPORA / "bounces" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            )
    assert read(post, bed) > 0.9 * len(BOUNCES[::6])  # a few are copies of one another
    assert set(map(post.state, range(3))) == {(LeadState.ACTIVE, None)}
    assert Counter((row.kind, row.text, row.raw) for row in post.kept()) == {
        (IncomingKind.OTHER, "", None): len(post.kept())
    }

"""A round reads all whose time has come, however many: nobody waits for the slowest, and a stop leaves nothing claimed."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine.channels.effects import MailAccount, Server
from engine.connections.imap import ImapSession
from engine.incoming import BETWEEN, Reader
from engine.reading_rounds import CLAIM, claim, read_due
from storage.database import Database
from storage.kinds import Security
from storage.tables import Mailbox, MailReading
from tests import makers
from tests.incoming.post import KEYS
from tests.makers import MONDAY

MANY = 130  # more than all threads of a round and all that wait for them
_SERVER = Server("mail.test", 993, Security.SSL)


@dataclass
class Town:
    """Mailboxes of which none can be read; `hang` never answer before `over`."""

    database: Database
    hang: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    asked: Counter[str] = field(default_factory=Counter)
    now: datetime = MONDAY

    @contextmanager
    def open_imap(self, account: MailAccount) -> Iterator[ImapSession]:
        self.asked[account.address] += 1
        if account.address in self.hang:
            self.over.wait(30)
        raise TimeoutError("no answer")
        yield

    @property
    def reader(self) -> Reader:
        def account(_session: object, mailbox: Mailbox) -> MailAccount:
            return MailAccount(mailbox.address, "", mailbox.address, "-", _SERVER, _SERVER)

        return Reader(account, self.open_imap, KEYS)

    def due(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(MailReading.next_at <= self.now)) or 0


@pytest.fixture
def town(database: Database) -> Town:
    with database.write() as session:
        makers.installation(session)
        ada = makers.identity(session, makers.workspace(session).id)
        for number in range(MANY):
            makers.mailbox(session, ada, address=f"box{number}@acme.test", password=b"-")
    return Town(database)


def test_one_round_reads_them_all_once(town: Town) -> None:
    assert read_due(town.database, town.reader, lambda: MONDAY) == MANY
    assert (len(town.asked), set(town.asked.values())) == (MANY, {1})
    assert read_due(town.database, town.reader, lambda: MONDAY + BETWEEN - timedelta(seconds=1)) == 0


def test_those_that_failed_come_with_their_own_round_alone(town: Town) -> None:
    read_due(town.database, town.reader, lambda: MONDAY)
    later = MONDAY + BETWEEN
    assert read_due(town.database, town.reader, lambda: later) == 0
    assert read_due(town.database, town.reader, lambda: later, ill=True) == MANY
    assert set(town.asked.values()) == {2}


def test_one_that_hangs_keeps_no_other_waiting_in_the_same_round(town: Town) -> None:
    town.hang = {f"box{number}@acme.test" for number in range(5)}
    round_ = threading.Thread(target=read_due, args=(town.database, town.reader, lambda: MONDAY))
    round_.start()
    for _ in range(600):
        with town.database.read() as session:
            done = session.scalar(select(func.count()).where(MailReading.failures == 1))
        if done == MANY - 5:
            break
        threading.Event().wait(0.05)
    assert (done, round_.is_alive()) == (MANY - 5, True)
    town.over.set()
    round_.join(30)
    assert not round_.is_alive()


def test_a_stop_begins_no_other_and_leaves_what_was_only_claimed_to_the_next_worker(town: Town) -> None:
    town.hang = {f"box{number}@acme.test" for number in range(MANY)}
    asked = iter([True])

    def may_go_on() -> bool:
        if next(asked, False):
            return True
        town.over.set()
        return False

    begun = read_due(town.database, town.reader, lambda: MONDAY, may_go_on=may_go_on)
    read = len(town.asked)
    assert 0 < read < begun < MANY
    assert town.due() == begun - read  # claimed and let go; the rest was never touched
    assert len(claim(town.database, MONDAY, MANY)) == MANY - read


def test_a_claim_whose_worker_died_ends_by_itself(town: Town) -> None:
    assert len(claim(town.database, MONDAY, MANY)) == MANY
    assert claim(town.database, MONDAY + CLAIM - timedelta(seconds=1), MANY) == []
    assert len(claim(town.database, MONDAY + CLAIM, MANY)) == MANY

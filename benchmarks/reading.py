"""A round of reading over the mailboxes of a real Dovecot: how many a minute, and the CPU of a visit beside bare IMAPClient.

As at most rounds nothing is new in most of them: one mailbox of ten has a mail that was not there the last time. With
`far` each sign-in waits a second more, as providers far away do. `OUTPOST_BENCH_MAILBOXES` shrinks it.
"""

import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from imapclient import IMAPClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from benchmarks.rows import Row
from engine import incoming, reading_rounds
from engine.channels.effects import MailAccount
from engine.connections.imap import ImapSession
from engine.connections.network import NetworkGuard
from engine.incoming import Open, Reader
from engine.incoming_keeping import Keys
from storage.database import Database
from storage.tables import IncomingMail, Mailbox, MailReading
from storage.vault import Vault
from tests import makers
from tests.bed.bed import Bed, bed_alone
from tests.bed.configuration import PASSWORD
from tests.fresh import new_database
from tests.makers import MONDAY

MAILBOXES = int(os.environ.get("OUTPOST_BENCH_MAILBOXES", "300"))
_ALL, _ROUND = 5_000, 5.0  # so many addresses are read in so many minutes
_FAR = 1.0  # seconds
_KEYS = Keys(b"a key of this benchmark", Vault({1: bytes(32)}))
_MAIL = b"From: Marie <marie@radium.test>\r\nTo: ada@acme.test\r\nSubject: Lunch\r\nMessage-ID: <%d@x.test>\r\n\r\nOne?\r\n"


def run() -> list[Row]:
    with bed_alone() as (bed, folder):
        database, addresses = _office(bed, folder / "outpost.db")
        near = incoming.opener(NetworkGuard.allowing(["127.0.0.0/8"]), bed.ca_file)
        _round(bed, database, near)  # the first time every folder is new
        _some_mail(bed, addresses)
        bare = _cpu(lambda: _bare(bed, addresses)) / MAILBOXES
        begin = time.perf_counter()
        cpu = _cpu(lambda: _round(bed, database, near)) / MAILBOXES
        near_rate = MAILBOXES / (time.perf_counter() - begin) * 60
        begin = time.perf_counter()
        _round(bed, database, _far(near))
        far_rate = MAILBOXES / (time.perf_counter() - begin) * 60
        _require_read(database)
        database.close()
    name, wanted = f"reading {MAILBOXES:,} mailboxes", _ALL / _ROUND
    limit = f"{_ALL:,} in {_ROUND:.0f} minutes"
    return [
        Row(name, "prompt servers", near_rate, "mailboxes/min", limit, wanted, at_least=1.0),
        Row(name, "a second away", far_rate, "mailboxes/min", limit, wanted, at_least=1.0),
        Row(name, "CPU of a mailbox", cpu * 1000, "ms", "bare IMAPClient", bare * 1000),
    ]


def _office(bed: Bed, path: Path) -> tuple[Database, list[str]]:
    database = new_database(path)
    addresses = [bed.new_address("reading") for _ in range(MAILBOXES)]
    with database.write() as session:
        makers.installation(session)
        makers.user(session)
        home = makers.workspace(session)
        for address in addresses:
            makers.mailbox(session, makers.identity(session, home.id), address=address, junk_folder="Junk", password=b"-")
    return database, addresses


def _account(bed: Bed) -> Callable[[Session, Mailbox], MailAccount]:
    return lambda _session, mailbox: bed.account(mailbox.address)


def _round(bed: Bed, database: Database, way: Open) -> None:
    """Every mailbox once: it is time for all of them."""
    with database.write() as session:
        session.execute(update(MailReading).values(next_at=MONDAY - timedelta(minutes=1)))
    reading_rounds.read_due(database, Reader(_account(bed), way, _KEYS), lambda: MONDAY)


def _far(near: Open) -> Open:
    @contextmanager
    def way(account: MailAccount) -> Iterator[ImapSession]:
        time.sleep(_FAR)
        with near(account) as session:
            yield session

    return way


def _some_mail(bed: Bed, addresses: list[str]) -> None:
    for number, address in enumerate(addresses[::10]):
        bed.append(address, "INBOX", _MAIL % number)


def _require_read(database: Database) -> None:
    with database.read() as session:
        kept = session.scalar(select(func.count()).select_from(IncomingMail))
        well = session.scalar(select(func.count()).where(MailReading.last_at.is_not(None), MailReading.failures == 0))
    if (kept, well) != (len(range(0, MAILBOXES, 10)), MAILBOXES):
        raise AssertionError(f"{kept} mails of {well} mailboxes were read.")


def _cpu(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _bare(bed: Bed, addresses: list[str]) -> None:
    context = ssl.create_default_context(cafile=bed.ca_file)
    for address in addresses:
        with IMAPClient("localhost", bed.ports.imaps, ssl_context=context, timeout=30) as session:
            session._imap.debug = 0  # else imaplib writes every line to a log
            session.login(address, PASSWORD)
            for folder in ("INBOX", "Junk"):
                session.select_folder(folder, readonly=True)
                session.fetch(session.search(["UID", "1:*"]), ["BODY.PEEK[]", "INTERNALDATE"])

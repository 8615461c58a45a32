"""Rounds of reading: every mailbox whose time has come, many at once, and no round waits for its slowest.

Those that could not be read the last time have a round and threads of their own: they keep one another waiting, no others.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import incoming_keeping, logs
from engine.counter import Writer
from engine.incoming import MAY_BE_READ, AccountFor, Open, Reader, in_turn, opener, read_one, read_soon, schedule
from engine.incoming_keeping import Keys
from engine.networks import network_guard
from storage.database import Database
from storage.tables import Mailbox, MailReading

CLAIM = timedelta(minutes=10)  # a reading whose worker died is taken up after this
# A provider that is far away takes a second for a mailbox: 5,000 are read in four minutes.
_THREADS, _THREADS_FOR_THE_ILL = 24, 8
_LOOK = 1.0  # seconds between two looks whether more have become due
_log = logs.logger("incoming")


def reader(
    database: Database, account_for: AccountFor, keys: Keys, open_imap: Open | None = None, writer: Writer | None = None
) -> Reader:
    """How mailboxes are read in one round, by the networks that are allowed now."""
    with database.read() as session:
        guard = network_guard(session)
    return Reader(account_for, open_imap or opener(guard), keys, writer)


def read_due(
    database: Database,
    reader: Reader,
    now: Callable[[], datetime],
    *,
    ill: bool = False,
    may_go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Read the mailboxes whose time has come (`ill`: those that failed the last time), until none is left; how many."""
    threads = _THREADS_FOR_THE_ILL if ill else _THREADS
    writer = reader.writer or database
    if not ill:
        _look_after_what_was_read(writer, reader.keys, now())
    begun, under_way = 0, dict[Future[None], int]()
    with ThreadPoolExecutor(threads, thread_name_prefix="incoming") as pool:
        while may_go_on():
            # As many wait as are read, so that no thread stands idle while the next are claimed.
            if len(under_way) <= threads:
                claimed = claim(database, now(), 2 * threads - len(under_way), ill=ill, writer=writer)
                begun += len(claimed)
                under_way |= {pool.submit(_read_and_log, database, one, reader, now): one for one in claimed}
            if not under_way:
                return begun
            done, _ = wait(under_way, _LOOK, FIRST_COMPLETED)
            for each in done:
                del under_way[each]
        _let_go(writer, [one for each, one in under_way.items() if each.cancel()], now())
    return begun


def claim(database: Database, now: datetime, most: int, *, ill: bool = False, writer: Writer | None = None) -> list[int]:
    """Take the due ones for ten minutes, so that no second worker reads the same mailbox."""

    def work(session: Session) -> list[int]:
        claimed = _due(session, now, most, ill)
        for mailbox_id in claimed:
            schedule(session, mailbox_id).next_at = now + CLAIM
        return claimed

    with database.read() as session:
        if not _due(session, now, 1, ill):
            return []
    return (writer or database).do(in_turn(work))


def _due(session: Session, now: datetime, most: int, ill: bool) -> list[int]:
    """Those whose time has come, found by its index however many there are; then those that were never read."""
    readable = Mailbox.state.in_(MAY_BE_READ), Mailbox.removed_at.is_(None)
    due = (
        select(MailReading.mailbox_id)
        .join(Mailbox, Mailbox.id == MailReading.mailbox_id)
        .where(*readable, MailReading.failures > 0 if ill else MailReading.failures == 0, MailReading.next_at <= now)
        .order_by(MailReading.next_at, MailReading.mailbox_id)
        .limit(most)
    )
    found = list(session.scalars(due))
    if ill or len(found) == most:
        return found
    never = (
        select(Mailbox.id)
        .where(*readable, ~select(MailReading.mailbox_id).where(MailReading.mailbox_id == Mailbox.id).exists())
        .order_by(Mailbox.id)
        .limit(most - len(found))
    )
    return [*found, *session.scalars(never)]


def _look_after_what_was_read(writer: Writer, keys: Keys, now: datetime) -> None:
    def work(session: Session) -> None:
        incoming_keeping.forget_raw(session, now)
        incoming_keeping.reread(session, keys, now)

    writer.do(in_turn(work))


def _read_and_log(database: Database, mailbox_id: int, reader: Reader, now: Callable[[], datetime]) -> None:
    """A pool's thread tells nobody of its defects; the mailbox is taken up again when its claim is over."""
    try:
        read_one(database, mailbox_id, reader, now())
    except Exception:
        _log.exception("incoming.failed", mailbox=mailbox_id)


def _let_go(writer: Writer, mailbox_ids: list[int], now: datetime) -> None:
    """The worker stops: those that were only claimed are the next one's."""

    def work(session: Session) -> None:
        for mailbox_id in mailbox_ids:
            read_soon(session, mailbox_id, now)

    if mailbox_ids:
        writer.do(in_turn(work))

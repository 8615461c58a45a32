"""Reading an address's post, over one connection, and when it is read again (engine.reading_rounds: who reads it then).

Inbox and junk, from the day before the address was connected on. A mailbox that can't be read is asked again after 5, 10,
20 … 60 minutes; its connection's own probe says what is wrong.
"""

import imaplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from engine import agenda, alerts, incoming_keeping
from engine.channels.effects import MailAccount
from engine.connections import inbox
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble
from engine.connections.trust import refused, trusted
from engine.counter import Writer
from engine.crash_points import reached
from engine.desk import Problem
from engine.incoming_keeping import Keys
from storage.database import Database
from storage.kinds import AlertKind, Channel, MailboxState
from storage.tables import Campaign, FolderCursor, Lane, Lead, Mailbox, MailReading

BETWEEN = timedelta(minutes=5)
BATCH = 25
_MOST_BATCHES = 8  # of one folder at one time
_SECONDS = 45.0
_LONGEST_WAIT = timedelta(minutes=60)
_TOLD_AFTER = 3  # failures, when mails wait for the reading
MAY_BE_READ = tuple(state for state in MailboxState if state.may_be_read)
T = TypeVar("T")
Open = Callable[[MailAccount], AbstractContextManager[ImapSession]]
AccountFor = Callable[[Session, Mailbox], MailAccount]


@dataclass(frozen=True, slots=True)
class Reader:
    """How mailboxes are read: their accounts, how a connection is opened, the keys, and who writes down what was read.

    Many threads that write by themselves would keep whoever sends from the database's lock, which is not fair: in the worker
    they share one `writer` with the dispatch of mails. None: each writes by itself.
    """

    account_for: AccountFor
    open_imap: Open
    keys: Keys
    writer: Writer | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    mailbox_id: int
    account: MailAccount
    folders: tuple[str, ...]
    places: dict[str, inbox.Place]
    since: date


def opener(guard: NetworkGuard, ca_file: str | None = None) -> Open:
    return lambda account: account_session(account, guard, trusted(ca_file), Deadline.after(_SECONDS))


def read_soon(session: Session, mailbox_id: int, now: datetime, *, is_owed: bool = False) -> None:
    """At the worker's next turn; `is_owed`: its leads' steps wait until all that came in before `now` was read."""
    row = schedule(session, mailbox_id)
    row.next_at = now
    if is_owed:
        row.owed_since = now


def read_one(database: Database, mailbox_id: int, reader: Reader, now: datetime) -> int:
    """Read what is new in one mailbox; how many mails were new. Never raises for what a server or a network does."""
    writer = reader.writer or database
    try:
        with database.read() as session:
            task = _task(session, session.get_one(Mailbox, mailbox_id), reader.account_for)
    except Problem as problem:  # written down without a connection in hand, which whoever writes for all may need
        return _could_not(writer, mailbox_id, str(problem), now)
    new, rest = 0, False
    try:
        with reader.open_imap(task.account) as imap:
            for folder in task.folders:
                last = None
                for last in _batches(imap, folder, task, now):
                    new += _keep(writer, mailbox_id, folder, last, reader.keys, now)
                rest = rest or (last is not None and last.more)
    except ConnectionTrouble as trouble:
        return _could_not(writer, mailbox_id, trouble.note, now)
    except (OSError, imaplib.IMAP4.error, ValueError, KeyError) as error:
        return _could_not(writer, mailbox_id, refused(task.account.imap, error).note, now)
    _done(writer, mailbox_id, now, rest)
    return new


def _keep(writer: Writer, mailbox_id: int, folder: str, batch: inbox.Batch, keys: Keys, now: datetime) -> int:
    judged = incoming_keeping.judge(batch)

    def work(session: Session) -> int:
        return incoming_keeping.keep(session, session.get_one(Mailbox, mailbox_id), folder, judged, keys, now)

    reached("incoming_fetched")
    new = writer.do(in_turn(work))
    reached("incoming_kept")
    return new


def in_turn(work: Callable[[Session], T]) -> Callable[[Session], T]:
    """Work that may share its transaction with a mail's last gate, whose statements go past the session's rows: nothing
    is left unwritten before or after it, and nothing remembered.
    """

    def turn(session: Session) -> T:
        _write_all(session)
        result = work(session)
        _write_all(session)
        return result

    return turn


def _write_all(session: Session) -> None:
    session.flush()
    session.expire_all()


def _batches(imap: ImapSession, folder: str, task: _Task, now: datetime) -> Iterator[inbox.Batch]:
    """At most so many that one full folder does not keep the others waiting."""
    place = task.places.get(folder)
    if folder != "INBOX" and not imap.folder_exists(folder):
        return
    for _ in range(_MOST_BATCHES):
        batch = inbox.fetch_new(imap, folder, place, task.since, BATCH, now)
        if batch.mails or batch.place != place:
            yield batch
        place = batch.place
        if not batch.more:
            return


def schedule(session: Session, mailbox_id: int) -> MailReading:
    """The mailbox's own row of when it is read, made where there was none."""
    row = session.get(MailReading, mailbox_id)
    if row is None:
        row = MailReading(mailbox_id=mailbox_id, failures=0)
        session.add(row)
    return row


def _task(session: Session, mailbox: Mailbox, account_for: AccountFor) -> _Task:
    cursors = session.scalars(select(FolderCursor).where(FolderCursor.mailbox_id == mailbox.id))
    places = {one.folder: inbox.Place(one.uid_validity, one.last_uid) for one in cursors}
    since = (mailbox.connected_at or mailbox.created_at) - timedelta(days=1)
    folders = ("INBOX", *((mailbox.junk_folder,) if mailbox.junk_folder else ()))
    return _Task(mailbox.id, account_for(session, mailbox), folders, places, since.date())


def _done(writer: Writer, mailbox_id: int, now: datetime, rest: bool) -> None:
    def work(session: Session) -> None:
        row = schedule(session, mailbox_id)
        row.failures, row.note = 0, ""
        if rest:
            row.next_at = now
            return
        row.last_at = now
        # `now` is when the reading began: one that was under way when the address came back proves nothing.
        if row.owed_since is not None and now < row.owed_since:
            return
        row.next_at = now + BETWEEN
        if row.owed_since is not None:
            _paid(session, row, now)

    writer.do(in_turn(work))


def _could_not(writer: Writer, mailbox_id: int, note: str, now: datetime) -> int:
    def work(session: Session) -> int:
        row = schedule(session, mailbox_id)
        row.failures = (row.failures or 0) + 1
        doubled: int = 2 ** min(row.failures - 1, 10)
        row.next_at, row.note = now + min(_LONGEST_WAIT, BETWEEN * doubled), note[:500]
        if row.owed_since is not None and row.failures >= _TOLD_AFTER:
            _tell(session, session.get_one(Mailbox, mailbox_id), note, now)
        return 0

    return writer.do(in_turn(work))


def _paid(session: Session, row: MailReading, now: datetime) -> None:
    """All that came in while the address was away is read: what waited for it goes on."""
    row.owed_since = None
    alerts.clear(session, _alert(row.mailbox_id), now)
    agenda.wake_lane(session, session.scalars(_waiting_lanes(row.mailbox_id)), now)


def _waiting_lanes(mailbox_id: int) -> Select[int]:
    """The address's own lane, and the LinkedIn lanes of whom it wrote to: their steps waited for the reading as well."""
    its_leads = select(Campaign.identity_id).join(Lead, Lead.campaign_id == Campaign.id).where(Lead.mailbox_id == mailbox_id)
    of_them = and_(Lane.channel == Channel.LINKEDIN, Lane.identity_id.in_(its_leads))
    return select(Lane.id).where(or_(Lane.mailbox_id == mailbox_id, of_them))


def _tell(session: Session, mailbox: Mailbox, note: str, now: datetime) -> None:
    """It waits for nothing but this, and its connection may look well all the while."""
    alerts.raise_alert(
        session,
        AlertKind.CONNECTION,
        mailbox.address,
        "The address was connected again, but what came in meanwhile can't be read, so no mail of a campaign goes from it,"
        " nor any LinkedIn step to those it wrote to."
        f" Reading is tried again every hour; mend what its server says: {note[:300]}",
        mailbox.workspace_id,
        mailbox.identity_id,
        now,
        _alert(mailbox.id),
    )


def _alert(mailbox_id: int) -> str:
    return f"post:{mailbox_id}"

"""The partner's side of warm-up: a visit to one mailbox finds its warm-up mails, reads, answers, rescues and files them.

Every step is written down so that a visit that dies is taken up by the next: what was seen is recorded first; reading and
the answer are booked before the mail is marked and moved; a mail that was booked as read and lies nowhere any more has
been filed. The answer is an action of the ledger, so it is never given twice.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from engine import warm_up_answers, warm_up_folders
from engine.channels.effects import MailAccount
from engine.connections.imap import ImapSession
from engine.crash_points import reached
from engine.rules import warm_up as rules
from engine.warm_up_folders import Found
from engine.warm_up_recognition import Expected
from engine.warm_up_tasks import Left, Task
from storage.columns import table_of
from storage.database import Database
from storage.kinds import Landing
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import WarmUpMessage

Open = Callable[[MailAccount], AbstractContextManager[ImapSession]]


def visit(database: Database, account: MailAccount, task: Task, open_imap: Open, now: datetime) -> Left:
    """One connection, closed at the end. ConnectionTrouble when the mailbox can't be read."""
    with open_imap(account) as imap:
        in_junk = _find_in_junk(imap, task, now)
        _note(database, task.mailbox_id, _seen(in_junk, Landing.SPAM, now), [], now)
        rescued = [one for one in in_junk if task.may_rescue and _is_time(one.mail, task, now)]
        if rescued:
            warm_up_folders.move(imap, [one.uid for one in rescued], "INBOX")
            reached("warm_up_rescued")
        found = warm_up_folders.find(imap, "INBOX", task.expected, task.key, now) if task.expected else []
        ready = [one for one in found if _is_time(one.mail, task, now)]
        _note(database, task.mailbox_id, _seen(found, Landing.INBOX, now), ready, now)
        reached("warm_up_booked")
        _file(imap, ready)
        filed = (*(one.mail.id for one in ready), *_moved_before(task, [*in_junk, *found]))
        if ready:
            return Left(task.mailbox_id, filed)
        _file_copies(imap, task)
        return Left(task.mailbox_id, filed, task.copies)


def _find_in_junk(imap: ImapSession, task: Task, now: datetime) -> list[Found]:
    if not task.expected or not task.junk_folder:
        return []
    return warm_up_folders.find(imap, task.junk_folder, task.expected, task.key, now)


def _is_time(mail: Expected, task: Task, now: datetime) -> bool:
    """A person reads a while after the arrival, at work."""
    if mail.read_at is not None:
        return True
    return task.at_work and mail.seen_at is not None and now >= mail.seen_at + rules.read_after(mail.message_id)


def _seen(found: Sequence[Found], landing: Landing, now: datetime) -> list[dict[str, Any]]:
    """What is new about the mails that were found: when and where they were seen first, that they are out of Junk."""
    news = []
    for one in found:
        mail = one.mail
        is_new = mail.seen_at is None
        is_rescued = landing is Landing.INBOX and mail.landed is Landing.SPAM and mail.rescued_at is None
        is_renamed = one.message_id not in ("", mail.message_id, mail.arrived_as)
        if is_new or is_rescued or is_renamed:
            news.append(
                {
                    "mail": mail.id,
                    "seen": now if is_new else mail.seen_at,
                    "landed": landing if is_new else mail.landed,
                    "rescued": now if is_rescued else mail.rescued_at,
                    "arrived": one.message_id if is_renamed else mail.arrived_as,
                }
            )
    return news


def _note(
    database: Database, mailbox_id: int, news: Sequence[dict[str, Any]], ready: Sequence[Found], now: datetime
) -> None:
    """What was seen, that mails are read, and the answers: written before anything is done to them, if there is any."""
    unread = [one.mail for one in ready if one.mail.read_at is None]
    if not news and not unread:
        return
    with database.write() as session:
        connection = connection_of(session)
        for values in news:
            _SEE.changed(connection, values)
        if unread:
            _READ.changed(connection, {"mails": [one.id for one in unread], "now": now})
        to_answer = [one.id for one in unread if not one.is_reply and rules.wants_reply(one.message_id)]
        if to_answer:
            warm_up_answers.plan(session, mailbox_id, to_answer, now)


_SEE = Prepared(
    update(table_of(WarmUpMessage))
    .where(WarmUpMessage.id == bindparam("mail"))
    .values(
        seen_at=bindparam("seen"),
        landed=bindparam("landed"),
        rescued_at=bindparam("rescued"),
        arrived_as=bindparam("arrived"),
    )
)
_THESE = WarmUpMessage.id.in_(bindparam("mails", expanding=True))
_READ = Prepared(update(table_of(WarmUpMessage)).where(_THESE).values(read_at=bindparam("now")), "mails")


def _file(imap: ImapSession, ready: Sequence[Found]) -> None:
    if not ready:
        return
    uids = [one.uid for one in ready]
    holds = warm_up_folders.read_and_flag(imap, uids)
    reached("warm_up_flagged")
    warm_up_folders.move(imap, uids, warm_up_folders.FOLDER)
    reached("warm_up_moved")
    warm_up_folders.keep_small(imap, holds + len(ready))


def _moved_before(task: Task, found: Sequence[Found]) -> list[int]:
    """Booked as read and in neither folder: a visit before this one moved it and died before writing that down."""
    there = {one.mail.id for one in found}
    return [one.id for one in task.expected if one.read_at is not None and one.id not in there]


def _file_copies(imap: ImapSession, task: Task) -> None:
    """The sender's own copies; a host that keeps none has none to find, which is as good."""
    if not task.copies or not task.sent_folder:
        return
    uids = warm_up_folders.copies(imap, task.sent_folder, task.copies)
    if uids:
        holds = warm_up_folders.own_folder(imap)
        warm_up_folders.move(imap, uids, warm_up_folders.FOLDER)
        warm_up_folders.keep_small(imap, holds + len(uids))

"""The partner's side of warm-up: a visit to one mailbox finds its warm-up mails, reads, answers, rescues and files them.

Every step is written down so that a visit that dies is taken up by the next: what was seen is recorded first; reading and
the answer are booked before the mail is marked and moved; a mail that was booked as read and lies nowhere any more has
been filed. The answer is an action of the ledger, so it is never given twice.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from engine import situations, warm_up_folders, warm_up_planning
from engine.channels.effects import MailAccount
from engine.connections.imap import ImapSession
from engine.crash_points import reached
from engine.rules import warm_up as rules
from engine.rules.hours import window_at
from engine.warm_up_folders import Found
from engine.warm_up_pool import in_pool
from engine.warm_up_recognition import LOOK_BACK, Expected, expected_by
from storage.columns import table_of
from storage.database import Database
from storage.kinds import ActionState, Landing
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Action, Mailbox, WarmUpMember, WarmUpMessage

BETWEEN_VISITS = timedelta(minutes=10)
Open = Callable[[MailAccount], AbstractContextManager[ImapSession]]
_SENT = (ActionState.ACCEPTED, ActionState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Task:
    """What one visit is about."""

    mailbox_id: int
    junk_folder: str
    sent_folder: str
    may_rescue: bool
    at_work: bool
    expected: tuple[Expected, ...]
    copies: tuple[str, ...]  # Message-IDs of what it sent itself
    key: bytes


def due(session: Session, now: datetime, limit: int) -> list[int]:
    """The mailboxes with something to look for, the longest not visited first; one with nothing is never connected to.

    Nor is one whose identity is not at work, or in which only mails lie that were seen in Junk and must stay there.
    """
    left_in_junk = (WarmUpMessage.landed == Landing.SPAM) & WarmUpMessage.rescued_at.is_(None)
    to_read = select(WarmUpMessage.recipient_id).join(Action, Action.id == WarmUpMessage.action_id)
    to_read = to_read.outerjoin(WarmUpMember, WarmUpMember.mailbox_id == WarmUpMessage.recipient_id)
    to_read = to_read.where(
        WarmUpMessage.filed_at.is_(None),
        Action.sending_at > now - LOOK_BACK,
        or_(WarmUpMessage.landed.is_(None), ~left_in_junk, WarmUpMember.may_rescue),
    )
    to_file = select(WarmUpMessage.sender_id).join(Action, Action.id == WarmUpMessage.action_id)
    to_file = to_file.where(
        WarmUpMessage.copy_filed_at.is_(None), Action.sending_at > now - LOOK_BACK, Action.state.in_(_SENT)
    )
    looked = WarmUpMember.looked_at
    found = (
        select(Mailbox.id, Mailbox.identity_id)
        .outerjoin(WarmUpMember, WarmUpMember.mailbox_id == Mailbox.id)
        .where(in_pool(), Mailbox.id.in_(to_read.union(to_file)))
        .where(looked.is_(None) | (looked <= now - BETWEEN_VISITS))
        .order_by(looked, Mailbox.id)
    )
    rows = session.execute(found).all()
    hours = situations.working_hours(session, list({identity for _, identity in rows}), now)
    at_work = {identity for identity, its in hours.items() if window_at(its, now) is not None}
    return [mailbox_id for mailbox_id, identity in rows if identity in at_work][:limit]


def claim(session: Session, mailbox_id: int, now: datetime) -> bool:
    """Take this visit for oneself, so that two workers never stand in one mailbox; False when another has just taken it."""
    if session.get(WarmUpMember, mailbox_id) is None:
        _looked(session, mailbox_id, now)
        return True
    looked = WarmUpMember.looked_at
    free = looked.is_(None) | (looked <= now - BETWEEN_VISITS)
    claimed = update(WarmUpMember).where(WarmUpMember.mailbox_id == mailbox_id, free).values(looked_at=now, note="")
    return session.connection().execute(claimed).rowcount == 1


def task_of(session: Session, mailbox: Mailbox, key: bytes, now: datetime) -> Task:
    connection = connection_of(session)
    given = {"mailbox": mailbox.id, "since": now - LOOK_BACK}
    hours = situations.working_hours(session, [mailbox.identity_id], now)[mailbox.identity_id]
    return Task(
        mailbox.id,
        mailbox.junk_folder,
        mailbox.sent_folder,
        bool(_MAY_RESCUE.scalar(connection, {"mailbox": mailbox.id})),
        window_at(hours, now) is not None,
        tuple(expected_by(session, mailbox.id, now)),
        tuple(row.message_id for row in _COPIES.rows(connection, given)),
        key,
    )


_MAY_RESCUE = Prepared(select(WarmUpMember.may_rescue).where(WarmUpMember.mailbox_id == bindparam("mailbox")))
_COPIES = Prepared(
    select(WarmUpMessage.message_id)
    .join(Action, Action.id == WarmUpMessage.action_id)
    .where(
        WarmUpMessage.sender_id == bindparam("mailbox"),
        WarmUpMessage.copy_filed_at.is_(None),
        Action.state.in_(_SENT),
        Action.sending_at > bindparam("since"),
    )
)


def visit(database: Database, account: MailAccount, task: Task, open_imap: Open, now: datetime) -> None:
    """One connection, closed at the end. ConnectionTrouble when the mailbox can't be read."""
    with open_imap(account) as imap:
        in_junk = _find_in_junk(imap, task, now)
        _note(database, _seen(in_junk, Landing.SPAM, now), [], now)
        rescued = [one for one in in_junk if task.may_rescue and _is_time(one.mail, task, now)]
        if rescued:
            warm_up_folders.move(imap, [one.uid for one in rescued], "INBOX")
            reached("warm_up_rescued")
        found = warm_up_folders.find(imap, "INBOX", task.expected, task.key, now) if task.expected else []
        ready = [one for one in found if _is_time(one.mail, task, now)]
        _note(database, _seen(found, Landing.INBOX, now), ready, now)
        reached("warm_up_booked")
        _file(imap, ready)
        _filed(database, [*(one.mail.id for one in ready), *_moved_before(task, [*in_junk, *found])], now)
        if task.copies and not ready:
            _file_copies(database, imap, task, now)


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


def _note(database: Database, news: Sequence[dict[str, Any]], ready: Sequence[Found], now: datetime) -> None:
    """What was seen, that mails are read, and the answers: written before anything is done to them, if there is any."""
    unread = [one.mail for one in ready if one.mail.read_at is None]
    if not news and not unread:
        return
    with database.write() as session:
        connection = connection_of(session)
        for values in news:
            _SEE.changed(connection, values)
        for mail in unread:
            _READ.changed(connection, {"mail": mail.id, "now": now})
        for mail in unread:
            if not mail.is_reply and rules.wants_reply(mail.message_id):
                message = session.get_one(WarmUpMessage, mail.id)
                warm_up_planning.plan_reply(session, message, now + rules.read_after(message.token), now)


_ONE = WarmUpMessage.id == bindparam("mail")
_SEE = Prepared(
    update(table_of(WarmUpMessage))
    .where(_ONE)
    .values(
        seen_at=bindparam("seen"),
        landed=bindparam("landed"),
        rescued_at=bindparam("rescued"),
        arrived_as=bindparam("arrived"),
    )
)
_READ = Prepared(update(table_of(WarmUpMessage)).where(_ONE).values(read_at=bindparam("now")))
_FILED = Prepared(update(table_of(WarmUpMessage)).where(_ONE).values(filed_at=bindparam("now")))


def _file(imap: ImapSession, ready: Sequence[Found]) -> None:
    if not ready:
        return
    uids = [one.uid for one in ready]
    holds = warm_up_folders.own_folder(imap)
    warm_up_folders.read_and_flag(imap, uids)
    reached("warm_up_flagged")
    warm_up_folders.move(imap, uids, warm_up_folders.FOLDER)
    reached("warm_up_moved")
    warm_up_folders.keep_small(imap, holds + len(ready))


def _moved_before(task: Task, found: Sequence[Found]) -> list[int]:
    """Booked as read and in neither folder: a visit before this one moved it and died before writing that down."""
    there = {one.mail.id for one in found}
    return [one.id for one in task.expected if one.read_at is not None and one.id not in there]


def _filed(database: Database, ids: Sequence[int], now: datetime) -> None:
    if ids:
        with database.write() as session:
            for one in ids:
                _FILED.changed(connection_of(session), {"mail": one, "now": now})


def _file_copies(database: Database, imap: ImapSession, task: Task, now: datetime) -> None:
    """The sender's own copies; a host that keeps none has none to find, which is as good."""
    if task.sent_folder:
        uids = warm_up_folders.copies(imap, task.sent_folder, task.copies)
        if uids:
            holds = warm_up_folders.own_folder(imap)
            warm_up_folders.move(imap, uids, warm_up_folders.FOLDER)
            warm_up_folders.keep_small(imap, holds + len(uids))
    with database.write() as session:
        session.execute(update(WarmUpMessage).where(WarmUpMessage.message_id.in_(task.copies)).values(copy_filed_at=now))


def _looked(session: Session, mailbox_id: int, now: datetime, note: str = "") -> None:
    member = session.get(WarmUpMember, mailbox_id)
    if member is None:
        member = WarmUpMember(mailbox_id=mailbox_id, takes_part=True, may_rescue=False, language="en")
        session.add(member)
    member.looked_at, member.note = now.astimezone(UTC), note


def could_not_look(database: Database, mailbox_id: int, note: str, now: datetime) -> None:
    """Asked again at the next visit; the connection's own probe says what is wrong."""
    with database.write() as session:
        _looked(session, mailbox_id, now, note)

"""The database's side of a visit: which mailboxes want one, what a visit needs to know, and what it leaves behind."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, false, insert, literal, or_, select, true, update
from sqlalchemy.orm import Session

from engine import situations, stops
from engine.rules.hours import window_at
from engine.warm_up_pool import in_pool
from engine.warm_up_recognition import LOOK_BACK, Expected, expected_by
from storage import readings
from storage.columns import table_of
from storage.database import Glance
from storage.kinds import ActionState, Landing
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Action, Holiday, Identity, Mailbox, WarmUpMember, WarmUpMessage

BETWEEN_VISITS = timedelta(minutes=10)
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


@dataclass(frozen=True, slots=True)
class Left:
    """What is to be written down after a visit; one that is lost in a crash is found out again by the next visit."""

    mailbox_id: int
    filed: tuple[int, ...] = ()
    copies: tuple[str, ...] = ()  # Message-IDs of the own copies that were looked for
    note: str = ""  # why it could not be looked at


def due(session: Session, now: datetime, limit: int) -> list[int]:
    """The mailboxes with something to look for, the longest not visited first; one with nothing is never connected to.

    Nor is one whose identity is stopped or not at work, or in which only mails lie that were seen in Junk and must stay
    there.
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
        .where(~stops.is_stopped(Mailbox.workspace_id, Mailbox.identity_id))
        .order_by(looked, Mailbox.id)
    )
    rows = session.execute(found).all()
    hours = situations.working_hours(session, list({identity for _, identity in rows}), now)
    at_work = {identity for identity, its in hours.items() if window_at(its, now) is not None}
    return [mailbox_id for mailbox_id, identity in rows if identity in at_work][:limit]


def claim(session: Session, mailbox_id: int, now: datetime) -> Any:
    """Take this visit for oneself, so that two workers never stand in one mailbox; None when another has just taken it.

    The row of the mailbox, with its columns by name and beside them its identity's hours and what its owner allows.
    """
    connection = connection_of(session)
    asked = {"of": mailbox_id, "now": now, "free_since": now - BETWEEN_VISITS}
    if _CLAIM.changed(connection, asked) != 1 and _JOIN.changed(connection, {"of": mailbox_id, "now": now}) != 1:
        return None
    return _MAILBOX.row(connection, {"mailbox": mailbox_id})


def task_of(session: Session, mailbox: Any, key: bytes, now: datetime) -> Task:
    """`mailbox` as `claim` gives it."""
    connection = connection_of(session)
    own = readings.own_holidays(session, [mailbox.identity_id]) if mailbox.has_own_holidays else {}
    given = {"mailbox": mailbox.id, "since": now - LOOK_BACK}
    return Task(
        mailbox.id,
        mailbox.junk_folder,
        mailbox.sent_folder,
        mailbox.may_rescue,
        window_at(situations.hours_of(mailbox, own.get(mailbox.identity_id, ()), now), now) is not None,
        tuple(expected_by(session, mailbox.id, now)),
        tuple(row.message_id for row in _COPIES.rows(connection, given)),
        key,
    )


def still(glance: Glance, task: Task) -> Task | None:
    """The task as it may be done now: a Stop, a pause or a disconnection since its claim holds at once, and so does a
    rescue from Junk that is not allowed any more.
    """
    may_rescue = glance(_MAY_VISIT, {"mailbox": task.mailbox_id})
    return None if may_rescue is None else replace(task, may_rescue=bool(may_rescue))


_MAY_VISIT = Prepared(
    select(case((WarmUpMember.may_rescue, 1), else_=0).label("may_rescue"))
    .select_from(Mailbox)
    .outerjoin(WarmUpMember, WarmUpMember.mailbox_id == Mailbox.id)
    .where(Mailbox.id == bindparam("mailbox"), in_pool(), ~stops.is_stopped(Mailbox.workspace_id, Mailbox.identity_id))
)
_CLAIM = Prepared(
    update(table_of(WarmUpMember))
    .where(
        WarmUpMember.mailbox_id == bindparam("of"),
        WarmUpMember.looked_at.is_(None) | (WarmUpMember.looked_at <= bindparam("free_since")),
    )
    .values(looked_at=bindparam("now"), note="")
)
_JOIN = Prepared(
    insert(table_of(WarmUpMember)).from_select(
        ["mailbox_id", "takes_part", "may_rescue", "language", "looked_at", "note"],
        select(
            Mailbox.id, true(), false(), literal("en"), bindparam("now", type_=WarmUpMember.looked_at.type), literal("")
        ).where(
            Mailbox.id == bindparam("of"),
            ~select(WarmUpMember.mailbox_id).where(WarmUpMember.mailbox_id == Mailbox.id).exists(),
        ),
    )
)
_MAILBOX = Prepared(
    select(
        *Mailbox.__table__.columns,
        *situations.HOURS,
        WarmUpMember.may_rescue,
        select(Holiday.identity_id).where(Holiday.identity_id == Identity.id).exists().label("has_own_holidays"),
    )
    .join(Identity, Identity.id == Mailbox.identity_id)
    .join(WarmUpMember, WarmUpMember.mailbox_id == Mailbox.id)
    .where(Mailbox.id == bindparam("mailbox"))
)
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


def write_down(session: Session, left: Left, now: datetime) -> None:
    """Where it could not be looked at, the connection's own probe says what is wrong; it is asked again next time."""
    connection = connection_of(session)
    if left.filed:
        _FILED.changed(connection, {"mails": left.filed, "now": now})
    if left.copies:
        _COPIES_FILED.changed(connection, {"ids": left.copies, "now": now})
    if left.note:
        _NOTE.changed(connection, {"of": left.mailbox_id, "now": now, "why": left.note})


_FILED = Prepared(
    update(table_of(WarmUpMessage))
    .where(WarmUpMessage.id.in_(bindparam("mails", expanding=True)))
    .values(filed_at=bindparam("now")),
    "mails",
)
_COPIES_FILED = Prepared(
    update(table_of(WarmUpMessage))
    .where(WarmUpMessage.message_id.in_(bindparam("ids", expanding=True)))
    .values(copy_filed_at=bindparam("now")),
    "ids",
)
_NOTE = Prepared(
    update(table_of(WarmUpMember))
    .where(WarmUpMember.mailbox_id == bindparam("of"))
    .values(looked_at=bindparam("now"), note=bindparam("why"))
)

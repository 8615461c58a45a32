"""Answers to warm-up mails that were read: an action of the reader's own lane, in the mail's thread, once whatever happens.

A third of all mails is answered, so these are statements of the hot path: one reads all that a reader's answers share.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session, aliased

from engine import agenda, limits, warm_up_planning
from engine.rules import warm_up as rules
from storage import ledger
from storage.columns import table_of
from storage.kinds import ActionKind
from storage.ledger import Note, connection_of
from storage.prepared import Prepared
from storage.tables import Identity, Installation, Lane, Mailbox, WarmUp, WarmUpMessage


def plan(session: Session, mailbox_id: int, mail_ids: Sequence[int], now: datetime) -> None:
    """Answer these mails to the mailbox, each a while after `now`; one that has its answer, or whose reader's own warm-up
    is paused, gets none."""
    connection = connection_of(session)
    reader = _READER.row(connection, {"mailbox": mailbox_id})
    if not mail_ids or reader.paused_at is not None:
        return
    lane_id = reader.lane_id or _open_lane(session, mailbox_id, now)
    if reader.warm_up_id is None:
        warm_up_planning.set_limit(session, lane_id, rules.HELP_A_DAY, "answers to warm-up mail", now)
    for mail in _UNANSWERED.rows(connection, {"mails": list(mail_ids)}):
        _answer(session, reader, lane_id, mail, now)


def _answer(session: Session, reader: Any, lane_id: int, mail: Any, now: datetime) -> None:
    due = now + rules.read_after(mail.token)
    day = due.astimezone(ZoneInfo(reader.zone)).date()
    letter = warm_up_planning.drawn(reader.mark, reader.id, reader.address, mail.sender_id, mail.token, day)
    action = {
        "workspace_id": reader.workspace_id,
        "identity_id": reader.identity_id,
        "lane_id": lane_id,
        "kind": ActionKind.WARM_UP_MAIL,
        "due_at": due,
        "created_at": now,
        "message_id": letter.message_id,
    }
    action_id = ledger.plan_one(session, action, Note(now, day, "worker"))
    if action_id is None:
        return
    message = {
        "action_id": action_id,
        "warm_up_id": reader.warm_up_id,
        "sender_id": reader.id,
        "recipient_id": mail.sender_id,
        "answers_id": mail.id,
        "planned_day": day,
        "message_id": letter.message_id,
        "token": mail.token,
        "subject": mail.subject if mail.subject.startswith("Re: ") else f"Re: {mail.subject}",
        "text_number": letter.text_number,
        "language": mail.language,
    }
    _WRITE.changed(connection_of(session), message)
    agenda.wake_lane(session, [lane_id], due)


def _open_lane(session: Session, mailbox_id: int, now: datetime) -> int:
    return limits.open_mailbox_lane(session, session.get_one(Mailbox, mailbox_id), now, None).id


_READER = Prepared(
    select(
        Mailbox.id,
        Mailbox.address,
        Mailbox.workspace_id,
        Mailbox.identity_id,
        Identity.zone,
        Lane.id.label("lane_id"),
        WarmUp.id.label("warm_up_id"),
        WarmUp.paused_at,
        Installation.mark,
    )
    .join(Identity, Identity.id == Mailbox.identity_id)
    .outerjoin(Lane, Lane.mailbox_id == Mailbox.id)
    .outerjoin(WarmUp, (WarmUp.mailbox_id == Mailbox.id) & WarmUp.stopped_at.is_(None))
    .outerjoin(Installation, Installation.id == 1)
    .where(Mailbox.id == bindparam("mailbox"))
)
_ANSWER = aliased(WarmUpMessage)
_UNANSWERED = Prepared(
    select(
        WarmUpMessage.id,
        WarmUpMessage.sender_id,
        WarmUpMessage.token,
        WarmUpMessage.subject,
        WarmUpMessage.language,
    )
    .where(
        WarmUpMessage.id.in_(bindparam("mails", expanding=True)),
        ~select(_ANSWER.id).where(_ANSWER.answers_id == WarmUpMessage.id).exists(),
    )
    .order_by(WarmUpMessage.id),
    "mails",
)
_WRITE = Prepared(insert(table_of(WarmUpMessage)))

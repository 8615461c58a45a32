"""The mails of a warm-up's day, planned once in the ledger; paused when something is wrong, going on when it is right.

A day of the plan begins with the first look inside the identity's hours. Asking again plans nothing twice: the date
planned last stands in the warm-up's row and changes in the transaction that plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import agenda, limits, situations, warm_up_alerts, warm_up_pool, warm_up_texts
from engine.entries import entries_of
from engine.rules import warm_up as rules
from engine.rules.facts import WorkingHours
from engine.rules.pacing import work_day_at
from storage.columns import table_of
from storage.kinds import OPEN_STATES, ActionKind, ActionState, QuotaClock, Reason, WarmUpPause
from storage.ledger import Entry, Note, connection_of, move, plan
from storage.prepared import Prepared
from storage.tables import Action, Installation, Lane, LimitSetting, Mailbox, QuotaUse, WarmUp, WarmUpMessage


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a hash decides about a mail."""

    message_id: str
    text_number: int


def plan_day(session: Session, warm_up: WarmUp, now: datetime) -> int:
    """Plan today's mails if that was not done and the identity works today; says how many."""
    if warm_up.paused_at is not None or warm_up.stopped_at is not None:
        return 0
    mailbox = session.get_one(Mailbox, warm_up.mailbox_id)
    hours = situations.working_hours(session, [mailbox.identity_id], now)[mailbox.identity_id]
    today = _work_day(hours, now)
    if today is None or warm_up.planned_on == today:
        return 0
    _end_day_before(session, warm_up, now)
    before = warm_up.planned_on
    warm_up.day += warm_up.planned_on is not None
    warm_up.planned_on = today
    return _fill(session, warm_up, mailbox, today, before, now)


def hold(session: Session, warm_up: WarmUp, pause: WarmUpPause, note: str, now: datetime) -> None:
    """Send nothing of it from this commit on; the day is kept."""
    warm_up.paused_at, warm_up.pause, warm_up.pause_note = now, pause, note
    cancel_open(session, warm_up.mailbox_id, "worker", now)


def go_on(session: Session, warm_up: WarmUp, now: datetime) -> None:
    """End the pause: the day it was on begins anew, or after a long pause an earlier one."""
    if warm_up.paused_at is not None:
        warm_up.day = rules.day_after_pause(warm_up.day, now - warm_up.paused_at)
    warm_up.paused_at, warm_up.pause, warm_up.pause_note = None, None, ""
    warm_up.planned_on, warm_up.resumed_at = None, now
    warm_up_alerts.went_on(session, warm_up, now)
    plan_day(session, warm_up, now)


def cancel_open(session: Session, mailbox_id: int, actor: str, now: datetime, reason: Reason = Reason.WARM_UP_HELD) -> None:
    """Every planned warm-up mail of the address ends; what is being sent at this moment ends by itself."""
    _cancel(session, _open_mails(session, mailbox_id), reason, actor, now)


def end_limit(session: Session, mailbox_id: int, now: datetime) -> None:
    """After a stop nothing of it may be sent; a later answer to another's warm-up mail sets its own limit."""
    for lane_id in session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox_id)).all():
        set_limit(session, lane_id, 0, "the warm-up was stopped", now)


def _fill(session: Session, warm_up: WarmUp, mailbox: Mailbox, today: date, before: date | None, now: datetime) -> int:
    partners = _partners(session, warm_up, mailbox, today, before)
    target = rules.target(warm_up.preset, warm_up.day, mailbox.address, today, len(partners))
    warm_up.target, warm_up.shrunk = target.mails, target.sentence
    lane = limits.open_mailbox_lane(session, mailbox, now, None)
    set_limit(session, lane.id, target.mails, f"day {warm_up.day} of the warm-up", now)
    replies = len(_open_mails(session, mailbox.id))
    number = rules.openers(max(0, target.mails - _used(session, lane.id, today)), replies)
    language = warm_up_pool.language_of(session, mailbox.id)
    messages: list[WarmUpMessage] = []
    for partner_id in rules.choose(mailbox.address, partners, number, today):
        token = _token(session, mailbox.id, partner_id, [each.token for each in messages])
        message = _message(session, mailbox.id, partner_id, token, warm_up.id, today)
        message.language = language
        message.subject = warm_up_texts.subject(language, message.text_number, token)
        messages.append(message)
    _book(session, lane, messages, now, now)
    return len(messages)


def _message(
    session: Session, sender_id: int, recipient_id: int, token: str, warm_up_id: int | None, day: date
) -> WarmUpMessage:
    mark = session.scalar(select(Installation.mark))
    address = session.get_one(Mailbox, sender_id).address
    letter = drawn(mark, sender_id, address, recipient_id, token, day)
    return WarmUpMessage(
        warm_up_id=warm_up_id,
        sender_id=sender_id,
        recipient_id=recipient_id,
        planned_day=day,
        message_id=letter.message_id,
        token=token,
        text_number=letter.text_number,
    )


def drawn(mark: str | None, sender_id: int, address: str, recipient_id: int, token: str, day: date) -> Drawn:
    """The Message-ID and the text of a mail, the same whenever it is planned again."""
    number = uuid5(NAMESPACE_URL, f"{mark or '-'}|warm-up|{sender_id}|{recipient_id}|{token}|{day.isoformat()}")
    return Drawn(f"<{number}@{rules.domain_of(address)}>", number.int % 64)


def _token(session: Session, sender_id: int, recipient_id: int, taken_now: Sequence[str]) -> str:
    """Two words that no mail between these two has had, in either direction."""
    pair = (sender_id, recipient_id)
    known = select(WarmUpMessage.token).where(WarmUpMessage.sender_id.in_(pair), WarmUpMessage.recipient_id.in_(pair))
    used = {*session.scalars(known), *taken_now}
    first = uuid5(NAMESPACE_URL, f"{sender_id}|{recipient_id}|{len(used)}").int
    every = (warm_up_texts.token(first + step) for step in range(warm_up_texts.TOKENS))
    return next((token for token in every if token not in used), warm_up_texts.token(first))


def _book(session: Session, lane: Lane, messages: Sequence[WarmUpMessage], due: datetime, now: datetime) -> None:
    """Plan the actions and, beside each, its mail; a Message-ID that is planned already is left alone."""
    if not messages:
        return
    fixed = {
        "workspace_id": lane.workspace_id,
        "identity_id": lane.identity_id,
        "lane_id": lane.id,
        "kind": ActionKind.WARM_UP_MAIL,
        "state": ActionState.PLANNED,
        "due_at": due,
        "created_at": now,
    }
    plan(
        session, [{**fixed, "message_id": one.message_id} for one in messages], Note(now, messages[0].planned_day, "worker")
    )
    wanted = [one.message_id for one in messages]
    ids = dict(session.execute(select(Action.message_id, Action.id).where(Action.message_id.in_(wanted))).all())
    for message in messages:
        message.action_id = ids[message.message_id]
    session.add_all(messages)
    session.flush()
    agenda.wake_lane(session, [lane.id], due)


def _partners(session: Session, warm_up: WarmUp, mailbox: Mailbox, today: date, before: date | None) -> list[rules.Partner]:
    others = session.scalars(warm_up_pool.others(session, mailbox)).all()
    gets = dict(
        session.execute(
            select(WarmUpMessage.recipient_id, func.count())
            .where(WarmUpMessage.planned_day == today, WarmUpMessage.recipient_id.in_([one.id for one in others]))
            .group_by(WarmUpMessage.recipient_id)
        ).all()
    )
    days = [day for day in (before, today) if day is not None]
    wrote = select(WarmUpMessage.recipient_id).where(
        WarmUpMessage.sender_id == mailbox.id, WarmUpMessage.planned_day.in_(days), WarmUpMessage.answers_id.is_(None)
    )
    resting = set(session.scalars(wrote))
    return [rules.Partner(one.id, one.address, gets.get(one.id, 0), one.id in resting) for one in others]


def set_limit(session: Session, lane_id: int, value: int, why: str, now: datetime) -> None:
    """The day's limit, which the ledger itself keeps; it is of its own kind, so campaigns' quota is untouched."""
    found = limits.limits_of(session, [lane_id], now).get(lane_id, ())
    kind, clock = ActionKind.WARM_UP_MAIL, QuotaClock.LOCAL_DAY
    if next((one.value for one in found if (one.kind, one.clock) == (kind, clock)), None) == value:
        return
    values = {"lane_id": lane_id, "kind": kind, "clock": clock, "value": value, "since": now, "why": why}
    _SET_LIMIT.changed(connection_of(session), values)


_SET_LIMIT = Prepared(insert(table_of(LimitSetting)))


def _used(session: Session, lane_id: int, today: date) -> int:
    return (
        session.scalar(
            select(QuotaUse.used).where(
                QuotaUse.lane_id == lane_id, QuotaUse.kind == ActionKind.WARM_UP_MAIL, QuotaUse.local_day == today
            )
        )
        or 0
    )


def _end_day_before(session: Session, warm_up: WarmUp, now: datetime) -> None:
    """Yesterday's mails that did not fit are not caught up on; answers are still given."""
    replies = select(WarmUpMessage.action_id).where(
        WarmUpMessage.sender_id == warm_up.mailbox_id, WarmUpMessage.answers_id.is_not(None)
    )
    answers = set(session.scalars(replies))
    late = [entry for entry in _open_mails(session, warm_up.mailbox_id) if entry.id not in answers]
    _cancel(session, late, Reason.WARM_UP_DAY_OVER, "worker", now)


def _open_mails(session: Session, mailbox_id: int) -> list[Entry]:
    lanes = session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox_id)).all()
    found = entries_of(session, lane_ids=lanes, states=OPEN_STATES)
    return [entry for entry in found if entry.kind is ActionKind.WARM_UP_MAIL]


def _cancel(session: Session, entries: Sequence[Entry], reason: Reason, actor: str, now: datetime) -> None:
    for entry in entries:
        day = now.astimezone(ZoneInfo(entry.zone)).date()
        move(session, entry, ActionState.CANCELLED, Note(now, day, actor, reason))


def _work_day(hours: WorkingHours, now: datetime) -> date | None:
    """Today's local date when some of its working time is still to come and has begun or begins today."""
    work = work_day_at(hours, now)
    today = now.astimezone(hours.zone).date()
    return today if work is not None and work.day == today and now < work.ends - timedelta(minutes=1) else None

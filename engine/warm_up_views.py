"""What an address's card shows of its warm-up: the day, where mails landed, why not now, the end and the cost."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import situations, warm_up_locks
from engine.desk import Desk, use_case
from engine.rules import warm_up as rules
from engine.rules.facts import Refuse, Run, Wait
from engine.rules.permit import permit
from engine.warm_up_figures import SENT, Figures, figures_of
from storage.kinds import OPEN_STATES, ActionKind, Landing, Permission, Provider, WarmUpPause
from storage.tables import Action, Identity, Lane, Mailbox, WarmUp, WarmUpMessage

ADVICE = "Ask everyone who reads this mailbox not to mark warm-up mails as spam; they file themselves into “Warm-up”."
ADVICE_FOR_MANY = ADVICE.replace("this mailbox", "these mailboxes")


@dataclass(frozen=True, slots=True)
class DayDone:
    """One local date: the plan's figure and what went out."""

    day: date
    planned: int
    sent: int


@dataclass(frozen=True, slots=True)
class Landed:
    """Where one provider put the mails of one date."""

    provider: Provider
    day: date
    inbox: int
    spam: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A warm-up that has not been stopped."""

    address: str
    day: int
    paused_at: datetime | None
    pause: WarmUpPause | None
    pause_note: str
    target: int
    shrunk: str
    figures: Figures
    next_mail: str
    next_at: datetime | None
    planned_end: date | None
    price_cents: int
    days: tuple[DayDone, ...]
    landed: tuple[Landed, ...]

    @property
    def is_complete(self) -> bool:
        return self.day > rules.DAYS

    @property
    def day_of(self) -> str:
        return rules.day_of(self.day)


@use_case(needs=Permission.READ, reads=True)
def progress(desk: Desk, mailbox_id: int) -> Progress | None:
    """The warm-up of one address; None when none runs."""
    warm_up = desk.session.scalar(select(WarmUp).where(WarmUp.mailbox_id == mailbox_id, WarmUp.stopped_at.is_(None)))
    return _progress(desk.session, warm_up, desk.now) if warm_up is not None else None


def _progress(session: Session, warm_up: WarmUp, now: datetime) -> Progress:
    mailbox = session.get_one(Mailbox, warm_up.mailbox_id)
    zone = ZoneInfo(session.get_one(Identity, mailbox.identity_id).zone)
    today = now.astimezone(zone).date()
    words, at = _next_mail(session, mailbox.id, now)
    return Progress(
        mailbox.address,
        warm_up.day,
        warm_up.paused_at,
        warm_up.pause,
        warm_up.pause_note,
        warm_up.target if warm_up.planned_on == today else 0,
        warm_up.shrunk,
        figures_of(session, [warm_up], {mailbox.id: today}, now)[warm_up.id],
        warm_up.pause_note if warm_up.paused_at is not None else words,
        None if warm_up.paused_at is not None else at,
        warm_up_locks.planned_end(session, warm_up, mailbox, now),
        warm_up.price_cents,
        _days(warm_up, mailbox.address, _sent_by_day(session, warm_up, zone)),
        tuple(_landed(session, warm_up)),
    )


def _sent_by_day(session: Session, warm_up: WarmUp, zone: ZoneInfo) -> Counter[date]:
    times = session.scalars(
        select(Action.sending_at)
        .join(WarmUpMessage, WarmUpMessage.action_id == Action.id)
        .where(WarmUpMessage.warm_up_id == warm_up.id, Action.state.in_(SENT))
    )
    return Counter(at.astimezone(zone).date() for at in times if at is not None)


def _landed(session: Session, warm_up: WarmUp) -> list[Landed]:
    """By the provider of the partner; never by its address, which may be another client's."""
    rows = session.execute(
        select(Mailbox.provider, WarmUpMessage.planned_day, WarmUpMessage.landed, func.count())
        .join(Mailbox, Mailbox.id == WarmUpMessage.recipient_id)
        .where(WarmUpMessage.warm_up_id == warm_up.id, WarmUpMessage.seen_at.is_not(None))
        .group_by(Mailbox.provider, WarmUpMessage.planned_day, WarmUpMessage.landed)
    ).all()
    counted = {(provider, day, landed): number for provider, day, landed, number in rows}
    places = sorted({(day, provider) for provider, day, _ in counted}, reverse=True)
    return [
        Landed(provider, day, counted.get((provider, day, Landing.INBOX), 0), counted.get((provider, day, Landing.SPAM), 0))
        for day, provider in places
    ]


def _days(warm_up: WarmUp, address: str, sent: Counter[date]) -> tuple[DayDone, ...]:
    """What was done, day by day, and the rest of the plan after it."""
    known = sorted(sent)
    done = [DayDone(day, rules.varied(warm_up.preset, turn, address, day), sent[day]) for turn, day in enumerate(known, 1)]
    last = known[-1] if known else warm_up.started_at.date()
    rest = range(len(known) + 1, rules.DAYS + 1)
    ahead = [
        DayDone(last + timedelta(days=step), rules.planned(warm_up.preset, turn), 0) for step, turn in enumerate(rest, 1)
    ]
    return (*done, *ahead)


def _next_mail(session: Session, mailbox_id: int, now: datetime) -> tuple[str, datetime | None]:
    """When the next one goes and why not now, by the same decision that sends it."""
    head = session.scalar(
        select(Action.id)
        .join(Lane, Lane.id == Action.lane_id)
        .where(Lane.mailbox_id == mailbox_id, Action.kind == ActionKind.WARM_UP_MAIL, Action.state.in_(OPEN_STATES))
        .order_by(Action.due_at)
        .limit(1)
    )
    if head is None:
        return "Today's mails are done; the next day of the plan begins with the identity's next working day.", None
    verdict = permit(situations.gather(session, [head], now)[head], now)
    if isinstance(verdict, Run):
        return "Next mail: now.", None
    assert isinstance(verdict, Wait | Refuse)
    return verdict.reason.sentence, verdict.until if isinstance(verdict, Wait) else None

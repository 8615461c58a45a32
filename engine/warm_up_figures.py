"""The figures of running warm-ups, counted for many at once: sent today, where mails landed, replies, rescues."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from storage.kinds import ActionKind, ActionState, Landing
from storage.tables import Action, Lane, QuotaUse, WarmUp, WarmUpCampaign, WarmUpMessage

LEAST_SAMPLE = 20
_WEEK = timedelta(days=7)
SENT = (ActionState.ACCEPTED, ActionState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Health:
    """Where the mails of the last seven days were seen."""

    inbox: int = 0
    spam: int = 0

    @property
    def seen(self) -> int:
        return self.inbox + self.spam

    @property
    def share(self) -> float | None:
        """Of the inbox; None when too few were seen to say."""
        return self.inbox / self.seen if self.seen >= LEAST_SAMPLE else None

    @property
    def sentence(self) -> str:
        if self.share is None:
            return f"inbox or spam: too few to say ({self.seen} of {LEAST_SAMPLE} mails seen in 7 days)"
        return f"inbox {self.share:.0%} · spam {1 - self.share:.0%} (7 days, {self.seen} mails)"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one warm-up since it began, but `sent_today` and `health`."""

    sent_today: int
    health: Health
    replies: int
    rescued: int
    held: int  # campaigns it keeps paused


def figures_of(session: Session, warm_ups: Sequence[WarmUp], today: dict[int, date], now: datetime) -> dict[int, Figures]:
    """By the warm-up's id; `today` is the identity's local date by the address's id."""
    ids = [one.id for one in warm_ups]
    sent = _sent_today(session, today)
    landed, replies = _landed(session, ids, now - _WEEK), _replies(session, ids)
    rescued, held = _rescued(session, ids), _held(session, ids)
    return {
        one.id: Figures(
            sent.get(one.mailbox_id, 0),
            Health(landed.get((one.id, Landing.INBOX), 0), landed.get((one.id, Landing.SPAM), 0)),
            replies.get(one.id, 0),
            rescued.get(one.id, 0),
            held.get(one.id, 0),
        )
        for one in warm_ups
    }


def _sent_today(session: Session, today: dict[int, date]) -> dict[int, int]:
    rows = session.execute(
        select(Lane.mailbox_id, QuotaUse.local_day, QuotaUse.used)
        .join(QuotaUse, QuotaUse.lane_id == Lane.id)
        .where(
            Lane.mailbox_id.in_(today),
            QuotaUse.kind == ActionKind.WARM_UP_MAIL,
            QuotaUse.local_day.in_(set(today.values())),
        )
    )
    return {box: used for box, day, used in rows if box is not None and today[box] == day}


def _landed(session: Session, ids: Iterable[int], since: datetime) -> dict[tuple[int, Landing], int]:
    rows = session.execute(
        select(WarmUpMessage.warm_up_id, WarmUpMessage.landed, func.count())
        .where(WarmUpMessage.warm_up_id.in_(ids), WarmUpMessage.seen_at > since)
        .group_by(WarmUpMessage.warm_up_id, WarmUpMessage.landed)
    )
    return {(warm_up, landed): number for warm_up, landed, number in rows if warm_up is not None and landed is not None}


def _replies(session: Session, ids: Iterable[int]) -> dict[int, int]:
    """The answers of its partners."""
    answered = aliased(WarmUpMessage)
    rows = session.execute(
        select(answered.warm_up_id, func.count())
        .join(WarmUpMessage, WarmUpMessage.answers_id == answered.id)
        .join(Action, Action.id == WarmUpMessage.action_id)
        .where(answered.warm_up_id.in_(ids), Action.state.in_(SENT))
        .group_by(answered.warm_up_id)
    )
    return {warm_up: number for warm_up, number in rows if warm_up is not None}


def _rescued(session: Session, ids: Iterable[int]) -> dict[int, int]:
    rows = session.execute(
        select(WarmUpMessage.warm_up_id, func.count())
        .where(WarmUpMessage.warm_up_id.in_(ids), WarmUpMessage.rescued_at.is_not(None))
        .group_by(WarmUpMessage.warm_up_id)
    )
    return {warm_up: number for warm_up, number in rows if warm_up is not None}


def _held(session: Session, ids: Iterable[int]) -> dict[int, int]:
    rows = session.execute(
        select(WarmUpCampaign.warm_up_id, func.count())
        .where(WarmUpCampaign.warm_up_id.in_(ids), WarmUpCampaign.resumed_at.is_(None))
        .group_by(WarmUpCampaign.warm_up_id)
    )
    return dict(rows.all())

"""People are told when a warm-up's plan is complete or a refused mail pauses it, and no longer once that is over."""

from datetime import datetime

from sqlalchemy.orm import Session

from engine import alerts
from engine.rules.warm_up import DAYS
from storage.kinds import AlertKind
from storage.tables import Mailbox, WarmUp


def plan_completed(session: Session, warm_up: WarmUp, mailbox: Mailbox, now: datetime) -> None:
    sentence = (
        f"The warm-up of {mailbox.address} has done its {DAYS} days. It goes on until somebody stops it, which brings its"
        " campaigns back."
    )
    _raise(session, f"warm-up-complete:{warm_up.id}", sentence, mailbox, now)


def paused(session: Session, warm_up: WarmUp, mailbox: Mailbox, now: datetime) -> None:
    """By a refused mail; a lost connection has an alert of its own."""
    sentence = f"The warm-up of {mailbox.address} is paused: {warm_up.pause_note}"
    _raise(session, f"warm-up-paused:{warm_up.id}", sentence, mailbox, now)


def went_on(session: Session, warm_up: WarmUp, now: datetime) -> None:
    alerts.clear(session, f"warm-up-paused:{warm_up.id}", now)


def ended(session: Session, warm_up: WarmUp, now: datetime) -> None:
    went_on(session, warm_up, now)
    alerts.clear(session, f"warm-up-complete:{warm_up.id}", now)


def _raise(session: Session, key: str, sentence: str, mailbox: Mailbox, now: datetime) -> None:
    where = (mailbox.workspace_id, mailbox.identity_id)
    alerts.raise_alert(session, AlertKind.WARM_UP, mailbox.address, sentence, *where, now, key)

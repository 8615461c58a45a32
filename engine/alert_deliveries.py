"""Delivering what is to be told: claimed by one worker, sent outside any transaction, tried again with growing waits.

A telling may reach somebody twice when a worker dies in between, never silently not at all: a mail keeps its Message-ID and
a post its number, so that the second one can be recognised.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import alert_mail, alert_tellings, webhooks
from engine.alert_mail import Outgoing
from engine.alert_texts import Told
from engine.connections.network import NetworkGuard
from engine.connections.webhook import Call, post
from engine.desk import Problem
from engine.networks import network_guard
from storage.database import Database
from storage.kinds import DeliveryState
from storage.tables import Alert, AlertDelivery, Identity, User, Workspace
from storage.vault import Vault, VaultError

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 4 * 60, 12 * 60))
_CLAIM = timedelta(minutes=5)
_MOST, _AT_ONCE = 50, 4


@dataclass(frozen=True, slots=True)
class Post:
    """What deliveries need beside the database; `panel` is the address of the panel, `ca_file` replaces the usual CAs."""

    vault: Vault = field(repr=False)
    panel: str
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one attempt."""

    state: DeliveryState
    note: str


@dataclass(frozen=True, slots=True)
class _Task:
    attempt: int
    network: NetworkGuard
    way: Outgoing | Call


def deliver_due(database: Database, with_what: Post, now: Callable[[], datetime], most: int = _MOST) -> int:
    """Make the attempts whose time has come; says how many were made."""
    with database.read() as session:
        due = _due(session, now())[:most]
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a webhook that hangs must not keep the mails waiting
        return sum(pool.map(lambda each: _attempt(database, with_what, each, now), due))


def _due(session: Session, now: datetime) -> list[int]:
    waiting = select(AlertDelivery.id).where(AlertDelivery.state == DeliveryState.WAITING, AlertDelivery.next_at <= now)
    return list(session.scalars(waiting.order_by(AlertDelivery.next_at, AlertDelivery.id)))


def _attempt(database: Database, with_what: Post, delivery_id: int, now: Callable[[], datetime]) -> bool:
    with database.write() as session:
        task = _claim(session, with_what, delivery_id, now())
    if task is None:
        return False
    came = _send(task, with_what, now())
    with database.write() as session:
        _record(session.get_one(AlertDelivery, delivery_id), task.attempt, came, now())
    return True


def _claim(session: Session, with_what: Post, delivery_id: int, now: datetime) -> _Task | None:
    claimed = session.scalar(
        update(AlertDelivery)
        .where(
            AlertDelivery.id == delivery_id,
            AlertDelivery.state == DeliveryState.WAITING,
            AlertDelivery.next_at <= now,
        )
        .values(next_at=now + _CLAIM, attempts=AlertDelivery.attempts + 1)
        .returning(AlertDelivery.attempts)
    )
    if claimed is None:
        return None
    row = session.get_one(AlertDelivery, delivery_id)
    alert = session.get_one(Alert, row.alert_id)
    try:
        way = _way(session, with_what, row, alert, now)
    except (Problem, VaultError) as problem:  # the setting can't be used: a person has to mend it
        _record(row, claimed, Came(DeliveryState.WAITING, str(problem)), now)
        return None
    if isinstance(way, str):
        row.state, row.done_at, row.note = DeliveryState.DROPPED, now, way
        return None
    return _Task(claimed, network_guard(session), way)


def _way(session: Session, with_what: Post, row: AlertDelivery, alert: Alert, now: datetime) -> Outgoing | Call | str:
    """The mail or the post; why not, in a sentence, where nobody is to be told any more."""
    if alert.cleared_at is not None:
        return "It was over before it was told."
    if not alert_tellings.is_wanted(session, alert, row.user_id):
        return "Whom it was for is no longer told of this."
    told = told_of(session, alert, with_what.panel)
    if row.user_id is None:
        return webhooks.call(session, with_what.vault, told, now)
    user = session.get_one(User, row.user_id)
    return alert_mail.outgoing(session, with_what.vault, user.email, told, f"{alert.id}.{user.id}")


def told_of(session: Session, alert: Alert, panel: str) -> Told:
    identity = session.get(Identity, alert.identity_id) if alert.identity_id is not None else None
    return Told(
        f"alert-{alert.id}",
        alert.kind,
        alert.subject,
        alert.sentence,
        alert.workspace_id,
        session.get_one(Workspace, alert.workspace_id).name,
        alert.identity_id,
        identity.name if identity is not None else "",
        alert.at,
        f"{panel}/alerts?w={alert.workspace_id}",
    )


def _send(task: _Task, with_what: Post, now: datetime) -> Came:
    if isinstance(task.way, Outgoing):
        note = alert_mail.send(task.way, task.network, now, with_what.ca_file)
        return Came(DeliveryState.WAITING if note else DeliveryState.DELIVERED, note)
    answer = post(task.way, task.network, with_what.ca_file)
    if answer.is_good:
        return Came(DeliveryState.DELIVERED, answer.sentence)
    return Came(DeliveryState.GIVEN_UP if answer.is_gone else DeliveryState.WAITING, answer.sentence)


def _record(row: AlertDelivery, attempt: int, came: Came, now: datetime) -> None:
    row.note, row.state = came.note, came.state
    if came.state is DeliveryState.WAITING and attempt > len(WAITS):
        row.state = DeliveryState.GIVEN_UP
    if row.state is DeliveryState.WAITING:
        row.next_at = now + WAITS[attempt - 1]
    else:
        row.done_at = now

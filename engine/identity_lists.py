"""Finding identities: the sidebar's search and the dashboard's pages, filtered and counted in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, text, true
from sqlalchemy.orm import Session

from engine.desk import Desk, use_case
from engine.standing import Standing, standings
from storage.kinds import MAILBOX_NEEDS, ActionState, LinkedInState, MailboxState, Permission, StopScope, WarmUpPause
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import UNSETTLED, Action, Identity, Lane, Mailbox, Photo, Stop, WarmUp

PAGE = 25
RECENTLY = timedelta(minutes=15)  # a usual gap between two mails is ten
_LINKEDIN_NEEDS = (
    LinkedInState.CODE_NEEDED,
    LinkedInState.APPROVE_IN_APP,
    LinkedInState.CAPTCHA,
    LinkedInState.LOGGED_OUT,
    LinkedInState.RESTRICTED,
)
_CONNECTED = (MailboxState.OK, MailboxState.DEGRADED)


class Narrowing(StrEnum):
    """The one filter beside the search; the value is what the URL holds.

    Acting, waiting and stopped exclude each other; an identity with nothing planned is none of them.
    """

    ACTING = "acting"
    WAITING = "waiting"
    CONNECTED = "connected"
    NEEDS_ATTENTION = "needs_attention"
    WARMING_UP = "warming_up"
    STOPPED = "stopped"
    NOT_CONNECTED = "not_connected"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the search box."""

    id: int
    name: str
    job_title: str


@dataclass(frozen=True, slots=True)
class AddressLine:
    """One address of a card."""

    mailbox_id: int
    address: str
    state: MailboxState
    paused: bool
    warm_up_day: int | None  # of the plan; None when it does not warm up
    warm_up_pause: WarmUpPause | None


@dataclass(frozen=True, slots=True)
class Card:
    """One identity of the dashboard; `face_changed_at` is None without a photo."""

    id: int
    name: str
    job_title: str
    zone: str
    linkedin_state: LinkedInState
    addresses: tuple[AddressLine, ...]
    standing: Standing | None
    stopped: bool
    face_changed_at: datetime | None

    @property
    def warming(self) -> AddressLine | None:
        """The address whose warm-up is at the earliest day."""
        running = [line for line in self.addresses if line.warm_up_day is not None]
        return min(running, key=lambda line: line.warm_up_day or 0, default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """`number` counts from 1 and is the last page when a later one was asked for; `total` is of the filtered list."""

    cards: tuple[Card, ...]
    number: int
    total: int
    size: int = PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)


@use_case(needs=Permission.READ, reads=True)
def search(desk: Desk, text: str, limit: int = 8) -> tuple[Found, ...]:
    """The first identities whose name, e-mail or address contains every word of the text."""
    if not text.strip():
        return ()
    rows = desk.session.scalars(
        select(Identity)
        .where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id), Identity.archived_at.is_(None))
        .where(matching(text))
        .order_by(Identity.sort_name, Identity.id)
        .limit(limit)
    )
    return tuple(Found(row.id, row.name, row.job_title) for row in rows)


@use_case(needs=Permission.READ, reads=True)
def list_page(desk: Desk, text: str = "", narrowing: Narrowing | None = None, mine: bool = False, number: int = 1) -> Page:
    """One page of the workspace's identities by name, with what each does now."""
    wanted = and_(
        Identity.workspace_id == desk.workspace,
        desk.visible(Identity.id),
        Identity.archived_at.is_not(None) if narrowing is Narrowing.ARCHIVED else Identity.archived_at.is_(None),
        matching(text),
        narrowed(narrowing, desk.now),
        Identity.created_by == desk.actor.user_id if mine else true(),
    )
    total = desk.session.scalar(select(func.count()).select_from(Identity).where(wanted)) or 0
    number = min(max(1, number), max(1, -(-total // PAGE)))
    first = (number - 1) * PAGE
    rows = _faces().where(wanted).order_by(Identity.sort_name, Identity.id).limit(PAGE).offset(first)
    return Page(_cards(desk, desk.session.execute(rows).all()), number, total)


@use_case(needs=Permission.READ, reads=True)
def has_any(desk: Desk) -> bool:
    """Whether there is an identity that is not archived."""
    wanted = Identity.workspace_id == desk.workspace, desk.visible(Identity.id), Identity.archived_at.is_(None)
    return desk.session.scalar(select(Identity.id).where(*wanted).limit(1)) is not None


@use_case(needs=Permission.READ, reads=True)
def card(desk: Desk, identity_id: int) -> Card:
    """One identity as the dashboard shows it."""
    return _cards(desk, desk.session.execute(_faces().where(Identity.id == identity_id)).all())[0]


def matching(text: str) -> ColumnElement[bool]:
    """The condition that an identity's name, e-mail or one of its addresses contains every word of the text."""
    return and_(true(), *(_holds(word) for word in text.casefold().split()))


def narrowed(narrowing: Narrowing | None, now: datetime) -> ColumnElement[bool]:
    """The condition behind one filter."""
    if narrowing is None or narrowing is Narrowing.ARCHIVED:
        return true()
    return {
        Narrowing.ACTING: and_(_acting(now), ~_stopped()),
        Narrowing.WAITING: and_(_has_plans(), ~_acting(now), ~_stopped()),
        Narrowing.CONNECTED: _is_connected(),
        Narrowing.NOT_CONNECTED: ~_is_connected(),
        Narrowing.NEEDS_ATTENTION: _needs_attention(),
        Narrowing.WARMING_UP: Identity.id.in_(_warming_up()),
        Narrowing.STOPPED: _stopped(),
    }[narrowing]


def doing(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What narrows to acting, waiting and stopped, each piece once: whether it acts, has plans, and is stopped."""
    return _acting(now), _has_plans(), _stopped()


def _holds(word: str) -> ColumnElement[bool]:
    return or_(
        Identity.sort_name.contains(word, autoescape=True),
        Identity.email.contains(word, autoescape=True),
        exists().where(
            Mailbox.identity_id == Identity.id,
            Mailbox.removed_at.is_(None),
            Mailbox.address.contains(word, autoescape=True),
        ),
    )


def _is_connected() -> ColumnElement[bool]:
    return or_(
        Identity.linkedin_state == LinkedInState.CONNECTED,
        exists().where(Mailbox.identity_id == Identity.id, Mailbox.removed_at.is_(None), Mailbox.state.in_(_CONNECTED)),
    )


def _needs_attention() -> ColumnElement[bool]:
    return or_(
        Identity.linkedin_state.in_(_LINKEDIN_NEEDS),
        exists().where(
            Mailbox.identity_id == Identity.id,
            Mailbox.removed_at.is_(None),
            Mailbox.state.in_(MAILBOX_NEEDS),
        ),
        Identity.id.in_(select(Stop.identity_id).where(Stop.released_at.is_(None), Stop.scope == StopScope.IDENTITY)),
        Identity.id.in_(select(Action.identity_id).where(text(f"action.{UNSETTLED}"), Action.state == ActionState.PARKED)),
    )


def _stopped() -> ColumnElement[bool]:
    """Under a Stop of its own, of its workspace or of the installation."""
    held = Stop.released_at.is_(None)
    return or_(
        Identity.id.in_(select(Stop.identity_id).where(held, Stop.scope == StopScope.IDENTITY)),
        Identity.workspace_id.in_(select(Stop.workspace_id).where(held, Stop.scope == StopScope.WORKSPACE)),
        exists().where(held, Stop.scope == StopScope.INSTALLATION),
    )


def _acting(now: datetime) -> ColumnElement[bool]:
    """It began an action within the last minutes, or is about to."""
    return Identity.id.in_(
        select(Lane.identity_id).where(
            or_(Lane.last_effect_at > now - RECENTLY, Lane.wake_at <= now, Lane.lease_until > now),
        )
    )


def _has_plans() -> ColumnElement[bool]:
    return Identity.id.in_(select(Lane.identity_id).where(Lane.wake_at.is_not(None)))


def _warming_up() -> Select[int]:
    return select(Mailbox.identity_id).join(WarmUp, WarmUp.mailbox_id == Mailbox.id).where(WarmUp.stopped_at.is_(None))


@cache
def _faces() -> Select[*tuple[Any, ...]]:
    """Who an identity is, for its card; its columns alone, for whole objects cost many times as much."""
    return select(
        Identity.id,
        Identity.first_name,
        Identity.last_name,
        Identity.job_title,
        Identity.zone,
        Identity.linkedin_state,
        Photo.changed_at,
        _stopped().label("stopped"),
    ).outerjoin(Photo, Photo.identity_id == Identity.id)


def _cards(desk: Desk, rows: Sequence[Any]) -> tuple[Card, ...]:
    ids = [row.id for row in rows]
    now_of = standings(desk.session, ids, desk.now)
    addresses = _addresses(desk.session, ids)
    return tuple(
        Card(
            id=row.id,
            name=f"{row.first_name} {row.last_name}".strip(),
            job_title=row.job_title,
            zone=row.zone,
            linkedin_state=row.linkedin_state,
            addresses=tuple(addresses.get(row.id, ())),
            standing=now_of.get(row.id),
            stopped=bool(row.stopped),
            face_changed_at=row.changed_at,
        )
        for row in rows
    )


def _addresses(session: Session, ids: Sequence[int]) -> dict[int, list[AddressLine]]:
    found: dict[int, list[AddressLine]] = {}
    for row in _ADDRESSES.rows(connection_of(session), {"ids": ids}):
        line = AddressLine(row.id, row.address, row.state, row.paused_at is not None, row.day, row.pause)
        found.setdefault(row.identity_id, []).append(line)
    return found


_ADDRESSES = Prepared(
    select(
        Mailbox.identity_id,
        Mailbox.id,
        Mailbox.address,
        Mailbox.state,
        Mailbox.paused_at,
        WarmUp.day,
        WarmUp.pause,
    )
    .outerjoin(WarmUp, and_(WarmUp.mailbox_id == Mailbox.id, WarmUp.stopped_at.is_(None)))
    .where(Mailbox.identity_id.in_(bindparam("ids", expanding=True)), Mailbox.removed_at.is_(None))
    .order_by(Mailbox.identity_id, Mailbox.id),
    "ids",
)

"""All addresses with their warm-ups, filtered and paged in SQL: of a workspace, or for an owner of the installation."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from engine import situations, warm_up_locks
from engine.desk import Desk, use_case
from engine.paged import Paged, within
from engine.rules import warm_up as rules
from engine.warm_up_figures import Figures, figures_of
from storage.kinds import MailboxState, Permission, WarmUpPause
from storage.tables import Identity, Mailbox, WarmUp, WarmUpMember, Workspace

PAGE = 100


class Phase(StrEnum):
    """Where an address stands; the value is what the URL holds."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETE = "complete"
    NONE = "none"
    OUT = "out"  # switched out of the pool


@dataclass(frozen=True, slots=True)
class Row:
    """One address; what follows `phase` is empty without a warm-up."""

    mailbox_id: int
    address: str
    identity_id: int
    identity: str
    workspace_id: int
    workspace: str
    state: MailboxState
    phase: Phase
    pause: WarmUpPause | None = None
    day: int = 0
    target: int = 0
    figures: Figures | None = None
    planned_end: date | None = None
    price_cents: int = 0


@use_case(needs=Permission.READ, reads=True)
def find(desk: Desk, search: str = "", phase: Phase | None = None, page: int = 1) -> Paged[Row]:
    """The workspace's addresses: those that warm up first, then by address."""
    within_reach = and_(Mailbox.workspace_id == desk.workspace, desk.visible(Mailbox.identity_id))
    return _page(desk.session, and_(within_reach, _narrowed(search, phase)), page, desk.now)


@use_case(needs=Permission.OWN, reads=True)
def find_everywhere(desk: Desk, search: str = "", phase: Phase | None = None, page: int = 1) -> Paged[Row]:
    """The same for every workspace of the installation."""
    return _page(desk.session, _narrowed(search, phase), page, desk.now)


def _narrowed(search: str, phase: Phase | None) -> ColumnElement[bool]:
    words = [
        or_(Mailbox.address.contains(word, autoescape=True), Identity.sort_name.contains(word, autoescape=True))
        for word in search.casefold().split()
    ]
    complete = WarmUp.day > rules.DAYS
    of_phase: dict[Phase | None, ColumnElement[bool]] = {
        None: true(),
        Phase.RUNNING: and_(WarmUp.paused_at.is_(None), ~complete),
        Phase.PAUSED: WarmUp.paused_at.is_not(None),
        Phase.COMPLETE: and_(WarmUp.paused_at.is_(None), complete),
        Phase.NONE: and_(WarmUp.id.is_(None), or_(WarmUpMember.mailbox_id.is_(None), WarmUpMember.takes_part)),
        Phase.OUT: ~WarmUpMember.takes_part,
    }
    return and_(Mailbox.removed_at.is_(None), *words, of_phase[phase])


def _joined(wanted: Any, condition: ColumnElement[bool]) -> Select[Any]:
    found: Select[Any] = (
        select(*wanted)
        .select_from(Mailbox)
        .join(Identity, Identity.id == Mailbox.identity_id)
        .join(Workspace, Workspace.id == Mailbox.workspace_id)
        .outerjoin(WarmUp, and_(WarmUp.mailbox_id == Mailbox.id, WarmUp.stopped_at.is_(None)))
        .outerjoin(WarmUpMember, WarmUpMember.mailbox_id == Mailbox.id)
        .where(condition, Identity.archived_at.is_(None))
    )
    return found


def _page(session: Session, condition: ColumnElement[bool], asked: int, now: datetime) -> Paged[Row]:
    total = session.scalar(_joined([func.count()], condition)) or 0
    number = within(asked, total, PAGE)
    found = session.execute(
        _joined([Mailbox, Identity, Workspace.name, WarmUp, WarmUpMember.takes_part], condition)
        .order_by(WarmUp.id.is_(None), Mailbox.address)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    ).all()
    return Paged(_rows(session, found, now), number, PAGE, total)


def _rows(session: Session, found: Any, now: datetime) -> tuple[Row, ...]:
    warming = {mailbox.id: (warm_up, identity) for mailbox, identity, _, warm_up, _ in found if warm_up is not None}
    today = {box: now.astimezone(ZoneInfo(identity.zone)).date() for box, (_, identity) in warming.items()}
    figures = figures_of(session, [warm_up for warm_up, _ in warming.values()], today, now)
    hours = situations.working_hours(session, [identity.id for _, identity in warming.values()], now)
    rows = []
    for mailbox, identity, workspace, warm_up, takes_part in found:
        plain = (mailbox.id, mailbox.address, identity.id, identity.name, mailbox.workspace_id, workspace, mailbox.state)
        if warm_up is None:
            rows.append(Row(*plain, Phase.OUT if takes_part is False else Phase.NONE))
            continue
        end = warm_up_locks.planned_end_within(warm_up, hours[identity.id], now)
        target = warm_up.target if warm_up.planned_on == today[mailbox.id] else 0
        counted = figures[warm_up.id]
        more = (warm_up.pause, warm_up.day, target, counted, end, warm_up.price_cents)
        rows.append(Row(*plain, _phase(warm_up), *more))
    return tuple(rows)


def _phase(warm_up: WarmUp) -> Phase:
    if warm_up.paused_at is not None:
        return Phase.PAUSED
    return Phase.COMPLETE if warm_up.day > rules.DAYS else Phase.RUNNING

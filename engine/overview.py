"""What waits for a person in a workspace, when its last action began, and how the worker is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from engine import clock_check
from engine.desk import Desk, use_case
from engine.lately import Lately
from engine.supervision import worker
from engine.workers import DOWN, LATE, NEWEST, last_sign, signs
from storage.kinds import (
    MAILBOX_NEEDS,
    LinkedInState,
    MailboxState,
    Permission,
    Reason,
    StopScope,
)
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import (
    IS_PARKED,
    Action,
    Identity,
    Installation,
    Lane,
    Mailbox,
    Stop,
    User,
    Workspace,
)

MOST_NEEDS = 50


class Health(StrEnum):
    """How the worker is, by its last sign of life."""

    OK = "ok"
    LATE = "late"
    DOWN = "down"


class Urgency(StrEnum):
    NOW = "now"
    SOON = "soon"


class Remedy(StrEnum):
    """What the person can do about it; the page turns it into a button."""

    RECONNECT = "reconnect"
    SIGN_IN = "sign_in"  # at LinkedIn
    LOOK = "look"
    DECIDE = "decide"
    RELEASE = "release"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person; `who` is a person's text, `what` a whole sentence."""

    urgency: Urgency
    who: str
    what: str
    remedy: Remedy
    identity_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """When the workspace's last effect began and how the worker is."""

    last_effect_at: datetime | None
    worker: Health
    worker_at: datetime | None


@dataclass(frozen=True, slots=True)
class Foot:
    """`stopped_by` is who pressed a Stop that holds for the whole workspace; None while none does."""

    worker: Health
    stopped_by: str | None


@use_case(needs=Permission.READ, reads=True)
def foot(desk: Desk) -> Foot:
    """What every page says of the whole: how the worker is, and whether somebody stopped the workspace or more."""
    row = _FOOT.row(connection_of(desk.session), {"workspace_id": desk.workspace})
    return Foot(_health(row.beat_at, desk.now), row.stopped_by)


_FOOT = Prepared(
    select(
        NEWEST.scalar_subquery().label("beat_at"),
        select(func.coalesce(User.email, ""))
        .select_from(Stop)
        .outerjoin(User, User.id == Stop.pressed_by)
        .where(Stop.released_at.is_(None), Stop.scope != StopScope.IDENTITY)
        .where(or_(Stop.scope == StopScope.INSTALLATION, Stop.workspace_id == bindparam("workspace_id")))
        .order_by(Stop.pressed_at)
        .limit(1)
        .scalar_subquery()
        .label("stopped_by"),
    )
)


@use_case(needs=Permission.READ, reads=True)
def pulse(desk: Desk) -> Pulse:
    last = desk.session.scalar(
        select(func.max(Lane.last_effect_at)).where(Lane.workspace_id == desk.workspace, desk.visible(Lane.identity_id))
    )
    beat_at = last_sign(desk.session)
    return Pulse(last, _health(beat_at, desk.now), beat_at)


def worker_health(session: Session, now: datetime) -> Health:
    return _health(last_sign(session), now)


def _health(beat_at: datetime | None, now: datetime) -> Health:
    if beat_at is None or now - beat_at > DOWN:
        return Health.DOWN
    return Health.LATE if now - beat_at > LATE else Health.OK


@use_case(needs=Permission.READ, reads=True)
def needs(desk: Desk) -> tuple[Need, ...]:
    """Everything that waits for a person, the most urgent first; at most 50."""
    return _NEEDS.ask(desk)


def _look(desk: Desk) -> tuple[Need, ...]:
    found = [*_of_the_installation(desk), *_stops(desk), *_mailboxes(desk), *_linkedin(desk), *_of_parked(desk)]
    return tuple(sorted(found, key=lambda need: need.urgency is Urgency.SOON)[:MOST_NEEDS])


_NEEDS = Lately(_look)


def _of_the_installation(desk: Desk) -> list[Need]:
    found = []
    told = signs(desk.session, desk.now)
    if _health(told.at, desk.now) is Health.DOWN:
        what = f"The worker does not answer; nothing is sent until it is back. {worker.refusal}".rstrip()
        found.append(Need(Urgency.NOW, "Worker", what, Remedy.CHECK))
    found += [Need(Urgency.NOW, "Worker", note, Remedy.CHECK) for note in told.notes]
    found += [Need(Urgency.SOON, "Worker", one.short, Remedy.CHECK) for one in told.missing]
    if wrong := clock_check.behind(desk.session, desk.now):
        found.append(Need(Urgency.NOW, "Clock", wrong, Remedy.CHECK))
    installed = desk.session.get(Installation, 1)
    if installed and installed.quarantined_at:
        what = "The database was restored from a backup; an owner must check what was sent since."
        found.append(Need(Urgency.NOW, "Quarantine", what, Remedy.CHECK))
    return found


def _stops(desk: Desk) -> list[Need]:
    rows = desk.session.execute(
        select(Stop, User.name, Identity.first_name, Identity.last_name, Workspace.name)
        .outerjoin(User, User.id == Stop.pressed_by)
        .outerjoin(Identity, Identity.id == Stop.identity_id)
        .outerjoin(Workspace, Workspace.id == Stop.workspace_id)
        .where(Stop.released_at.is_(None))
        .where(
            or_(
                Stop.scope == StopScope.INSTALLATION,
                and_(Stop.scope == StopScope.WORKSPACE, Stop.workspace_id == desk.workspace),
                and_(Stop.scope == StopScope.IDENTITY, Stop.workspace_id == desk.workspace, desk.visible(Stop.identity_id)),
            )
        )
        .order_by(Stop.scope, Stop.pressed_at)
        .limit(MOST_NEEDS)
    )
    found = []
    for stop, by, first, last, workspace in rows:
        who = {
            StopScope.INSTALLATION: "Whole installation",
            StopScope.WORKSPACE: workspace or "",
            StopScope.IDENTITY: f"{first} {last}".strip(),
        }[stop.scope]
        what = f"{by or 'Somebody'} pressed Stop{f': {stop.note}' if stop.note else ''}. No new action begins."
        found.append(Need(Urgency.NOW, who, what, Remedy.RELEASE, stop.identity_id))
    return found


def _mailboxes(desk: Desk) -> list[Need]:
    rows = desk.session.execute(
        select(Mailbox.identity_id, Mailbox.address, Mailbox.state, Mailbox.state_note)
        .join(Identity, Identity.id == Mailbox.identity_id)
        .where(Mailbox.workspace_id == desk.workspace, desk.visible(Mailbox.identity_id))
        .where(Mailbox.removed_at.is_(None), Identity.archived_at.is_(None))
        .where(Mailbox.state.in_(MAILBOX_NEEDS))
        .order_by(Mailbox.state_since)
        .limit(MOST_NEEDS)
    )
    return [_of_mailbox(box) for box in rows]


_OF_MAILBOX = {
    MailboxState.RECONNECT_NEEDED: (Urgency.NOW, Remedy.RECONNECT, Reason.RECONNECT_NEEDED.sentence),
    MailboxState.REFUSED: (Urgency.NOW, Remedy.LOOK, Reason.APPROVAL_REFUSED.sentence),
    MailboxState.DISABLED_BY_TENANT: (Urgency.NOW, Remedy.LOOK, Reason.DISABLED_BY_TENANT.sentence),
    MailboxState.WAITING_FOR_APPROVAL: (Urgency.SOON, Remedy.LOOK, Reason.WAITING_FOR_APPROVAL.sentence),
    MailboxState.DEGRADED: (Urgency.SOON, Remedy.LOOK, "The last check failed; it is tried again by itself."),
}


def _of_mailbox(box: Any) -> Need:
    urgency, remedy, usual = _OF_MAILBOX[box.state]
    return Need(urgency, box.address, box.state_note or usual, remedy, box.identity_id)


_LINKEDIN = {
    LinkedInState.CODE_NEEDED: "LinkedIn asks for a code.",
    LinkedInState.APPROVE_IN_APP: "LinkedIn asks for an approval in its app.",
    LinkedInState.CAPTCHA: "LinkedIn asks for a check that a person must finish.",
    LinkedInState.LOGGED_OUT: "LinkedIn logged this identity out.",
    LinkedInState.RESTRICTED: "LinkedIn restricted this account.",
}


def _linkedin(desk: Desk) -> list[Need]:
    rows = desk.session.execute(
        select(Identity.id, Identity.first_name, Identity.last_name, Identity.linkedin_state)
        .where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id), Identity.archived_at.is_(None))
        .where(Identity.linkedin_state.in_(_LINKEDIN))
        .order_by(Identity.sort_name)
        .limit(MOST_NEEDS)
    )
    return [
        Need(Urgency.NOW, f"{first} {last}".strip(), _LINKEDIN[state], Remedy.SIGN_IN, identity_id)
        for identity_id, first, last, state in rows
    ]


def _of_parked(desk: Desk) -> list[Need]:
    count = parked(desk)
    if not count:
        return []
    what = (
        "1 action is parked: nothing can prove whether it went out."
        if count == 1
        else (f"{count:,} actions are parked: nothing can prove whether they went out.")
    )
    return [Need(Urgency.SOON, "Parked", what, Remedy.DECIDE)]


def parked(desk: Desk) -> int:
    """How many actions wait for a person's decision."""
    return (
        desk.session.scalar(
            select(func.count())
            .select_from(Action)
            .where(Action.workspace_id == desk.workspace, IS_PARKED, desk.visible(Action.identity_id))
        )
        or 0
    )

"""The Stop button: for an identity, a workspace or the whole installation. After it commits no new action begins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from engine import agenda
from engine.desk import Desk, Problem, use_case
from storage.kinds import Permission, StopScope
from storage.tables import Identity, Lane, Stop, User


@dataclass(frozen=True, slots=True)
class ActiveStop:
    """A Stop that holds: who pressed it, when and why, and when the last action before it began."""

    id: int
    scope: StopScope
    identity_id: int | None
    identity_name: str
    pressed_at: datetime
    pressed_by: str
    note: str
    last_effect_at: datetime | None


@use_case(needs=Permission.PRESS_STOP)
def press_identity(desk: Desk, identity_id: int, note: str = "") -> None:
    """Stop one identity."""
    _press(desk, StopScope.IDENTITY, desk.workspace, identity_id, note)


@use_case(needs=Permission.PRESS_STOP)
def press_workspace(desk: Desk, note: str = "") -> None:
    """Stop every identity of the workspace."""
    _press(desk, StopScope.WORKSPACE, desk.workspace, None, note)


@use_case(needs=Permission.OWN)
def press_installation(desk: Desk, note: str = "") -> None:
    """Stop everything."""
    _press(desk, StopScope.INSTALLATION, None, None, note)


@use_case(needs=Permission.MANAGE)
def release_identity(desk: Desk, identity_id: int) -> None:
    """Let one identity go on, inside its hours and limits."""
    _release(desk, StopScope.IDENTITY, desk.workspace, identity_id)
    agenda.wake_identity(desk.session, identity_id, desk.now)


@use_case(needs=Permission.MANAGE)
def release_workspace(desk: Desk) -> None:
    """Let the workspace go on; an identity that was stopped by itself stays stopped."""
    desk.require_all_identities()
    _release(desk, StopScope.WORKSPACE, desk.workspace, None)
    agenda.wake_workspace(desk.session, desk.workspace, desk.now)


@use_case(needs=Permission.OWN)
def release_installation(desk: Desk) -> None:
    """Let the installation go on; workspaces and identities that were stopped by themselves stay stopped."""
    _release(desk, StopScope.INSTALLATION, None, None)
    agenda.wake_all(desk.session, desk.now)


@use_case(needs=Permission.READ, reads=True)
def active_stops(desk: Desk) -> list[ActiveStop]:
    """The Stops that hold for this workspace: the installation's, its own, its identities'."""
    rows = desk.session.execute(
        select(Stop, Identity, User.email)
        .outerjoin(Identity, Identity.id == Stop.identity_id)
        .outerjoin(User, User.id == Stop.pressed_by)
        .where(
            Stop.released_at.is_(None),
            or_(
                Stop.scope == StopScope.INSTALLATION,
                (Stop.workspace_id == desk.workspace) & (Stop.identity_id.is_(None) | desk.visible(Stop.identity_id)),
            ),
        )
        .order_by(Stop.pressed_at)
    )
    return [
        ActiveStop(
            id=stop.id,
            scope=stop.scope,
            identity_id=stop.identity_id,
            identity_name=identity.name if identity is not None else "",
            pressed_at=stop.pressed_at,
            pressed_by=email or "",
            note=stop.note,
            last_effect_at=_last_effect(desk.session, desk.workspace, stop.identity_id),
        )
        for stop, identity, email in rows
    ]


def is_stopped(workspace_id: Any, identity_id: Any) -> ColumnElement[bool]:
    """Whether a Stop holds for an identity of a workspace, of which ids or columns are given; for what is no action."""
    scoped = or_(
        Stop.scope == StopScope.INSTALLATION,
        (Stop.scope == StopScope.WORKSPACE) & (Stop.workspace_id == workspace_id),
        (Stop.scope == StopScope.IDENTITY) & (Stop.identity_id == identity_id),
    )
    return exists(select(Stop.id).where(Stop.released_at.is_(None), scoped))


def _last_effect(session: Session, workspace_id: int, identity_id: int | None) -> datetime | None:
    """When the last action within this workspace (or identity) began."""
    within = Lane.identity_id == identity_id if identity_id is not None else Lane.workspace_id == workspace_id
    return session.scalar(select(func.max(Lane.last_effect_at)).where(within))


def _press(desk: Desk, scope: StopScope, workspace_id: int | None, identity_id: int | None, note: str) -> None:
    if _active(desk, scope, workspace_id, identity_id) is not None:
        return  # pressed twice is pressed once
    stop = Stop(
        scope=scope,
        workspace_id=workspace_id,
        identity_id=identity_id,
        pressed_at=desk.now,
        pressed_by=desk.actor.user_id,
        note=note.strip(),
    )
    desk.session.add(stop)
    desk.session.flush()
    desk.audit("stop.pressed", f"stop:{stop.id}", new={"scope": scope.value, "note": note.strip()}, identity_id=identity_id)


def _release(desk: Desk, scope: StopScope, workspace_id: int | None, identity_id: int | None) -> None:
    stop = _active(desk, scope, workspace_id, identity_id)
    if stop is None:
        raise Problem("Nothing is stopped here any more; somebody released it already.")
    stop.released_at = desk.now
    stop.released_by = desk.actor.user_id
    desk.audit("stop.released", f"stop:{stop.id}", old={"scope": scope.value}, identity_id=identity_id)


def _active(desk: Desk, scope: StopScope, workspace_id: int | None, identity_id: int | None) -> Stop | None:
    return desk.session.scalars(
        select(Stop).where(
            Stop.released_at.is_(None),
            Stop.scope == scope,
            Stop.workspace_id == workspace_id if workspace_id is not None else Stop.workspace_id.is_(None),
            Stop.identity_id == identity_id if identity_id is not None else Stop.identity_id.is_(None),
        )
    ).first()

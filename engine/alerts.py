"""What people are alerted to: raised once while its ground lasts, cleared with it, seen by each user by themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine import alert_tellings
from engine.desk import Desk, use_case
from engine.paged import Paged, within
from storage.columns import table_of
from storage.kinds import AlertKind, Permission
from storage.tables import Alert, AlertSeen, Identity

PAGE = 50
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class AlertLine:
    id: int
    kind: AlertKind
    subject: str
    sentence: str
    identity_id: int | None
    identity_name: str
    zone: str
    at: datetime
    cleared_at: datetime | None
    is_new: bool


def raise_alert(
    session: Session,
    kind: AlertKind,
    subject: str,
    sentence: str,
    workspace_id: int,
    identity_id: int | None,
    now: datetime,
    dedupe: str,
) -> bool:
    """Alert the people of a workspace; False while the same (`dedupe`) is still up."""
    insert = _INSERT[session.get_bind().dialect.name]
    row = {
        "workspace_id": workspace_id,
        "identity_id": identity_id,
        "kind": kind,
        "subject": subject,
        "sentence": sentence,
        "dedupe": dedupe,
        "at": now,
    }
    statement = insert(table_of(Alert)).values(row).on_conflict_do_nothing().returning(Alert.id)
    raised = session.execute(statement).scalar()
    if raised is None:
        return False
    alert_tellings.plan(session, session.get_one(Alert, raised), now)
    return True


def clear(session: Session, dedupe: str, now: datetime) -> bool:
    """Its ground is gone; the same may be raised again."""
    up = update(Alert).where(Alert.dedupe == dedupe, Alert.cleared_at.is_(None)).values(cleared_at=now).returning(Alert.id)
    return session.execute(up).scalar() is not None


@use_case(needs=Permission.READ, reads=True)
def find(desk: Desk, page: int = 1, up_only: bool = False) -> Paged[AlertLine]:
    """The workspace's alerts, the newest first; those of identities that the user may see."""
    conditions = [Alert.workspace_id == desk.workspace, or_(Alert.identity_id.is_(None), desk.visible(Alert.identity_id))]
    if up_only:
        conditions.append(Alert.cleared_at.is_(None))
    total = desk.session.scalar(select(func.count()).select_from(Alert).where(*conditions)) or 0
    number, seen = within(page, total, PAGE), _seen(desk)
    rows = desk.session.execute(
        select(Alert, Identity)
        .outerjoin(Identity, Identity.id == Alert.identity_id)
        .where(*conditions)
        .order_by(Alert.id.desc())
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    )
    return Paged(tuple(_line(alert, identity, seen) for alert, identity in rows), number, PAGE, total)


@use_case(needs=Permission.READ, reads=True)
def count_new(desk: Desk) -> int:
    """How many alerts are up that this user has not seen."""
    visible = or_(Alert.identity_id.is_(None), desk.visible(Alert.identity_id))
    up = select(func.count()).select_from(Alert).where(Alert.workspace_id == desk.workspace, Alert.cleared_at.is_(None))
    return desk.session.scalar(up.where(visible, Alert.id > _seen(desk))) or 0


@use_case(needs=Permission.READ)
def see(desk: Desk) -> None:
    """The user has looked at all that there are now."""
    newest = desk.session.scalar(select(func.max(Alert.id)).where(Alert.workspace_id == desk.workspace))
    if newest is None or desk.actor.user_id is None:
        return
    row = desk.session.get(AlertSeen, (desk.actor.user_id, desk.workspace))
    if row is None:
        desk.session.add(AlertSeen(user_id=desk.actor.user_id, workspace_id=desk.workspace, last_id=newest))
    else:
        row.last_id = newest


def _seen(desk: Desk) -> int:
    row = desk.session.get(AlertSeen, (desk.actor.user_id, desk.workspace))
    return row.last_id if row is not None else 0


def _line(alert: Alert, identity: Identity | None, seen: int) -> AlertLine:
    return AlertLine(
        alert.id,
        alert.kind,
        alert.subject,
        alert.sentence,
        alert.identity_id,
        identity.name if identity is not None else "",
        identity.zone if identity is not None else "UTC",
        alert.at,
        alert.cleared_at,
        alert.id > seen,
    )

"""Who is told of an alert outside the panel: rows made with the alert itself, which the worker then delivers.

A user is told of what they may see, of the kinds they chose; who chose nothing yet is told of all in a workspace that they
are a member of. The same ground again within an hour is held back until the hour is over, and then told only if it lasts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.kinds import TOLD_KINDS, AlertKind, DeliveryState
from storage.tables import (
    Alert,
    AlertChoice,
    AlertDelivery,
    AlertMail,
    Membership,
    MembershipIdentity,
    User,
    Webhook,
)

QUIET = timedelta(hours=1)


def plan(session: Session, alert: Alert, now: datetime) -> None:
    """Make a row for everyone who is to be told; in the transaction that raised the alert."""
    if alert.kind not in TOLD_KINDS:
        return
    for user_id in [*_webhook(session, alert), *_users(session, alert)]:
        at = max(now, (_last_told(session, alert, user_id) or now - QUIET) + QUIET)
        session.add(AlertDelivery(alert_id=alert.id, user_id=user_id, state=DeliveryState.WAITING, next_at=at))
    session.flush()


def is_wanted(session: Session, alert: Alert, user_id: int | None) -> bool:
    """Whether whom the row was made for is still to be told."""
    return user_id in ([*_webhook(session, alert)] if user_id is None else _users(session, alert))


def chosen_kinds(session: Session, user_id: int, workspace_id: int) -> frozenset[AlertKind]:
    """The kinds that a user is told of by mail in a workspace."""
    choice = session.get(AlertChoice, (user_id, workspace_id))
    if choice is not None:
        return frozenset(AlertKind(kind) for kind in choice.kinds)
    is_member = session.get(Membership, (user_id, workspace_id)) is not None
    return frozenset(TOLD_KINDS if is_member else ())


def try_now(session: Session, now: datetime, *, by_mail: bool, workspace_id: int | None = None) -> None:
    """After a setting changed: what failed by the old one need not wait."""
    of_way = AlertDelivery.user_id.is_not(None) if by_mail else AlertDelivery.user_id.is_(None)
    waiting = [AlertDelivery.state == DeliveryState.WAITING, AlertDelivery.attempts > 0, of_way]
    if workspace_id is not None:
        waiting.append(AlertDelivery.alert_id.in_(select(Alert.id).where(Alert.workspace_id == workspace_id)))
    session.execute(
        update(AlertDelivery).where(*waiting).values(next_at=now), execution_options={"synchronize_session": False}
    )


def _webhook(session: Session, alert: Alert) -> Iterator[None]:
    kinds = session.scalar(select(Webhook.kinds).where(Webhook.workspace_id == alert.workspace_id))
    if alert.kind in (kinds or ()):
        yield None


def _users(session: Session, alert: Alert) -> list[int]:
    if session.get(AlertMail, 1) is None:
        return []
    member = select(Membership).where(Membership.workspace_id == alert.workspace_id)
    members = {row.user_id: row for row in session.scalars(member)}
    chose = set(session.scalars(select(AlertChoice.user_id).where(AlertChoice.workspace_id == alert.workspace_id)))
    users = session.scalars(select(User).where(User.id.in_(members.keys() | chose), User.disabled_at.is_(None)))
    return [
        user.id
        for user in users
        if _may_see(session, user, members.get(user.id), alert)
        and alert.kind in chosen_kinds(session, user.id, alert.workspace_id)
    ]


def _may_see(session: Session, user: User, member: Membership | None, alert: Alert) -> bool:
    if user.is_owner:
        return True
    if member is None:
        return False
    if member.all_identities or alert.identity_id is None:
        return True
    return session.get(MembershipIdentity, (user.id, alert.identity_id)) is not None


def _last_told(session: Session, alert: Alert, user_id: int | None) -> datetime | None:
    """When the same ground was told to the same one before."""
    same = (Alert.workspace_id == alert.workspace_id, Alert.dedupe == alert.dedupe, Alert.id != alert.id)
    to = AlertDelivery.user_id.is_(None) if user_id is None else AlertDelivery.user_id == user_id
    told = select(func.max(AlertDelivery.done_at)).join(Alert, Alert.id == AlertDelivery.alert_id)
    return session.scalar(told.where(*same, to, AlertDelivery.state == DeliveryState.DELIVERED))

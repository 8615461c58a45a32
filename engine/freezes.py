"""Freezes: for how long a provider's own limit or warning keeps a lane, or one kind of action on it, still."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine import agenda
from storage.kinds import ActionKind, Reason
from storage.tables import Freeze


def freeze(
    session: Session, lane_id: int, kind: ActionKind | None, until: datetime, reason: Reason, note: str, now: datetime
) -> None:
    """Keep a lane still until an instant, or one kind on it; `note` has the provider's words. The longest freeze holds."""
    session.add(Freeze(lane_id=lane_id, kind=kind, since=now, until=until, reason=reason, note=note))
    session.flush()


def lift(session: Session, lane_id: int, now: datetime) -> int:
    """End every freeze of a lane now, because a person says so; returns how many there were."""
    lifted = session.execute(
        update(Freeze)
        .where(Freeze.lane_id == lane_id, Freeze.lifted_at.is_(None), Freeze.until > now)
        .values(lifted_at=now)
        .returning(Freeze.id),
        execution_options={"synchronize_session": False},
    ).all()
    agenda.wake_lane(session, [lane_id], now)
    return len(lifted)

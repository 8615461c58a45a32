"""The SQL of a lane's lease: who holds it, since which epoch, and when it is looked at next."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, or_, update
from sqlalchemy.orm import Session

from storage.columns import Instant, table_of
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Lane


def take_lease(session: Session, lane_id: int, holder: str, now: datetime, length: timedelta) -> int | None:
    """Hold a lane until `length` from now; returns the new epoch, or None while anybody has it.

    One that has run out still holds: recovery must first settle the action that its holder left in `sending`.
    Its wake-up is cleared: whoever wakes the lane while it is held is not overwritten at the release.
    """
    asked = {"lane": lane_id, "who": holder, "ends": now + length}
    epoch: int | None = _HOLD.scalar(connection_of(session), asked)
    return epoch


_HOLD = Prepared(
    update(table_of(Lane))
    .where(Lane.id == bindparam("lane"), Lane.holder.is_(None))
    .values(holder=bindparam("who"), epoch=Lane.epoch + 1, lease_until=bindparam("ends"), wake_at=None)
    .returning(Lane.epoch)
)


def begin_effect(session: Session, lane_id: int, epoch: int, now: datetime, length: timedelta) -> bool:
    """An effect begins on a lane that is held: its gap counts from here, and the lease is as long as a new one's.

    Whatever woke the lane until now was seen by the verdict that this effect follows.
    """
    asked = {"lane": lane_id, "ours": epoch, "now": now, "ends": now + length}
    return _BEGINS.changed(connection_of(session), asked) == 1


def begin_effects(session: Session, held: Mapping[int, int], now: datetime, length: timedelta) -> None:
    """`begin_effect` on several lanes that are held, each with its epoch."""
    rows = [{"lane": lane_id, "ours": epoch, "now": now, "ends": now + length} for lane_id, epoch in held.items()]
    _BEGINS.change_all(connection_of(session), rows)


_BEGINS = Prepared(
    update(table_of(Lane))
    .where(Lane.id == bindparam("lane"), Lane.epoch == bindparam("ours"))
    .values(last_effect_at=bindparam("now", type_=Instant()), lease_until=bindparam("ends", type_=Instant()), wake_at=None)
)


def release_lease(session: Session, lane_id: int, epoch: int, wake_at: datetime | None) -> bool:
    """Let go of a lane and look at it again at `wake_at`, or earlier if somebody woke it meanwhile."""
    asked = {"lane": lane_id, "ours": epoch}
    if wake_at is None:
        return _LET_GO.changed(connection_of(session), asked) == 1
    return _LET_GO_AND_WAKE.changed(connection_of(session), {**asked, "wake": wake_at}) == 1


def earlier(given: ColumnElement[Any]) -> ColumnElement[Any]:
    """The SQL value that keeps a lane's wake-up at the earlier of what it is and the one that is given."""
    return case((or_(Lane.wake_at.is_(None), Lane.wake_at > given), given), else_=Lane.wake_at)


WAKE = bindparam("wake", type_=Instant())
_FREE = (
    update(table_of(Lane))
    .where(Lane.id == bindparam("lane"), Lane.epoch == bindparam("ours"))
    .values(holder=None, lease_until=None)
)
_LET_GO = Prepared(_FREE)
_LET_GO_AND_WAKE = Prepared(_FREE.values(wake_at=earlier(WAKE)))

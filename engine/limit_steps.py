"""When the limits that are written down change by themselves: a ramp's next step begins, a temporary one ends.

The worker asks when it has to look at a lane again, the counts when a full clock lets more begin: both of this.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from engine.rules.quotas import counted_by
from storage.kinds import ActionKind, QuotaClock
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import LimitSetting

Clocked = tuple[int, ActionKind, QuotaClock]


@dataclass(frozen=True, slots=True)
class LimitStep:
    """From `at` on the limit is `value`; None: there is none any more, and nothing runs."""

    at: datetime
    value: int | None


def next_change(session: Session, lane_id: int, kind: ActionKind, now: datetime) -> datetime | None:
    """When a limit that counts actions of this kind next changes by itself."""
    known = ahead(session, [lane_id], now)
    steps = [step.at for (_, of, clock), found in known.items() if kind in counted_by(of, clock) for step in found]
    return min(steps, default=None)


def first_above(steps: Collection[LimitStep], least: Callable[[datetime], int]) -> datetime | None:
    """When the limit first exceeds what `least` says is used by then."""
    return next((step.at for step in steps if step.value is not None and step.value > least(step.at)), None)


def ahead(session: Session, lane_ids: Collection[int], now: datetime) -> dict[Clocked, tuple[LimitStep, ...]]:
    """Every change to come of these lanes' limits, in order; a limit that stays as it is is left out."""
    settings: dict[Clocked, list[Any]] = {}
    for row in _TO_COME.rows(connection_of(session), {"lanes": list(lane_ids), "now": now}):
        settings.setdefault((row.lane_id, row.kind, row.clock), []).append(row)
    found = {key: _steps(rows, now) for key, rows in settings.items()}
    return {key: steps for key, steps in found.items() if steps}


def _steps(rows: list[Any], now: datetime) -> tuple[LimitStep, ...]:
    steps: list[LimitStep] = []
    value = _in_force(rows, now)
    for at in sorted({at for row in rows for at in (row.since, row.until) if at is not None and at > now}):
        before, value = value, _in_force(rows, at)
        if value != before:
            steps.append(LimitStep(at, value))
    return tuple(steps)


def _in_force(rows: list[Any], at: datetime) -> int | None:
    """Of those that have begun and not ended the one that began last; they come in that order."""
    begun = [row.value for row in rows if row.since <= at and (row.until is None or row.until > at)]
    return begun[-1] if begun else None


_TO_COME = Prepared(
    select(
        LimitSetting.lane_id,
        LimitSetting.kind,
        LimitSetting.clock,
        LimitSetting.value,
        LimitSetting.since,
        LimitSetting.until,
    )
    .where(
        LimitSetting.lane_id.in_(bindparam("lanes", expanding=True)),
        or_(LimitSetting.until.is_(None), LimitSetting.until > bindparam("now")),
    )
    .order_by(LimitSetting.since, LimitSetting.id),
    "lanes",
)

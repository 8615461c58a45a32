"""What an address sent for other identities counts for it now: its provider sees one address, whoever writes by it.

Seldom needed, so each such lane is asked by itself. A lane's own count is on the clocks already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.limits import Limit
from engine.rules.facts import ClockUse
from engine.rules.hours import day_start
from engine.rules.quotas import counted_by, period_of
from storage import spend_readings
from storage.kinds import ActionKind, QuotaClock
from storage.spend_readings import LaneKind, LocalDay
from storage.tables import Lane

Clocked = tuple[int, ActionKind, QuotaClock]


def counted(
    session: Session,
    wanted: Sequence[tuple[int, Limit]],
    own: Mapping[Clocked, ClockUse],
    others: Sequence[int],
    zone: ZoneInfo,
    now: datetime,
) -> dict[Clocked, ClockUse]:
    """The uses of one lane (`wanted`: its limits, `own`: its own uses) with what its `others` spent."""
    found: dict[Clocked, ClockUse] = {}
    for lane_id, limit in wanted:
        key = (lane_id, limit.kind, limit.clock)
        period = period_of(limit.clock)
        if period is not None:
            used = spend_readings.used_since(session, others, now - period)
            kinds = counted_by(limit.kind, limit.clock)
            count = own[key].used + sum(used.get((other, kind), 0) for other in others for kind in kinds)
            frees = None
            if 0 < limit.value <= count:
                place = count - limit.value
                at = spend_readings.spent_at_place(session, [lane_id, *others], kinds, now - period, place)
                frees = at + period if at is not None else None
            found[key] = replace(own[key], used=count, frees_at=frees)
        elif limit.clock is QuotaClock.LOCAL_DAY:
            today = now.astimezone(zone).date()
            day = spend_readings.used_on_days(session, {LocalDay(today, day_start(zone, today)): others})
            found[key] = replace(own[key], used=own[key].used + sum(day.get((o, limit.kind), (0, None))[0] for o in others))
    return found


def latest(
    session: Session, lane_id: int, own: Mapping[LaneKind, datetime], others: Sequence[int]
) -> dict[LaneKind, datetime]:
    """When the lane or one of its others last spent a unit of each kind."""
    found: dict[LaneKind, datetime] = {}
    for (_, kind), at in spend_readings.last_spent(session, others).items():
        found[lane_id, kind] = max(filter(None, (at, own.get((lane_id, kind)), found.get((lane_id, kind)))))
    return found


def take_over_gap(session: Session, lane: Lane) -> None:
    """The gap between two mails goes on from the address's last one, for whomever it was sent."""
    others = spend_readings.kin_of(session, [lane.id]).get(lane.id, [])
    last = session.scalar(select(func.max(Lane.last_effect_at)).where(Lane.id.in_(others))) if others else None
    if last is not None and (lane.last_effect_at is None or lane.last_effect_at < last):
        lane.last_effect_at = last

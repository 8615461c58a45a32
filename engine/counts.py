"""What is used of the limits of lanes, on every clock, and when a full clock frees a unit.

Read for a page of lanes in as many statements as for one: the worker asks of one lane, the panel of all that it shows.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import limit_steps, moved_addresses
from engine.limits import Limit, limits_of
from engine.moved_addresses import Clocked
from engine.rules.facts import ClockUse
from engine.rules.hours import day_start
from engine.rules.quotas import counted_by, period_of
from storage import spend_readings
from storage.kinds import ActionKind, QuotaClock
from storage.spend_readings import LaneKind, LocalDay

_Wanted = list[tuple[int, Limit]]
_Found = dict[Clocked, ClockUse]


@dataclass(frozen=True, slots=True)
class Counts:
    """The limits in force of some lanes and what is used of them; a kind without a limit for the day has no uses."""

    limits: Mapping[int, tuple[Limit, ...]]
    uses: Mapping[LaneKind, tuple[ClockUse, ...]]
    last: Mapping[LaneKind, datetime]

    def today(self, lane_id: int) -> dict[ActionKind, ClockUse]:
        """Spent and limit of the local day, by kind."""
        return {
            kind: use
            for kind in {limit.kind: None for limit in self.limits.get(lane_id, ())}
            for use in self.uses.get((lane_id, kind), ())
            if use.clock is QuotaClock.LOCAL_DAY
        }


def read(session: Session, zones: Mapping[int, ZoneInfo], now: datetime) -> Counts:
    """The counts of lanes, each with its identity's zone; unreadable ones are left out, and nothing runs without."""
    limits = limits_of(session, zones, now) if zones else {}
    wanted = [(lane_id, limit) for lane_id, inforce in limits.items() for limit in inforce]
    if not wanted:
        return Counts(limits, {}, {})
    try:
        found = _on_all_clocks(session, wanted, zones, now)
        last = spend_readings.last_spent(session, limits)
        for lane_id, others in spend_readings.kin_of(session, limits).items():
            moved = [one for one in wanted if one[0] == lane_id]
            found |= moved_addresses.counted(session, moved, found, others, zones[lane_id], now)
            last |= moved_addresses.latest(session, lane_id, last, others)
        found |= _raised(session, found, zones, now)
        return Counts(limits, _by_kind(limits, found), last)
    except DBAPIError:
        return Counts(limits, {}, {})


def _by_kind(limits: Mapping[int, tuple[Limit, ...]], found: _Found) -> dict[LaneKind, tuple[ClockUse, ...]]:
    return {
        (lane_id, day.kind): tuple(
            found[lane_id, one.kind, one.clock] for one in inforce if day.kind in counted_by(one.kind, one.clock)
        )
        for lane_id, inforce in limits.items()
        for day in inforce
        if day.clock is QuotaClock.LOCAL_DAY
    }


def _raised(session: Session, found: _Found, zones: Mapping[int, ZoneInfo], now: datetime) -> _Found:
    """The clocks that are full and whose limit goes up by itself, with when it does."""
    full = {key: use for key, use in found.items() if use.used >= use.limit}
    steps = limit_steps.ahead(session, list({lane_id for lane_id, _, _ in full}), now) if full else {}
    raised: _Found = {}
    for key, use in full.items():
        if key in steps:
            at = limit_steps.first_above(steps[key], functools.partial(_still_used, use, zones[key[0]], now))
            raised[key] = replace(use, raised_at=at)
    return raised


def _still_used(use: ClockUse, zone: ZoneInfo, now: datetime, at: datetime) -> int:
    """What counts against the limit at a later instant for certain: a local day's count is over with its day."""
    if use.clock is not QuotaClock.LOCAL_DAY:
        return use.used
    ends = use.frees_at or day_start(zone, now.astimezone(zone).date() + timedelta(days=1))
    return use.used if at < ends else 0


def _on_all_clocks(session: Session, wanted: _Wanted, zones: Mapping[int, ZoneInfo], now: datetime) -> _Found:
    found: _Found = {}
    for clock in dict.fromkeys(limit.clock for _, limit in wanted):
        of_clock = [(lane_id, limit) for lane_id, limit in wanted if limit.clock is clock]
        period = period_of(clock)
        if period is not None:
            found |= _rolling(session, of_clock, now - period, period, of_notes=clock is QuotaClock.NOTES_30_DAYS)
        elif clock is QuotaClock.PENDING_TOTAL:
            found |= _pending(session, of_clock)
        else:
            found |= _days(session, of_clock, zones, now)
    return found


def _days(session: Session, wanted: _Wanted, zones: Mapping[int, ZoneInfo], now: datetime) -> _Found:
    days = {zone: _local_day(zone, now) for zone in {zones[lane_id] for lane_id, _ in wanted}}
    lanes_of: dict[LocalDay, set[int]] = {}
    for lane_id, _ in wanted:
        lanes_of.setdefault(days[zones[lane_id]], set()).add(lane_id)
    used = spend_readings.used_on_days(session, lanes_of)
    found: _Found = {}
    for lane_id, limit in wanted:
        zone = zones[lane_id]
        count, latest = used.get((lane_id, limit.kind), (0, None))
        # After today only when the zone was moved west: then the quota comes with the day after that one.
        frees = day_start(zone, latest + timedelta(days=1)) if latest is not None and latest > days[zone].date else None
        found[lane_id, limit.kind, limit.clock] = ClockUse(limit.clock, limit.value, count, frees)
    return found


def shared_today(session: Session, lane_id: int, zone: ZoneInfo, now: datetime) -> int:
    """How many of a seat's scrapings of today read for the campaigns of other identities."""
    return spend_readings.shared_on(session, lane_id, _local_day(zone, now))


def _local_day(zone: ZoneInfo, now: datetime) -> LocalDay:
    today = now.astimezone(zone).date()
    return LocalDay(today, day_start(zone, today))


def _rolling(session: Session, wanted: _Wanted, begins: datetime, period: timedelta, *, of_notes: bool) -> _Found:
    used = spend_readings.used_since(session, _lanes(wanted), begins, of_notes=of_notes)
    kinds = {(lane_id, limit.kind): counted_by(limit.kind, limit.clock) for lane_id, limit in wanted}
    counted = {key: sum(used.get((key[0], kind), 0) for kind in kinds[key]) for key in kinds}
    over = {
        (lane_id, limit.kind): counted[lane_id, limit.kind] - limit.value
        for lane_id, limit in wanted
        if 0 < limit.value <= counted[lane_id, limit.kind]
    }
    of_one = {key: place for key, place in over.items() if len(kinds[key]) == 1}
    freeing = spend_readings.spent_after(session, begins, of_one, of_notes=of_notes)
    for lane_id, kind in over.keys() - of_one.keys():  # seldom: a provider's own limit is far above an address's
        place = over[lane_id, kind]
        at = spend_readings.spent_at_place(session, [lane_id], kinds[lane_id, kind], begins, place)
        freeing |= {(lane_id, kind): at} if at is not None else {}
    found: _Found = {}
    for lane_id, limit in wanted:
        key = (lane_id, limit.kind)
        frees = freeing[key] + period if key in freeing else None
        found[lane_id, limit.kind, limit.clock] = ClockUse(limit.clock, limit.value, counted[key], frees)
    return found


def _pending(session: Session, wanted: _Wanted) -> _Found:
    out = spend_readings.pending_requests(session, _lanes(wanted))
    return {
        (lane_id, limit.kind, limit.clock): ClockUse(limit.clock, limit.value, out.get(lane_id, 0))
        for lane_id, limit in wanted
    }


def _lanes(wanted: _Wanted) -> Iterable[int]:
    return dict.fromkeys(lane_id for lane_id, _ in wanted)

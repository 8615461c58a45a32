"""When the next effect of one kind may begin, so that a day's limit spreads over the working time and is still reached.

A local day's working time may lie in pieces (an overnight window is cut at midnight, because the quota's day is the date
of the effect); the pieces laid end to end are what the day's limit is spread over. Each effect takes its share of the
slack that is left (the time until closing beyond what the remaining effects need at gap distance), times a jitter of 0.5
to 1.5 that is a hash of lane, kind, day and number: no burst at opening, never closer than the gap, no memory needed, the
same answer whenever it is asked, and never so late that the remaining ones would not fit.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from engine.rules.facts import Facts, WorkingHours
from engine.rules.hours import day_start, local_day, next_window, windows
from storage.kinds import QuotaClock

_MARGIN = timedelta(seconds=60)  # kept free before closing, so that a late tick does not lose the day's last effect
_LATE = timedelta(seconds=30)  # how late each effect may come (a busy worker, a slow server) without the limit being missed
_DAYS_AHEAD = 40  # a gap never asks for more; the longest provider freeze is a month
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class WorkDay:
    """The working time of one local date: pieces in order, each inside a window and inside the date."""

    day: date
    pieces: tuple[tuple[datetime, datetime], ...]

    @property
    def length(self) -> timedelta:
        return sum((ends - begins for begins, ends in self.pieces), _NOTHING)

    @property
    def ends(self) -> datetime:
        return self.pieces[-1][1]

    def worked(self, at: datetime) -> timedelta:
        """How much of the day's working time lies before `at`."""
        return sum((min(at, ends) - begins for begins, ends in self.pieces if begins < at), _NOTHING)

    def after(self, worked: timedelta) -> datetime:
        """The instant at which this much working time has passed; the next piece's beginning rather than a piece's end."""
        for begins, ends in self.pieces:
            if worked < ends - begins:
                return begins + worked
            worked -= ends - begins
        return self.ends


def next_start(facts: Facts, now: datetime) -> datetime | None:
    """The instant from which pacing lets the next effect begin (it may lie before `now`); None without hours ahead."""
    at, used, today = now, _used_today(facts), local_day(facts.hours, now)
    for _ in range(_DAYS_AHEAD):
        work = work_day_at(facts.hours, at)
        if work is None:
            return None
        start = _start_on(work, facts, used if work.day == today else 0)
        if start is not None:
            return start
        at = work.ends
    return None


@lru_cache(maxsize=4096)
def work_day_at(hours: WorkingHours, at: datetime) -> WorkDay | None:
    """The local day whose working time contains `at`, or the next one that has any left."""
    window = next_window(hours, at)
    if window is None:
        return None
    day = local_day(hours, max(at, window.opens))
    begin, end = day_start(hours.zone, day), day_start(hours.zone, day + timedelta(days=1))
    pieces = ((max(each.opens, begin), min(each.closes, end)) for each in windows(hours, begin, end))
    return WorkDay(day, tuple(pieces))


def _start_on(work: WorkDay, facts: Facts, used: int) -> datetime | None:
    """The instant on this day, None when the gap leads beyond it."""
    free = facts.last_effect_at + facts.gap if facts.last_effect_at is not None else None
    last = facts.last_of_kind_at
    base = work.worked(last + facts.gap) if last is not None else _NOTHING
    start = work.after(base + _share(work, facts, base, used))
    if free is not None and free > start:
        start = work.after(work.worked(free))
    return start if start < work.ends else None


def _share(work: WorkDay, facts: Facts, base: timedelta, used: int) -> timedelta:
    """How much of the day's slack the next effect takes."""
    room = work.length - base - _MARGIN
    limit = _day_limit(facts)
    if limit is None or limit <= used or room <= _NOTHING:
        return _NOTHING
    fitting = room // facts.gap + 1 if facts.gap > _NOTHING else limit
    remaining = min(limit - used, fitting)
    slack = room - (remaining - 1) * facts.gap
    # The half beside `remaining` leaves the last effect room on both of its sides; the share stays below 1.
    return max(slack / 2, slack - (remaining - 1) * _LATE) * _jitter(facts, work.day, used) / (remaining + 0.5)


def _jitter(facts: Facts, day: date, number: int) -> float:
    """0.5 to 1.5, by lane, kind, day and number."""
    name = f"{facts.pace_seed}|{facts.kind}|{day.isoformat()}|{number}".encode()
    return 0.5 + int.from_bytes(blake2b(name, digest_size=8).digest()) / 2**64


def _day_limit(facts: Facts) -> int | None:
    return next((use.limit for use in facts.uses or () if use.clock is QuotaClock.LOCAL_DAY), None)


def _used_today(facts: Facts) -> int:
    return next((use.used for use in facts.uses or () if use.clock is QuotaClock.LOCAL_DAY), 0)

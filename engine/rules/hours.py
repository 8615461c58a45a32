"""When an identity is at work: wall-clock hours in its own zone, turned into UTC windows through gaps and folds.

The contract: every instant inside a window shows a local wall-clock time inside the hours, and a window is one interval.
Where the clocks jump over the opening or closing, the instant of the jump takes its place. Where they go back over the
closing, the window closes at its *first* occurrence: after it the wall clock would leave the hours, and come back. Where
they go back over the opening, it opens at its *second* occurrence, because the first would let the clock fall back to
before the hours; only if it falls back to the opening itself does the first count (00:00 in Havana, in the Azores).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from engine.rules.facts import Window, WorkingHours

FARTHEST = 400  # days that are searched for the next window: a year and the longest holiday
MINUTES_A_DAY = 1440
_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def window_at(hours: WorkingHours, at: datetime) -> Window | None:
    """The window that contains `at`, if any."""
    day = local_day(hours, at)
    for candidate in (day, day - _DAY):
        window = _window_of(hours, candidate)
        if window is not None and window.opens <= at < window.closes:
            return window
    return None


@lru_cache(maxsize=4096)  # several gates ask of the same instant, and so do the lanes of one identity
def next_window(hours: WorkingHours, after: datetime) -> Window | None:
    """The window that contains `after` (UTC), else the next one to open; None when there is none within 400 days."""
    day = local_day(hours, after) - _DAY
    for _ in range(FARTHEST + 2):
        window = _window_of(hours, day)
        if window is not None and window.closes > after:
            return window
        day += _DAY
    return None


def windows(hours: WorkingHours, begin: datetime, end: datetime) -> Iterator[Window]:
    """Every window that intersects [begin, end), in order."""
    day = local_day(hours, begin) - _DAY
    last = local_day(hours, end)
    while day <= last:
        window = _window_of(hours, day)
        if window is not None and window.closes > begin and window.opens < end:
            yield window
        day += _DAY


def local_day(hours: WorkingHours, at: datetime) -> date:
    """The identity's calendar date at an instant: the day whose quota an effect at `at` spends."""
    return local_date(hours.zone, at)


@lru_cache(maxsize=4096)
def local_date(zone: ZoneInfo, at: datetime) -> date:
    """The calendar date that a wall clock of the zone shows at an instant."""
    return at.astimezone(zone).date()


@lru_cache(maxsize=65536)
def day_start(zone: ZoneInfo, day: date) -> datetime:
    """The first instant of a local date: after the gap where midnight does not exist, and the first of two midnights."""
    return _instant(zone, datetime.combine(day, time.min), second=False)


def problem(zone: str, days: Iterable[int], start: int, end: int) -> str | None:
    """One sentence that says why these hours are impossible and what to do; None when they are possible."""
    chosen = set(days)
    if zone not in available_timezones():
        return f"“{zone}” is not a time zone; choose one such as Europe/Madrid."
    if not chosen:
        return "No day is active, so nothing would ever run; choose at least one day."
    if not chosen <= set(range(1, 8)):
        return "A day of the week is unknown; choose among Monday to Sunday."
    if not (0 <= start < MINUTES_A_DAY and 0 < end <= MINUTES_A_DAY):
        return "A time lies outside the day; use 00:00 to 23:59 for the start and up to 24:00 for the end."
    if start == end:
        return "The start and the end are the same, so the window would be empty; for a whole day use 00:00 to 24:00."
    return None


def _window_of(hours: WorkingHours, day: date) -> Window | None:
    if day.isoweekday() not in hours.days or day in hours.holidays:
        return None
    return _window(hours.zone, day, hours.start, hours.end)


@lru_cache(maxsize=65536)
def _window(zone: ZoneInfo, day: date, start: int, end: int) -> Window | None:
    last = day if end > start else day + _DAY
    closes = _instant(zone, _wall(last, end), second=False)
    opens, again = (_instant(zone, _wall(day, start), second=second) for second in (False, True))
    # When both times lie in one fold, the first pass through it is the window.
    if opens < again < closes and _falls_back_before(zone, opens, again, start):
        opens = again
    return Window(opens, closes, day) if opens < closes and _exists(zone, day) else None


def _falls_back_before(zone: ZoneInfo, opens: datetime, again: datetime, start: int) -> bool:
    """Whether the fold between two occurrences of the opening leads to a wall-clock time before it."""
    back = _jump(zone, opens, again).astimezone(zone)
    return (back.hour * 60 + back.minute) % MINUTES_A_DAY != start


def _wall(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time.min) + timedelta(minutes=minutes)


def _instant(zone: ZoneInfo, wall: datetime, *, second: bool) -> datetime:
    """The UTC instant of a wall-clock time; of an ambiguous one the first or second, of a missing one the jump."""
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if early > late:
        return _jump(zone, late, early)
    return late if second else early


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant in (before, after] at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _exists(zone: ZoneInfo, day: date) -> bool:
    """False for a date that the zone skipped (Apia, 30 December 2011)."""
    return day_start(zone, day).astimezone(zone).date() == day

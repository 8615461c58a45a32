"""Laws of working hours over whole years in awkward zones, and an independent library's opinion of the same hours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from opening_hours import OpeningHours

from engine.rules.facts import WorkingHours
from engine.rules.hours import day_start, local_day, next_window, window_at, windows
from tests.rules.situations import AWKWARD, EVERY_DAY, WEEKDAYS, hours, inside_wall_clock

# start, end, days: a working day, a night, nights that begin or end where clocks change, a whole day, half hours
SHAPES = [
    (9 * 60, 18 * 60, WEEKDAYS),
    (22 * 60, 6 * 60, WEEKDAYS),
    (0, 150, EVERY_DAY),
    (23 * 60 + 30, 45, EVERY_DAY),
    (0, 1440, frozenset({1, 3, 6, 7})),
    (105, 104, EVERY_DAY),
]
YEARS = [(zone, 2026) for zone in (*AWKWARD, "Europe/Madrid", "Africa/Casablanca")] + [("Pacific/Apia", 2011)]
QUARTER = timedelta(minutes=15)


@cache
def transitions(zone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """The instants at which the zone's offset changes in a year (to the minute), and by how much."""
    local = ZoneInfo(zone)
    found = []
    for before, after in pairwise(_every(year, QUARTER)):
        change = (after.astimezone(local).utcoffset() or QUARTER) - (before.astimezone(local).utcoffset() or QUARTER)
        if change:
            found.append((after, change))
    return tuple(found)


def _every(year: int, step: timedelta) -> Iterator[datetime]:
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        yield at
        at += step


def instants(zone: str, year: int) -> Iterator[datetime]:
    """Every 37 minutes of the year, and every minute of the hours around its clock changes."""
    yield from _every(year, timedelta(minutes=37))
    for change, _ in transitions(zone, year):
        yield from (change + timedelta(minutes=number) for number in range(-400, 400))


def lost_to_a_fold(zone: str, year: int, at: datetime) -> bool:
    """Whether `at` lies in the two passes of a fold, where one interval cannot hold every matching wall-clock time."""
    return any(change < timedelta(0) and when + change <= at < when - change for when, change in transitions(zone, year))


@pytest.mark.parametrize(("zone", "year"), YEARS)
@pytest.mark.parametrize(("start", "end", "days"), SHAPES)
def test_the_wall_clock_inside_a_window_is_inside_the_hours_and_nothing_else_is_lost(
    zone: str, year: int, start: int, end: int, days: frozenset[int]
) -> None:
    at_work = hours(zone, start, end, days)
    for at in instants(zone, year):
        window, shown = window_at(at_work, at), inside_wall_clock(at_work, at)
        if window is not None:
            assert shown, f"{at} is in {window} and the clock says {at.astimezone(at_work.zone)}"
        elif shown:
            # The morning after the skipped 30 December belongs to a night that never began.
            skipped = year == 2011 and at.astimezone(at_work.zone).date().isoformat() == "2011-12-31"
            assert lost_to_a_fold(zone, year, at) or skipped, f"{at} is lost: {at.astimezone(at_work.zone)}"


@pytest.mark.parametrize(("zone", "year"), YEARS)
@pytest.mark.parametrize(("start", "end", "days"), SHAPES)
def test_windows_follow_each_other_and_next_window_finds_each(
    zone: str, year: int, start: int, end: int, days: frozenset[int]
) -> None:
    at_work = hours(zone, start, end, days)
    found = list(windows(at_work, datetime(year, 1, 2, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC)))
    jumps = {when for when, _ in transitions(zone, year)}
    for each in found:
        assert each.opens < each.closes
        # Saturday's 23:30 that a jump to Sunday 00:00 swallows (Nuuk) is still Saturday's window.
        assert local_day(at_work, each.opens) == each.day or each.opens in jumps
    for earlier, later in pairwise(found):
        assert earlier.closes <= later.opens
        for at in (earlier.opens, earlier.closes - timedelta(microseconds=1)):
            assert next_window(at_work, at) == window_at(at_work, at) == earlier
        assert next_window(at_work, earlier.closes) == later


@pytest.mark.parametrize(("zone", "year"), YEARS)
def test_a_local_day_begins_with_its_first_instant(zone: str, year: int) -> None:
    at_work = hours(zone)
    day = datetime(year, 1, 1, tzinfo=UTC).date()
    while day.year == year:
        begins = day_start(at_work.zone, day)
        assert local_day(at_work, begins - timedelta(microseconds=1)) < day
        assert local_day(at_work, begins) == day or (zone, day.isoformat()) == ("Pacific/Apia", "2011-12-30")
        day += timedelta(days=1)


@pytest.mark.parametrize(("zone", "year"), YEARS)
@pytest.mark.parametrize(("start", "end", "days"), SHAPES)
def test_an_independent_library_differs_only_inside_a_fold(
    zone: str, year: int, start: int, end: int, days: frozenset[int]
) -> None:
    """opening-hours-py opens and closes at the *second* occurrence of an ambiguous time; we close at the first, so that
    the wall clock never leaves the hours inside a window, and open at the first where it falls back to the opening."""
    at_work = hours(zone, start, end, days)
    begin, end_of_year = datetime(year, 1, 3, tzinfo=UTC), datetime(year, 12, 29, tzinfo=UTC)
    ours = _merged((each.opens, each.closes) for each in windows(at_work, begin, end_of_year))
    theirs = _merged(_their_intervals(at_work, begin, end_of_year))
    for opens, closes in _differences(ours, theirs, begin, end_of_year):
        folds = [when for when, change in transitions(zone, year) if change < timedelta(0)]
        span = timedelta(hours=2)
        assert any(when - span <= opens and closes <= when + span for when in folds), (opens, closes)


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_the_next_opening_is_the_independent_librarys_next_change(zone: str) -> None:
    at_work = hours(zone, 9 * 60, 17 * 60 + 30)
    theirs = _theirs(at_work)
    for at in _every(2026, timedelta(hours=7, minutes=13)):
        window = next_window(at_work, at)
        assert window is not None
        change = theirs.next_change(at.astimezone(at_work.zone))
        assert change.astimezone(UTC) == (window.closes if theirs.is_open(at.astimezone(at_work.zone)) else window.opens)


def _theirs(at_work: WorkingHours) -> OpeningHours:
    names = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
    days = ",".join(names[day - 1] for day in sorted(at_work.days))
    begin, end = (f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (at_work.start, at_work.end))
    return OpeningHours(f"{days} {begin}-{end}", timezone=at_work.zone)


def _their_intervals(at_work: WorkingHours, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    zone = at_work.zone
    for opens, closes, state, _ in _theirs(at_work).intervals(begin.astimezone(zone), end.astimezone(zone)):
        if str(state).lower().endswith("open"):
            yield opens.astimezone(UTC), closes.astimezone(UTC)


Span = tuple[datetime, datetime]


def _merged(spans: Iterator[Span]) -> list[Span]:
    joined: list[Span] = []
    for opens, closes in spans:
        if joined and joined[-1][1] >= opens:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        elif opens < closes:
            joined.append((opens, closes))
    return joined


def _differences(ours: list[Span], theirs: list[Span], begin: datetime, end: datetime) -> list[Span]:
    """Where exactly one of the two is open, within [begin, end)."""
    edges = sorted({edge for span in (*ours, *theirs) for edge in span if begin < edge < end} | {begin, end})
    return [(a, b) for a, b in pairwise(edges) if _open(ours, a) != _open(theirs, a)]


def _open(spans: list[Span], at: datetime) -> bool:
    return any(opens <= at < closes for opens, closes in spans)

"""Working hours as instants: one table per kind of night."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.rules.hours import day_start, local_day, next_window, problem, window_at, windows
from tests.rules.situations import EVERY_DAY, MONDAY, hours, utc

# zone, start, end, local date on which it opens, opens (UTC), closes (UTC)
NIGHTS = [
    # --- gaps: the clock jumps over the opening or the closing
    ("Europe/Madrid", 150, 1080, "2026-03-29", "2026-03-29 01:00", "2026-03-29 16:00"),  # 02:30 does not exist: 03:00
    ("Europe/Madrid", 1320, 150, "2026-03-28", "2026-03-28 21:00", "2026-03-29 01:00"),  # closes 02:30: at the jump
    ("Europe/Madrid", 135, 165, "2026-03-29", None, None),  # 02:15–02:45 does not exist at all
    ("Africa/Cairo", 0, 360, "2026-04-24", "2026-04-23 22:00", "2026-04-24 03:00"),  # no midnight: opens 01:00
    ("Africa/Cairo", 0, 1440, "2026-04-23", "2026-04-22 22:00", "2026-04-23 22:00"),  # closes where midnight would be
    ("America/Havana", 0, 360, "2026-03-08", "2026-03-08 05:00", "2026-03-08 10:00"),
    ("America/Santiago", 30, 360, "2026-09-06", "2026-09-06 04:00", "2026-09-06 09:00"),  # 00:30 does not exist
    ("America/Santiago", 1200, 30, "2026-09-05", "2026-09-06 00:00", "2026-09-06 04:00"),
    ("Asia/Beirut", 1320, 360, "2026-03-28", "2026-03-28 20:00", "2026-03-29 03:00"),  # a night of seven hours
    ("Atlantic/Azores", 0, 60, "2026-03-29", None, None),  # the whole window lies in the gap
    ("America/Nuuk", 1395, 60, "2026-03-28", "2026-03-29 01:00", "2026-03-29 02:00"),  # 23:15 jumps to Sunday 00:00
    ("Australia/Lord_Howe", 135, 600, "2026-10-04", "2026-10-03 15:30", "2026-10-03 23:00"),  # half an hour: 02:30
    ("Antarctica/Troll", 120, 300, "2026-03-29", "2026-03-29 01:00", "2026-03-29 03:00"),  # two hours: 03:00
    # --- folds: the clock shows the opening or the closing twice
    ("Europe/Madrid", 150, 1080, "2026-10-25", "2026-10-25 01:30", "2026-10-25 17:00"),  # the second 02:30
    ("Europe/Madrid", 120, 1080, "2026-10-25", "2026-10-25 00:00", "2026-10-25 17:00"),  # back to 02:00: the first
    ("Europe/Madrid", 1320, 150, "2026-10-24", "2026-10-24 20:00", "2026-10-25 00:30"),  # closes at the first 02:30
    ("Europe/Madrid", 1320, 180, "2026-10-24", "2026-10-24 20:00", "2026-10-25 02:00"),  # 03:00 comes once
    ("Europe/Madrid", 135, 165, "2026-10-25", "2026-10-25 00:15", "2026-10-25 00:45"),  # the first pass
    ("Africa/Cairo", 1410, 360, "2026-10-29", "2026-10-29 21:30", "2026-10-30 04:00"),  # the second 23:30
    ("Africa/Cairo", 540, 1410, "2026-10-29", "2026-10-29 06:00", "2026-10-29 20:30"),  # the first 23:30
    ("Africa/Cairo", 540, 1440, "2026-10-29", "2026-10-29 06:00", "2026-10-29 22:00"),  # midnight comes once
    ("America/Havana", 0, 360, "2026-11-01", "2026-11-01 04:00", "2026-11-01 11:00"),  # two midnights: the first
    ("America/Havana", 1200, 0, "2026-10-31", "2026-11-01 00:00", "2026-11-01 04:00"),  # closes at the first
    ("America/Santiago", 0, 1440, "2026-04-04", "2026-04-04 03:00", "2026-04-05 04:00"),  # a day of 25 hours
    ("Asia/Beirut", 1380, 120, "2026-10-24", "2026-10-24 20:00", "2026-10-25 00:00"),  # back to 23:00: four hours
    ("Atlantic/Azores", 0, 1440, "2026-10-25", "2026-10-25 00:00", "2026-10-26 01:00"),
    ("America/Nuuk", 1380, 60, "2026-10-24", "2026-10-25 00:00", "2026-10-25 03:00"),
    ("Australia/Lord_Howe", 105, 600, "2026-04-05", "2026-04-04 15:15", "2026-04-04 23:30"),  # the second 01:45
    ("Antarctica/Troll", 90, 300, "2026-10-25", "2026-10-25 01:30", "2026-10-25 05:00"),  # two hours apart
    # --- nothing changes, but the offset or the date is odd
    ("Asia/Kathmandu", 540, 1080, "2026-03-29", "2026-03-29 03:15", "2026-03-29 12:15"),
    ("Pacific/Apia", 540, 1080, "2026-11-24", "2026-11-23 20:00", "2026-11-24 05:00"),
    ("Pacific/Apia", 540, 1080, "2011-12-30", None, None),  # the day that was skipped
    ("Pacific/Apia", 1320, 360, "2011-12-30", None, None),
    ("Pacific/Apia", 1320, 360, "2011-12-29", "2011-12-30 08:00", "2011-12-30 10:00"),  # to 24:00, then it is the 31st
]


@pytest.mark.parametrize(("zone", "start", "end", "day", "opens", "closes"), NIGHTS)
def test_a_window_opens_and_closes(zone: str, start: int, end: int, day: str, opens: str | None, closes: str | None) -> None:
    at_work = hours(zone, start, end, EVERY_DAY)
    opening = date.fromisoformat(day)
    around = datetime(opening.year, opening.month, opening.day, tzinfo=UTC)
    found = {each.day: each for each in windows(at_work, around - timedelta(days=3), around + timedelta(days=3))}
    if opens is None or closes is None:
        assert opening not in found
    else:
        assert (found[opening].opens, found[opening].closes) == (utc(opens), utc(closes))


# zone, local date, its first instant
DAY_STARTS = [
    ("Europe/Madrid", "2026-03-29", "2026-03-28 23:00"),
    ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00"),  # 01:00, midnight does not exist
    ("America/Havana", "2026-03-08", "2026-03-08 05:00"),  # 01:00
    ("America/Havana", "2026-11-01", "2026-11-01 04:00"),  # the first of two midnights
    ("America/Santiago", "2026-04-05", "2026-04-05 04:00"),  # after the second 23:00–24:00 of the 4th
    ("Atlantic/Azores", "2026-10-25", "2026-10-25 00:00"),
    ("America/Nuuk", "2026-03-29", "2026-03-29 01:00"),
    ("Asia/Kathmandu", "2026-01-01", "2025-12-31 18:15"),
    ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00"),
    ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00"),  # skipped: what comes in its place
]


@pytest.mark.parametrize(("zone", "day", "begins"), DAY_STARTS)
def test_a_local_day_begins(zone: str, day: str, begins: str) -> None:
    assert day_start(ZoneInfo(zone), date.fromisoformat(day)) == utc(begins)


def test_a_window_contains_its_opening_and_not_its_closing() -> None:
    at_work = hours()
    window = window_at(at_work, MONDAY)
    assert window is not None
    assert window_at(at_work, window.opens) == window
    assert window_at(at_work, window.opens - timedelta(microseconds=1)) is None
    assert window_at(at_work, window.closes - timedelta(microseconds=1)) == window
    assert window_at(at_work, window.closes) is None


def test_an_overnight_window_belongs_to_the_day_it_opens_on() -> None:
    friday_night = hours(start=22 * 60, end=6 * 60, days=frozenset({5}))
    window = window_at(friday_night, utc("2026-11-28 03:00"))  # Saturday 04:00 in Madrid
    assert window is not None
    assert window.day == date(2026, 11, 27)


def test_a_holiday_keeps_its_window_shut_and_not_the_night_that_runs_into_it() -> None:
    at_work = hours(start=22 * 60, end=6 * 60, days=EVERY_DAY, off=[date(2026, 12, 25)])
    found = [each.day.day for each in windows(at_work, utc("2026-12-24 12:00"), utc("2026-12-27 00:00"))]
    assert found == [24, 26]
    assert window_at(at_work, utc("2026-12-25 03:00")) is not None


def test_the_next_window_after_a_weekend_and_a_holiday() -> None:
    at_work = hours(off=[date(2026, 11, 30)])
    window = next_window(at_work, utc("2026-11-27 17:00"))  # Friday 18:00, closing time
    assert window is not None
    assert window.opens == utc("2026-12-01 08:00")


def test_no_window_within_400_days_is_none() -> None:
    off = [MONDAY.date() + timedelta(days=number) for number in range(-1, 402)]
    assert next_window(hours(off=off), MONDAY) is None
    assert next_window(hours(off=off[:300]), MONDAY) is not None


def test_the_local_day_of_an_instant() -> None:
    assert local_day(hours("Pacific/Apia"), utc("2026-11-23 12:00")) == date(2026, 11, 24)
    assert local_day(hours("America/Havana"), utc("2026-11-23 04:59")) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("zone", "days", "start", "end", "words"),
    [
        ("Europe/Madrd", {1}, 540, 1080, "“Europe/Madrd” is not a time zone"),
        ("", {1}, 540, 1080, "is not a time zone"),
        ("../etc/passwd", {1}, 540, 1080, "is not a time zone"),
        ("Europe/Madrid", set(), 540, 1080, "No day is active"),
        ("Europe/Madrid", {0, 1}, 540, 1080, "A day of the week is unknown"),
        ("Europe/Madrid", {8}, 540, 1080, "A day of the week is unknown"),
        ("Europe/Madrid", {1}, -1, 1080, "A time lies outside the day"),
        ("Europe/Madrid", {1}, 1440, 1080, "A time lies outside the day"),
        ("Europe/Madrid", {1}, 540, 0, "A time lies outside the day"),
        ("Europe/Madrid", {1}, 540, 1441, "A time lies outside the day"),
        ("Europe/Madrid", {1}, 540, 540, "The start and the end are the same"),
    ],
)
def test_impossible_hours_get_a_sentence(zone: str, days: set[int], start: int, end: int, words: str) -> None:
    assert words in (problem(zone, days, start, end) or "")


@pytest.mark.parametrize(("start", "end"), [(540, 1080), (0, 1440), (1320, 360), (1439, 1), (600, 599)])
def test_possible_hours_have_no_problem(start: int, end: int) -> None:
    assert problem("Europe/Madrid", [1, 2], start, end) is None

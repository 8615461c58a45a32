"""Never over, and the limit is reached: lanes at work for days, for every limit and gap that fits the hours."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules.facts import WorkingHours
from tests.rules.situations import AWKWARD, EVERY_DAY, MONDAY, Lane, facts, hours, inside_wall_clock, utc

SUNDAY = utc("2026-11-22 00:00")
SHAPES = {
    "a working day": (540, 1080),
    "a night": (22 * 60, 6 * 60),
    "over midnight": (16 * 60, 2 * 60),
    "always": (0, 1440),
}


def work_days(lane: Lane, days: int) -> list[int]:
    """How many effects each whole local date had; the laws of every effect are asserted on the way."""
    at_work = lane.base.hours
    effects = list(lane.work(SUNDAY, SUNDAY + timedelta(days=days + 2)))
    assert all(inside_wall_clock(at_work, at) for at in effects)
    assert all(later - earlier >= lane.base.gap for earlier, later in pairwise(effects))
    first = (SUNDAY + timedelta(days=1)).date()
    return [len(lane.on(first + timedelta(days=number))) for number in range(days)]


def length(at_work: WorkingHours) -> timedelta:
    return timedelta(minutes=(at_work.end - at_work.start) % 1440 or 1440)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("gap", [60, 120, 300, 600, 900])
def test_every_limit_that_fits_is_reached_and_never_passed(shape: tuple[int, int], gap: int) -> None:
    at_work = hours(start=shape[0], end=shape[1], days=EVERY_DAY)
    for limit in (*range(1, 12), *range(12, 101, 8), 99, 100):
        if limit * timedelta(seconds=gap) <= length(at_work):
            lane = Lane(facts(hours=at_work, gap=timedelta(seconds=gap), pace_seed=f"lane:{limit}"), limit)
            assert work_days(lane, 2) == [limit, limit]


@pytest.mark.parametrize(("limit", "gap"), [(36, 900), (54, 600), (100, 324), (540, 60)])
def test_a_limit_that_fits_exactly_is_reached(limit: int, gap: int) -> None:
    lane = Lane(facts(hours=hours(days=EVERY_DAY), gap=timedelta(seconds=gap)), limit)
    assert work_days(lane, 2) == [limit, limit]


@pytest.mark.parametrize("limit", [1, 2, 20, 50])
def test_a_worker_that_comes_seconds_late_still_reaches_the_limit(limit: int) -> None:
    lane = Lane(facts(hours=hours(days=EVERY_DAY)), limit, late=lambda number: timedelta(seconds=number * 7 % 31))
    assert work_days(lane, 3) == [limit, limit, limit]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    zone=st.sampled_from(AWKWARD),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
    limit=st.integers(1, 60),
    gap=st.integers(60, 900),
    seed=st.integers(0, 10_000),
)
def test_any_hours_limit_and_gap(zone: str, start: int, end: int, limit: int, gap: int, seed: int) -> None:
    at_work = hours(zone, start, end if end != start else 1440, EVERY_DAY)
    lane = Lane(facts(hours=at_work, gap=timedelta(seconds=gap), pace_seed=f"lane:{seed}"), limit)
    counts = work_days(lane, 2)
    assert max(counts) <= limit
    if limit * timedelta(seconds=gap) <= length(at_work):
        assert counts == [limit, limit]


def test_what_does_not_fit_fills_the_window_to_the_last_place() -> None:
    for gap in (600, 700, 900):
        lane = Lane(facts(hours=hours(days=EVERY_DAY), gap=timedelta(seconds=gap)), 500)
        assert work_days(lane, 2) == [-(-9 * 3600 // gap)] * 2


def test_the_same_facts_make_the_same_day() -> None:
    first, second = (list(Lane(facts(), 20).work(MONDAY, MONDAY + timedelta(days=4))) for _ in range(2))
    assert first == second

"""When the next effect may begin: spread, jittered, never closer than the gap, and stable."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import quantiles

import pytest

from engine.rules.facts import ClockUse, Facts, Run, Wait
from engine.rules.pacing import next_start, work_day_at
from engine.rules.permit import permit
from storage.kinds import ActionKind, LinkedInState, QuotaClock, Reason
from tests.rules.situations import EVERY_DAY, MONDAY, Lane, facts, hours, utc

OPENING = utc("2026-11-23 08:00")
CLOSING = utc("2026-11-23 17:00")
NOON = utc("2026-11-23 11:00")
TUESDAY = utc("2026-11-24 00:00")
GAP = timedelta(minutes=10)


def used(number: int, limit: int = 20) -> tuple[ClockUse, ...]:
    return (ClockUse(QuotaClock.LOCAL_DAY, limit, number),)


def day_of(lane: Lane, begin: datetime = OPENING - timedelta(hours=8)) -> list[datetime]:
    return list(lane.work(begin, begin + timedelta(days=1)))


def shares(effects: list[datetime]) -> list[float]:
    """Where in the day's nine hours the quartiles of the effects lie."""
    return quantiles([(at - OPENING) / (CLOSING - OPENING) for at in effects], n=4)


def test_the_first_effect_is_not_at_the_opening_and_differs_between_lanes() -> None:
    firsts = {next_start(facts(pace_seed=f"lane:{number}"), OPENING) for number in range(200)}
    assert len(firsts) == 200
    assert min(first for first in firsts if first) > OPENING + timedelta(minutes=4)
    assert max(first for first in firsts if first) < OPENING + timedelta(minutes=30)


@pytest.mark.parametrize("limit", [4, 8, 20, 40, 50])
def test_a_days_limit_is_spread_over_the_whole_window(limit: int) -> None:
    lanes = [day_of(Lane(facts(pace_seed=f"lane:{number}"), limit)) for number in range(20)]
    assert all(len(effects) == limit for effects in lanes)
    lower, middle, upper = shares([at for effects in lanes for at in effects])
    assert 0.15 < lower < 0.35
    assert 0.40 < middle < 0.62
    assert 0.65 < upper < 0.88


def test_two_days_and_two_lanes_never_keep_the_same_times() -> None:
    lane = Lane(facts(), 20)
    monday = [at - OPENING for at in day_of(lane)]
    tuesday = [at - OPENING - timedelta(days=1) for at in day_of(lane, TUESDAY)]
    assert not set(monday) & set(tuesday)


def test_effects_of_a_lane_are_never_closer_than_its_gap() -> None:
    effects = day_of(Lane(facts(), 500))
    assert min(later - earlier for earlier, later in pairwise(effects)) >= GAP
    assert len(effects) == 54  # nine hours of ten minutes: as many as fit


def test_the_gap_counts_from_any_kind_of_effect_of_the_lane() -> None:
    message = facts(
        kind=ActionKind.LINKEDIN_MESSAGE,
        linkedin=LinkedInState.CONNECTED,
        uses=used(0, 100),
        gap=timedelta(seconds=60),
        last_effect_at=NOON,  # a connection request
    )
    assert next_start(message, NOON) == NOON + timedelta(seconds=60)


def test_a_campaign_launched_late_starts_at_once_and_then_keeps_the_gap() -> None:
    late = CLOSING - timedelta(hours=2)
    lane = Lane(facts(), 20)
    effects = list(lane.work(late, CLOSING))
    assert effects[0] == late
    assert len(effects) == 12  # two hours of ten minutes


def test_a_lane_with_room_spreads_what_is_left_of_the_afternoon() -> None:
    effects = list(Lane(facts(gap=timedelta(minutes=1)), 8).work(CLOSING - timedelta(hours=4), CLOSING))
    assert effects[0] == CLOSING - timedelta(hours=4)
    assert len(effects) == 8
    assert effects[4] > CLOSING - timedelta(hours=3)


def test_yesterdays_backlog_is_not_caught_up_beyond_todays_limit() -> None:
    lane = Lane(facts(), 20)
    list(lane.work(CLOSING - timedelta(minutes=30), CLOSING))  # three of twenty on Monday
    assert len(day_of(lane, TUESDAY)) == 20


def test_a_limit_lowered_at_noon_is_never_passed_and_the_rest_is_spread_anew() -> None:
    lane = Lane(facts(), 40)
    morning = len(list(lane.work(OPENING, NOON)))
    lane.day_limit = morning + 5
    effects = list(lane.work(NOON, CLOSING))
    assert len(effects) == 5
    assert effects[-1] > NOON + timedelta(hours=3)
    lane.day_limit = morning
    assert isinstance(permit(lane.facts(CLOSING - timedelta(minutes=1)), CLOSING - timedelta(minutes=1)), Wait)


def test_a_limit_raised_at_noon_is_reached() -> None:
    lane = Lane(facts(), 10)
    list(lane.work(OPENING, NOON))
    lane.day_limit = 30
    list(lane.work(NOON, CLOSING))
    assert len(lane.effects) == 30


def test_a_zone_changed_at_noon_keeps_gap_and_hours_and_limit() -> None:
    lane = Lane(facts(), 20)
    before = len(list(lane.work(OPENING, NOON)))
    lane.base = replace(lane.base, hours=hours("America/New_York"))  # where it is 06:00 now
    after = list(lane.work(NOON, NOON + timedelta(hours=16)))
    assert before + len(after) == 20
    assert after[0] >= utc("2026-11-23 14:00")  # 09:00 in New York
    assert after[0] - lane.effects[before - 1] >= GAP


def test_an_overnight_window_spreads_each_dates_limit_over_both_of_its_pieces() -> None:
    """Open 16:00 to 02:00: a date's two hours after midnight must not take the whole date's limit."""
    lane = Lane(facts(hours=hours(start=16 * 60, end=2 * 60, days=EVERY_DAY)), 30)
    effects = list(lane.work(utc("2026-11-22 23:00"), utc("2026-11-23 23:00")))
    early = [at for at in effects if at < utc("2026-11-23 01:00")]
    assert len(effects) == 30
    assert 3 <= len(early) <= 9


def test_a_work_day_is_cut_at_midnight() -> None:
    work = work_day_at(hours(start=22 * 60, end=6 * 60, days=EVERY_DAY), utc("2026-11-23 12:00"))
    assert work is not None
    assert work.day == date(2026, 11, 23)
    assert work.pieces == (
        (utc("2026-11-22 23:00"), utc("2026-11-23 05:00")),
        (utc("2026-11-23 21:00"), utc("2026-11-23 23:00")),
    )


def test_asking_earlier_gives_the_same_time_and_at_that_time_it_runs() -> None:
    lane = Lane(facts(), 20)
    list(lane.work(OPENING, NOON))
    known = lane.facts(NOON)
    promised = next_start(known, NOON)
    assert promised is not None
    assert {next_start(known, NOON + (promised - NOON) * part / 7) for part in range(8)} == {promised}
    assert isinstance(permit(known, promised - timedelta(microseconds=1)), Wait)
    assert isinstance(permit(known, promised), Run)


def test_asked_on_another_day_what_was_used_today_does_not_count() -> None:
    tomorrow = next_start(facts(uses=used(19)), CLOSING)
    assert tomorrow is not None
    assert tomorrow == next_start(facts(uses=used(0)), TUESDAY)


def test_a_gap_longer_than_the_day_leads_to_another_day() -> None:
    weekly = facts(gap=timedelta(days=4), last_effect_at=MONDAY, last_of_kind_at=MONDAY)
    friday = next_start(weekly, MONDAY)
    assert friday is not None
    assert friday >= MONDAY + timedelta(days=4)
    assert friday.date() == date(2026, 11, 27)
    over_the_weekend = facts(gap=timedelta(days=5), last_effect_at=MONDAY, last_of_kind_at=MONDAY)
    start = next_start(over_the_weekend, MONDAY)
    assert start is not None
    assert start.date() == date(2026, 11, 30)


def test_without_hours_pacing_knows_no_time() -> None:
    off = [MONDAY.date() + timedelta(days=number) for number in range(-1, 405)]
    assert next_start(facts(hours=hours(off=off)), MONDAY) is None


def test_without_a_day_limit_only_the_gap_counts() -> None:
    free = facts(uses=(), last_effect_at=NOON, last_of_kind_at=NOON)
    assert next_start(free, NOON) == NOON + GAP
    assert permit(free, NOON) == Wait(Reason.PACING, NOON + GAP)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia"])
def test_a_night_of_clock_changes_keeps_gap_and_limit(zone: str) -> None:
    """A whole day each, so that 23-, 24- and 25-hour days all lie inside the window."""
    for first in (datetime(2026, month, day, tzinfo=UTC) for month in (3, 4, 10, 11) for day in (1, 26)):
        base: Facts = facts(hours=hours(zone, 0, 1440, EVERY_DAY))
        lane = Lane(base, 24)
        list(lane.work(first, first + timedelta(days=9)))
        days = sorted({at.astimezone(base.hours.zone).date() for at in lane.effects})
        assert len(days) >= 9
        assert [len(lane.on(day)) for day in days[1:-1]] == [24] * (len(days) - 2)
        assert min(later - earlier for earlier, later in pairwise(lane.effects)) >= GAP

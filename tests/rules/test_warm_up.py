"""The warm-up's plan: the curve, its fixed variation, the choice of partners, what a pause costs, and the planned end."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import warm_up as rules
from engine.rules.facts import WorkingHours
from engine.rules.warm_up import Partner
from storage.kinds import WarmUpPreset

MADRID = WorkingHours(ZoneInfo("Europe/Madrid"), frozenset({1, 2, 3, 4, 5}), 9 * 60, 18 * 60)
MONDAY = date(2026, 11, 23)
names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
addresses = st.builds("{}@{}.test".format, names, st.sampled_from("abcde"))
dates = st.dates(date(2026, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("preset", "figures"),
    [
        (WarmUpPreset.USUAL, [5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 30, 30]),
        (WarmUpPreset.SLOWER, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15]),
        (WarmUpPreset.FASTER, [8, 11, 14, 17, 20, 23, 26, 29, 30, 30, 30, 30, 30, 30, 30]),
    ],
)
def test_the_curve_rises_to_its_most(preset: WarmUpPreset, figures: list[int]) -> None:
    assert [rules.planned(preset, day) for day in range(1, 16)] == figures


@given(st.sampled_from(WarmUpPreset), st.integers(1, 30), addresses, dates)
def test_the_variation_is_fixed_within_ten_percent_and_never_above_the_most(
    preset: WarmUpPreset, day: int, address: str, on: date
) -> None:
    figure = rules.varied(preset, day, address, on)
    plan = rules.planned(preset, day)
    assert figure == rules.varied(preset, day, address, on)
    assert abs(figure - plan) <= plan * 0.1
    assert figure <= rules.RAMPS[preset].most


@given(st.integers(1, 20), addresses, dates, st.integers(0, 100))
def test_a_small_pool_shrinks_the_target_and_says_why(day: int, address: str, on: date, partners: int) -> None:
    target = rules.target(WarmUpPreset.USUAL, day, address, on, partners)
    assert target.mails <= target.planned
    assert (target.mails < target.planned) == bool(target.sentence)
    assert target.mails <= max(2, partners)


@given(st.integers(0, 30), st.integers(0, 40))
def test_openers_leave_room_for_the_replies(mails: int, waiting: int) -> None:
    openers = rules.openers(mails, waiting)
    assert 0 <= openers <= mails
    assert openers + waiting <= mails or waiting >= mails or openers == 1


@given(st.lists(st.tuples(addresses, st.integers(0, 40), st.booleans()), unique_by=lambda one: one[0]), st.integers(0, 40))
def test_nobody_is_overloaded_or_written_to_on_two_days_running(drawn: list[tuple[str, int, bool]], number: int) -> None:
    partners = [Partner(turn, address, gets, rests) for turn, (address, gets, rests) in enumerate(drawn)]
    chosen = Counter(rules.choose("me@a.test", partners, number, MONDAY))
    assert chosen.total() <= number
    for one in partners:
        assert chosen[one.mailbox_id] <= rules.A_DAY_BETWEEN_TWO
        assert chosen[one.mailbox_id] + min(one.gets, rules.MOST) <= rules.MOST
        assert not (one.rests and chosen[one.mailbox_id])


def test_other_domains_come_first() -> None:
    partners = [Partner(turn, f"p{turn}@{'a' if turn < 10 else 'b'}.test") for turn in range(20)]
    assert all(one >= 10 for one in rules.choose("me@a.test", partners, 10, MONDAY))


@pytest.mark.parametrize(
    ("day", "hours", "then"),
    [(6, 1, 6), (6, 72, 6), (6, 73, 5), (6, 24 * 5, 4), (2, 24 * 30, 1), (1, 24 * 30, 1), (14, 24 * 4, 13)],
)
def test_a_short_pause_keeps_the_day_and_a_long_one_steps_back(day: int, hours: int, then: int) -> None:
    assert rules.day_after_pause(day, timedelta(hours=hours)) == then


def test_three_in_ten_are_answered_and_each_is_read_after_a_human_delay() -> None:
    ids = [f"<{number}@a.test>" for number in range(5_000)]
    assert 0.27 < sum(map(rules.wants_reply, ids)) / len(ids) < 0.33
    assert all(timedelta(minutes=4) <= rules.read_after(one) <= timedelta(minutes=75) for one in ids)


def test_the_planned_end_counts_days_of_work_only() -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)  # Monday, 11:00 in Madrid
    assert rules.last_day(MADRID, now, 1, True) == date(2026, 12, 10)  # 13 more working days, two weekends
    assert rules.last_day(MADRID, now, 0, False) == date(2026, 12, 10)
    assert rules.last_day(MADRID, now, 14, True) == MONDAY


def test_each_month_that_a_warm_up_touches_is_charged_once() -> None:
    assert list(rules.months_charged(date(2026, 11, 30), date(2027, 1, 1))) == [(2026, 11), (2026, 12), (2027, 1)]


def test_sixty_days_of_five_hundred_addresses_stay_even_and_spread() -> None:
    """Partner load, domain spread and the plan, on the pure rules alone."""
    boxes = [f"box{number}@d{number % 40}.test" for number in range(500)]
    rested: dict[int, set[int]] = {}
    for turn in range(60):
        on, gets = MONDAY + timedelta(days=turn), Counter[int]()
        same = total = 0
        for me in range(0, 500, 5):  # every fifth warms up; all take part
            partners = [
                Partner(other, boxes[other], gets[other], other in rested.get(me, ())) for other in range(500) if other != me
            ]
            mails = rules.target(WarmUpPreset.USUAL, turn + 1, boxes[me], on, len(partners)).mails
            chosen = rules.choose(boxes[me], partners, rules.openers(mails, 0), on)
            assert len(chosen) == rules.openers(mails, 0)
            assert not set(chosen) & rested.get(me, set())
            rested[me] = set(chosen)
            gets.update(chosen)
            same += sum(rules.domain_of(boxes[one]) == rules.domain_of(boxes[me]) for one in chosen)
            total += len(chosen)
        assert same == 0
        assert max(gets.values()) <= total / 499 + 3


def test_five_hundred_that_all_warm_up_at_their_most_are_loaded_alike_and_reach_the_plan() -> None:
    boxes = [f"box{number}@d{number % 40}.test" for number in range(500)]
    rested: dict[int, set[int]] = {}
    for turn in (13, 14):
        on, gets, total = MONDAY + timedelta(days=turn), Counter[int](), 0
        for me, address in enumerate(boxes):
            resting = rested.get(me, set())
            partners = [Partner(other, boxes[other], gets[other], other in resting) for other in range(500) if other != me]
            wanted = rules.openers(rules.target(WarmUpPreset.USUAL, turn + 1, address, on, len(partners)).mails, 0)
            chosen = rules.choose(address, partners, wanted, on)
            assert len(chosen) == len(set(chosen)) == wanted
            assert not set(chosen) & resting
            assert not any(rules.domain_of(boxes[one]) == rules.domain_of(address) for one in chosen)
            rested[me], total = set(chosen), total + wanted
            gets.update(chosen)
        assert max(gets.values()) <= total / 500 + 2
        assert min(gets.values()) >= total / 500 - 2

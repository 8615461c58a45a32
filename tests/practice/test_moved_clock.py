"""The practice day begins when somebody can look at it."""

from datetime import UTC, datetime

import pytest

from practice.moved_clock import practice_day


@pytest.mark.parametrize(
    ("wall", "begins"),
    [
        ("2026-11-24T11:00", "2026-11-24T11:00"),  # Tuesday noon in Madrid: as it is
        ("2026-11-24T05:00", "2026-11-24T08:30"),  # before the office opens: the same day
        ("2026-11-24T19:00", "2026-11-25T08:30"),  # in the evening: the next morning
        ("2026-11-27T19:00", "2026-11-30T08:30"),  # on Friday evening: Monday
        ("2026-11-28T11:00", "2026-11-30T08:30"),  # on Saturday: Monday
        ("2026-07-04T11:00", "2026-07-06T07:30"),  # in summer Madrid is two hours ahead
    ],
)
def test_the_practice_day_is_a_working_morning_in_madrid(wall: str, begins: str) -> None:
    assert practice_day(_utc(wall)) == _utc(begins)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

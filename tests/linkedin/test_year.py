"""Weeks of LinkedIn in seconds: never over on any clock, the limits reached where there is work, no burst in the day."""

from collections import Counter
from pathlib import Path

import pytest

from tests.linkedin.year import Year

pytestmark = pytest.mark.slow
DAYS = 35
BUSY = "1"  # the identity with more work than its limits allow


def test_weeks_go_by_within_every_limit_and_reach_it(tmp_path: Path) -> None:
    year = Year(tmp_path / "outpost.db", seed=3, identities=2, busy=1)
    year.run(DAYS)
    seen = year.witness
    assert seen.breaches == []
    assert Counter(deed.what for deed in year.transport.deeds).keys() == {"invite", "message", "withdraw"}
    assert seen.full_days(BUSY) >= 0.9
    assert seen.most["week"] == 100
    assert seen.most["notes"] == 5
    assert seen.steepest(BUSY) <= 3
    year.database.close()

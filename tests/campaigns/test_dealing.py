"""Shuffle: leads dealt by capacity, as evenly as arithmetic allows, the same way each time, and nobody moved."""

from collections import Counter
from fractions import Fraction

from engine.dealing import deal

SEVEN = {1: 50, 2: 20, 3: 35, 4: 1, 5: 100, 6: 50, 7: 13}
NONE_YET = dict.fromkeys(SEVEN, 0)


def test_ten_thousand_leads_are_within_one_of_each_address_s_exact_share_at_every_moment() -> None:
    has, whole = dict(NONE_YET), sum(SEVEN.values())
    for total, card in enumerate(deal(10_000, NONE_YET, SEVEN), 1):
        has[card] += 1
        assert all(abs(has[each] - Fraction(total * SEVEN[each], whole)) < 1 for each in SEVEN)


def test_the_same_leads_are_dealt_alike_whole_or_in_chunks() -> None:
    whole = deal(1_000, NONE_YET, SEVEN)
    first = deal(400, NONE_YET, SEVEN)
    assert first + deal(600, NONE_YET | Counter(first), SEVEN) == whole == deal(1_000, NONE_YET, SEVEN)


def test_an_address_that_came_later_gets_its_share_of_all_the_leads() -> None:
    had = {1: 50, 2: 50}
    further = Counter(deal(200, had | {3: 0}, {1: 10, 2: 10, 3: 10}))
    assert further == {1: 50, 2: 50, 3: 100}

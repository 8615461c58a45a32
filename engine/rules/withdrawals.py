"""How late invitations are still accepted: what withdrawing after N days costs."""

# product.md: 88 % of acceptances come within 7 days, 99 % within 30; between them they thin out evenly by the day.
import itertools

_KNOWN = ((0, 0.0), (7, 0.88), (30, 0.99), (180, 1.0))


def share_accepted_after(days: int) -> float:
    """Which share of those who ever accept has done so within so many days."""
    for (start, low), (end, high) in itertools.pairwise(_KNOWN):
        if days <= end:
            return low + (high - low) * (days - start) / (end - start)
    return 1.0

"""A year of LinkedIn for fifty identities on a simulated clock: `python -m benchmarks.linkedin_year [IDENTITIES DAYS SEED]`.

Prints what the simulated LinkedIn counted and draws how the effects lie over the working day, as an SVG beside it. It takes
minutes to hours with the number of effects, so `make bench` leaves it out; its short form is a test.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.linkedin.year import Year

_WIDTH, _HEIGHT, _BAR = 790, 240, 20
_BUSY_SHARE = 10  # one identity in so many has more work than its limits allow


def main(arguments: list[str]) -> int:
    if len(arguments) not in (0, 3):
        print("Give all three, or none: IDENTITIES DAYS SEED.", file=sys.stderr)
        return 2
    identities, days, seed = (int(given) for given in arguments or ("50", "365", "1"))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="outpost-year-") as place:
        year = Year(Path(place) / "outpost.db", seed, identities, max(1, identities // _BUSY_SHARE))
        year.run(days)
        year.database.close()
    seen = year.witness
    kinds = Counter(deed.what for deed in year.transport.deeds)
    counted = ", ".join(f"{what} {number:,}" for what, number in sorted(kinds.items()))
    print(f"{identities} identities, {days} days, seed {seed}, {time.monotonic() - began:.0f} s: {counted}")
    print(f"over any clock, outside hours, too close, while frozen, in the cool-down, twice: {len(seen.breaches)}")
    for why, number in Counter(breach.split(":")[0] for breach in seen.breaches).items():
        print(f"  {why}: {number:,}")
    print(f"most invitations in 7 days {seen.most['week']}, most notes in 30 days {seen.most['notes']}")
    print(f"most pending {seen.most['pending']}")
    print(f"a busy one's days at their limit: {seen.full_days('1'):.0%}")
    print(f"its fullest quarter-hour: {seen.steepest('1'):.1f} × the mean")
    drawn = Path("linkedin-day.svg")
    drawn.write_text(plot([seen.by_quarter["1", quarter] for quarter in range(36)]))
    print(f"drawn: {drawn}")
    return 1 if seen.breaches else 0


def plot(quarters: list[int]) -> str:
    """One bar for each quarter-hour from 9:00 to 18:00, with the mean as a line."""
    most, mean = max([*quarters, 1]), sum(quarters) / len(quarters)
    bars = "".join(
        f'<rect x="{20 + at * _BAR}" y="{_HEIGHT - 30 - 175 * number / most:.1f}" width="{_BAR - 3}" '
        f'height="{175 * number / most:.1f}" fill="#3b6fb6"/>'
        for at, number in enumerate(quarters)
    )
    level = _HEIGHT - 30 - 175 * mean / most
    hours = "".join(f'<text x="{20 + at * 4 * _BAR}" y="{_HEIGHT - 10}">{9 + at}:00</text>' for at in range(10))
    line = f'<line x1="20" x2="{20 + 36 * _BAR}" y1="{level:.1f}" y2="{level:.1f}" stroke="#444" stroke-dasharray="4"/>'
    title = '<text x="20" y="14">Invitations of a busy identity by quarter-hour; dashed: the mean</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" '
        f'font-size="11">{title}{bars}{line}{hours}</svg>'
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

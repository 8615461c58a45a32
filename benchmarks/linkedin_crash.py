"""kill -9 between the click and its proof, again and again: what LinkedIn's actions lose or double.

`OUTPOST_BENCH_KILLS=100 python -m benchmarks linkedin_crash` for the long one; every kill costs the start of a worker and of
a browser, some seconds.
"""

import os
import tempfile
from pathlib import Path

from benchmarks.rows import Row
from storage.kinds import ActionState
from tests.linkedin.conftest import office_in
from tests.linkedin.crash_loop import Report, crash_loop

KILLS = int(os.environ.get("OUTPOST_BENCH_KILLS", "8"))
_PEOPLE = max(3, KILLS * 3 // 4)  # to invite, and as many to write to: enough effects for so many kills


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="outpost-linkedin-crash-") as place, office_in(Path(place)) as office:
        report = crash_loop(office, _PEOPLE, KILLS)
    assert report.kills == KILLS, f"only {report.kills} kills came about"
    lost, doubled, open_still = _judged(report)
    name = f"LinkedIn crash loop, {KILLS} kills, {2 * _PEOPLE} actions, {report.seconds:.0f} s"
    told = f"lost {lost}, doubled {doubled}, not settled {open_still}"
    return [Row(name, told, float(lost + doubled + open_still), "actions", "kills", float(KILLS), at_most=0.0)]


def _judged(report: Report) -> tuple[int, int, int]:
    effects = [*report.invited.values(), *report.written.values()]
    lost = 2 * _PEOPLE - len(effects)
    doubled = sum(times - 1 for times in effects)
    settled = report.states.get(ActionState.ACCEPTED, 0) + report.states.get(ActionState.CONFIRMED, 0)
    return lost, doubled, 2 * _PEOPLE - settled

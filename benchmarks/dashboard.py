"""The dashboard of 5,000 identities: what a rerun costs beside an empty page, and how 20 busy sessions fare.

*Busy* is 20 people who each turn a page once a second, from the start of one to the start of the next; who had to wait
longer goes on at once. Nobody reads 25 cards in a second, so this is the work of some 100 people at their desks. Every turn
makes the whole page anew, sidebar and all; beside it stands what a click on the list's numbers really runs, the list alone.
*Without a pause* asks again the moment an answer is there: then the processor is the limit, since Python runs one thread at
a time, and only the ratio to an empty page under the same loop says anything.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from benchmarks.crowd import prepare
from benchmarks.rows import Row
from benchmarks.visitors import Visitor, socket_to
from tests.live import LivePanel

EXTRA_MS = 100.0
BUSY_LIMIT_MS = 200.0
BUSY_SESSIONS = 20
THINKING = 1.0  # seconds between the starts of a session's turns
BUSY_SECONDS = 12.0
_RUNS = 30
_PAGES = 200
_EMPTY, _LIST, _TODAY = "parked", "identities", "today"

Turn = Callable[[Visitor, int], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Busy:
    """What many sessions met: the 95th percentile of their waits, their turns a second, and the panel's work for each."""

    p95: float
    rate: float
    cpu_ms: float


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        panel = LivePanel(Path(folder), {"OUTPOST_WORKER": "off"})
        panel.start()
        try:
            cookie, workspace_id = prepare(panel)
            return asyncio.run(_measure(_Panel(panel, cookie, f"w={workspace_id}")))
        finally:
            panel.stop()


async def _measure(panel: "_Panel") -> list[Row]:
    empty, full, today = [await panel.alone(page) for page in (_EMPTY, _LIST, _TODAY)]
    idle, busy = [await panel.busy(page, Visitor.open) for page in (_EMPTY, _LIST)]
    watched = await panel.busy(_TODAY, Visitor.open)
    turned, searched = [await panel.busy(page, Visitor.turn) for page in (_LIST, _TODAY)]
    floor, saturated = [await panel.busy(page, Visitor.open, thinking=0.0) for page in (_EMPTY, _LIST)]
    beside = ("ms", f"empty page + {EXTRA_MS:g} ms", empty + EXTRA_MS, 1.0)
    limit = ("ms", "limit", BUSY_LIMIT_MS)
    who = f"{BUSY_SESSIONS} sessions, each a page every {THINKING:g} s"
    return [
        Row("dashboard", "5,000 identities: rerun, p50", full, *beside),
        Row("dashboard", "Today of 5,000 identities: rerun, p50", today, *beside),
        Row("dashboard", f"{who}: p95", busy.p95, *limit, 1.0),
        Row("dashboard", "the same by a click on the list's numbers: p95", turned.p95, *limit, 1.0),
        Row("dashboard", "the same on Today: p95", watched.p95, *limit),
        Row("dashboard", "the same on Today by a click: p95", searched.p95, *limit),
        Row("dashboard", "the same on an empty page: p95", idle.p95, *limit),
        # Python runs one thread at a time, so a second of it is what all sessions share.
        Row("dashboard", "the panel's processor time a rerun", busy.cpu_ms, "ms", "an empty page", idle.cpu_ms),
        Row("dashboard", "and by a click on the list's numbers", turned.cpu_ms, "ms", "an empty page", idle.cpu_ms),
        Row(
            "dashboard",
            f"{BUSY_SESSIONS} without a pause: reruns a second",
            saturated.rate,
            "/s",
            "an empty page",
            floor.rate,
        ),
        Row("dashboard", f"{BUSY_SESSIONS} without a pause: p95", saturated.p95, "ms", "an empty page", floor.p95),
        Row("dashboard", "others' load on the machine meanwhile", os.getloadavg()[0], "", "processors", os.cpu_count() or 1),
    ]


@dataclass(frozen=True, slots=True)
class _Panel:
    """The panel under measurement, with the cookie and the address part of who visits it."""

    live: LivePanel
    cookie: str
    query: str

    async def alone(self, page: str) -> float:
        """The median of one session's reruns, after a few that warm up."""
        async with socket_to(self.live, self.cookie) as socket:
            visitor = Visitor(socket, page, self.query)
            times = [await visitor.open(number % _PAGES + 1) for number in range(_RUNS)]
        return statistics.median(times[5:])

    async def busy(self, page: str, turn: Turn, thinking: float = THINKING) -> Busy:
        before, began = self._cpu_ms(), time.monotonic()
        every = await asyncio.gather(*(self._person(page, turn, thinking, seed) for seed in range(BUSY_SESSIONS)))
        took = [one for times in every for one in times]
        spent = time.monotonic() - began
        return Busy(statistics.quantiles(took, n=20)[-1], len(took) / spent, (self._cpu_ms() - before) / len(took))

    async def _person(self, page: str, turn: Turn, thinking: float, seed: int) -> list[float]:
        random, times = Random(seed), []
        async with socket_to(self.live, self.cookie) as socket:
            visitor = Visitor(socket, page, self.query)
            await visitor.learn()
            await asyncio.sleep(random.random() * thinking)
            end = time.monotonic() + BUSY_SECONDS
            while time.monotonic() < end:
                took = await turn(visitor, random.randint(1, _PAGES))
                times.append(took)
                await asyncio.sleep(max(0.0, thinking - took / 1000))
        return times

    def _cpu_ms(self) -> float:
        assert self.live.process is not None
        used = psutil.Process(self.live.process.pid).cpu_times()
        return (used.user + used.system) * 1000

"""What a panel and its worker hold when idle, and how long their start takes, in the environment that `make run` makes.

Memory is the proportional set size (PSS) of every process that the panel's command has started: private pages whole, each
shared page divided among those who share it, as `/proc/PID/smaps_rollup` has it. It is read after a minute of idleness:
before anybody came; with a signed-in person's Today open, made anew every five seconds as a browser's tab does; and, for
comparison, after a quota report, which is when pandas, Arrow, Altair and DuckDB are read.
"""

import asyncio
import os
import re
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.rows import Row
from benchmarks.run_only import run_only_python
from benchmarks.visitors import Visitor, socket_to
from tests.bed.bed import wait_until
from tests.live import LivePanel

START_LIMIT = 2.0  # seconds
MEMORY_LIMIT = 300.0  # megabytes
_IDLE = 60.0  # seconds
_REFRESH = 5.0
_SUBJECT = "panel and worker idle for a minute"


def run() -> list[Row]:
    with run_only_python() as python, tempfile.TemporaryDirectory() as folder:
        panel = LivePanel(Path(folder))
        try:
            return _measure(panel, python)
        finally:
            panel.stop()


def _measure(panel: LivePanel, python: str) -> list[Row]:
    wait_until(panel.start(python, "app.py").is_well, "the first start to be healthy", 60)
    cookie = "; ".join(f"{name}={value}" for name, value in panel.owner().cookies.items())
    panel.stop()
    load, began = os.getloadavg()[0], time.perf_counter()
    wait_until(panel.start(python, "app.py").is_well, "the panel to be healthy", 60)
    took = time.perf_counter() - began
    time.sleep(_IDLE)
    alone = _megabytes(panel)
    opened = asyncio.run(_with_a_page(panel, cookie, "today"))
    reported = asyncio.run(_with_a_page(panel, cookie, "quotas"))
    limit = ("MB", "limit", MEMORY_LIMIT)
    return [
        Row("idle", "start to healthy, on an existing database", took, "s", "limit", START_LIMIT, 1.0),
        Row("idle", f"{_SUBJECT}, nobody there: PSS", alone, *limit, 1.0),
        Row("idle", f"{_SUBJECT}, Today open: PSS", opened, *limit, 1.0),
        Row("idle", "the same after a quota report: PSS", reported, *limit),
        Row("idle", "others' load on the machine at the start", load, "", "processors", os.cpu_count() or 1),
    ]


async def _with_a_page(panel: LivePanel, cookie: str, page: str) -> float:
    async with socket_to(panel, cookie) as socket:
        visitor, end = Visitor(socket, page, "w=1"), time.monotonic() + _IDLE
        while time.monotonic() < end:
            await visitor.open()
            await asyncio.sleep(_REFRESH)
        return _megabytes(panel)


def _megabytes(panel: LivePanel) -> float:
    assert panel.process is not None
    first = psutil.Process(panel.process.pid)
    return sum(_pss(process.pid) for process in (first, *first.children(recursive=True)))


def _pss(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6

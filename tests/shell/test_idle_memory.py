"""What an idle panel and worker must not carry: libraries that only tables, reports, files or a new password need.

The figure itself is measured by `make bench ONLY=idle`; here is what keeps it.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.visitors import Visitor, socket_to
from engine.config import PROJECT
from tests.live import LivePanel

TABLES = {"pandas", "pyarrow", "altair"}
HEAVY = TABLES | {"duckdb", "xlsxwriter", "zxcvbn", "alembic", "pydeck", "matplotlib"}
WITHOUT_TABLES = ("today", "alerts", "parked", "identities", "campaigns")


def brought_by(module: str) -> set[str]:
    asked = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    found = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_the_worker_carries_nothing_of_tables_reports_and_pages() -> None:
    assert not brought_by("engine.worker") & (HEAVY | {"streamlit", "numpy"})


def test_the_panel_starts_without_what_only_tables_reports_and_files_need() -> None:
    assert not brought_by("app") & HEAVY


def test_no_process_reads_a_language_of_babel_for_the_names_of_months() -> None:
    asked = "import engine.worker, babel.localedata; print(*babel.localedata._cache)"
    found = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[LivePanel]:
    live = LivePanel(tmp_path, {"OUTPOST_WORKER": "off"}).start()
    yield live
    live.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="what a process has loaded is read from /proc")
def test_pages_without_a_table_are_shown_without_the_libraries_of_tables(panel: LivePanel) -> None:
    opened = asyncio.run(open_each(panel, panel.owner()))
    assert opened == len(WITHOUT_TABLES)
    assert panel.process is not None
    loaded = Path(f"/proc/{panel.process.pid}/maps").read_text()
    assert not [name for name in ("/pandas/", "/pyarrow/", "/_duckdb.") if name in loaded]


async def open_each(panel: LivePanel, owner: httpx.Client) -> int:
    cookie = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    for page in WITHOUT_TABLES:
        async with socket_to(panel, cookie) as socket:
            await Visitor(socket, page, "w=1").open()
    return len(WITHOUT_TABLES)

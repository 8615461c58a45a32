"""What every test may ask for: a real SQLite database in a folder of its own, the panel's pages, a live panel, a browser."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser

from engine.channels.linkedin.chromium import system_chromium
from storage.database import Database
from tests import postgresql as postgresql_servers
from tests.fresh import new_database
from tests.live import LivePanel
from tests.panel import Panel, close_panel, open_panel

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
pytest_plugins = ["tests.bed.fixtures"]
LONGEST_FIRST = ("simulation", "worker", "linkedin_driver", "end_to_end", "crash", "linkedin")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with every table and trigger."""
    opened = new_database(tmp_path / "outpost.db")
    yield opened
    opened.close()


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    """The pages through AppTest, on an installation of their own, on Monday: see tests/panel.py."""
    opened = open_panel(tmp_path / "panel", monkeypatch)
    yield opened
    close_panel(opened)


@pytest.fixture
def panel_server(tmp_path: Path) -> Iterator[LivePanel]:
    """`python app.py` as a real process on a fresh installation, stopped at the end: see tests/live.py."""
    live = LivePanel(tmp_path / "live").start()
    yield live
    live.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL of this process's own."""
    if not postgresql_servers.BINARIES:
        pytest.skip("The Debian package postgresql is missing.")
    with postgresql_servers.running() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium; `practice.browser.new_page(browser)` opens a page in it."""
    with system_chromium() as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: at the end the processes have only short ones left to wait for."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true nothing is skipped: a skip is a failure there."""
    report = yield
    return _not_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module."""
    report = yield
    return _not_skipped(report)


def _not_skipped(report: Report) -> Report:
    if os.environ.get("CI") == "true" and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI forbids: {report.longrepr}"
    return report

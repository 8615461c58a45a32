"""Drivers that use the one browser of the test process."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.channels.linkedin.driver import Driver

Make = Callable[..., Driver]


@pytest.fixture
def driver(browser: Browser, tmp_path: Path) -> Make:
    def opening(_seconds: float) -> AbstractContextManager[Browser]:
        return nullcontext(browser)

    return lambda arrange: Driver(folder=tmp_path / "kept", opening=opening, arrange=arrange)

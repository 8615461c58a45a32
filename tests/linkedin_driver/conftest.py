"""One browser for all tests of a module, gone before the next module begins, and drivers that use it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.channels.linkedin.chromium import system_chromium
from engine.channels.linkedin.driver import Driver

Make = Callable[..., Driver]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with system_chromium() as one:
        yield one


@pytest.fixture
def driver(browser: Browser, tmp_path: Path) -> Make:
    def opening(_seconds: float) -> AbstractContextManager[Browser]:
        return nullcontext(browser)

    return lambda arrange: Driver(folder=tmp_path / "kept", opening=opening, arrange=arrange)

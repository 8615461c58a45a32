"""One live panel for the tests that only ask it things, with its owner made."""

from collections.abc import Iterator

import httpx
import pytest

from tests.cheap_passwords import cheap_passwords  # noqa: F401 - a fixture for all tests of this folder
from tests.live import LivePanel


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePanel]:
    panel = LivePanel(tmp_path_factory.mktemp("live")).start()
    yield panel
    panel.stop()


@pytest.fixture(scope="session")
def owner(live: LivePanel) -> httpx.Client:
    return live.owner()

"""Which Chromium is driven, and how it is started: by the driver, and by what looks at the panel itself."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoChromiumError(Error):
    """There is no Chromium to drive; the message says what to install."""


def executable() -> str:
    """`OUTPOST_CHROMIUM`, or the first Chromium on the PATH; else NoChromiumError."""
    found = os.environ.get("OUTPOST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        raise NoChromiumError("No Chromium was found; install the Debian package chromium, or name one in OUTPOST_CHROMIUM.")
    return found


@contextmanager
def system_chromium() -> Iterator[Browser]:
    """A browser that is closed at the end; without Chromium's own sandbox where it would refuse to start (root)."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()

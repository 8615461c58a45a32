"""Which Chromium is driven, and how it is started: by the driver, and by what looks at the panel itself."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Error, sync_playwright

_START = 30.0  # seconds that a start may take
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
def system_chromium(seconds: float | None = None) -> Iterator[Browser]:
    """A browser that is closed at the end; without Chromium's own sandbox where it would refuse to start (root).

    Most of Playwright's calls (cookies, the storage state, closing) wait for ever for a browser that hangs. So one that is
    still there after `seconds` is killed, and whatever waits for it ends with Playwright's Error. None: nobody waits.
    """
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    longest = _START if seconds is None else max(1.0, min(_START, seconds))
    ends = time.monotonic() + seconds if seconds is not None else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=arguments, timeout=longest * 1000)
        watch = _watched(browser, max(0.0, ends - time.monotonic())) if ends is not None else None
        try:
            yield browser
        finally:
            with suppress(Error):  # it was killed
                browser.close()
            if watch is not None:
                watch.cancel()


def _watched(browser: Browser, seconds: float) -> threading.Timer:
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    process = next(int(one["id"]) for one in told["processInfo"] if one["type"] == "browser")
    watch = threading.Timer(seconds, _kill, (process,))
    watch.daemon = True
    watch.start()
    return watch


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        if os.getpgid(process) == process:  # with its renderers: Playwright starts it as a group of its own
            os.killpg(process, signal.SIGKILL)
        else:
            os.kill(process, signal.SIGKILL)

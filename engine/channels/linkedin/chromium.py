"""Which Chromium is driven, and how it is started: by the driver, and by what looks at the panel itself."""

import asyncio
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
    A thread holds one at a time: RuntimeError, which no driver takes for an answer of the page, in one that holds another.
    """
    _refuse_a_second()
    mark = f"--outpost-browser={secrets.token_hex(8)}"  # tells this browser from all others; Chromium minds no such switch
    arguments = [mark, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    longest = _START if seconds is None else max(1.0, min(_START, seconds))
    with sync_playwright() as playwright:
        watch = _watching(mark, seconds) if seconds is not None else None
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=arguments, timeout=longest * 1000)
            try:
                yield browser
            finally:
                with suppress(Error):  # it was killed
                    browser.close()
        finally:
            if watch is not None:
                watch.cancel()


def _refuse_a_second() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("A browser is open in this thread already, or an event loop runs in it: open this one in another.")


def _watching(mark: str, seconds: float) -> threading.Timer:
    watch = threading.Timer(max(0.0, seconds), _kill, (mark,))
    watch.daemon = True
    watch.start()
    return watch


def _kill(mark: str) -> None:
    """Found by its command line and not asked for its number: one that hangs from its first moment on answers nothing."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            if mark.encode() in place.read_bytes().split(b"\0"):
                _kill_group(int(place.parent.name))


def _kill_group(process: int) -> None:
    if os.getpgid(process) == process:  # with its renderers: Playwright starts it as a group of its own
        os.killpg(process, signal.SIGKILL)
    else:
        os.kill(process, signal.SIGKILL)

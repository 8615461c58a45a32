"""`make screenshots`: every screen of the practice workspace, with data, with none, full, awkward, narrow, light and dark.

The few that README shows go into docs/screenshots; all others into a folder in the temporary directory, which is printed.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from engine.channels.linkedin.chromium import system_chromium
from engine.config import PROJECT
from practice.browser import new_page, settled, sign_in
from practice.opening import OWNER, PASSWORD
from practice.screen_data import prepare
from practice.screens import DOORS, FIRST_OWNER, FRESH, GATED, SHOTS, WAY_OUT, WAYS, WELCOME, Shot, Way

BEGINS = "2026-11-30T08:31"  # a Monday in Madrid
_KEPT = PROJECT / "docs/screenshots"
_SECONDS = 120
_PRESSED = (
    '[data-testid="stMain"] :is(button, [role=tab], [role=radio], summary),'
    ' [data-testid="stPopoverBody"] button, [role=menuitem]'
)


def demo(folder: Path) -> AbstractContextManager[str]:
    """The practice workspace on a free port with a fixed clock; its address. It is ended with the block."""
    data = {"OUTPOST_DATA": str(folder / "data-practice")}
    return _running(["-m", "practice.demo", "--fresh", "--crowds", "--begins", BEGINS], data)


def fresh(folder: Path) -> AbstractContextManager[str]:
    """An installation that nobody has opened yet, in the same way."""
    data = {"OUTPOST_DATA": str(folder / "data"), "OUTPOST_KEY_FILE": str(folder / "data.key")}
    return _running(["app.py"], data)


@contextmanager
def _running(command: list[str], settings: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**os.environ, **settings, "OUTPOST_PORT": str(port)},
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_well(f"{address}/health", process)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)


def main(named: list[str]) -> int:
    """Take all screens, or those whose name contains one of the given words."""

    def is_wanted(name: str) -> bool:
        return not named or any(word in name for word in named)

    folder = Path(tempfile.mkdtemp(prefix="outpost-screens-"))
    with system_chromium() as browser:
        if any(is_wanted(name) for name in (WELCOME[0], *(shot.name for shot in FRESH))):
            with fresh(folder) as address:
                _take_fresh(browser, address, folder, is_wanted)
        if any(is_wanted(each) for each in _names()):
            with demo(folder) as address:
                _take_practice(browser, address, folder, is_wanted)
    sys.stdout.write(f"Screens are in {folder} and {_KEPT}.\n")
    return 0


def _names() -> list[str]:
    return [*(door[0] for door in DOORS), *(gated[0] for gated in GATED), *(shot.name for shot in SHOTS)]


def _take_practice(browser: Browser, address: str, folder: Path, is_wanted: Callable[[str], bool]) -> None:
    way_out = prepare(folder / "data-practice")
    for way in WAYS:
        for name, path, fields in DOORS:
            if is_wanted(name):
                url = f"{address}{way_out if path == WAY_OUT else path}"
                _take_door(browser, way, url, fields, folder / f"{name}-{way.name}.png")
    for way in WAYS:
        page = _opened(browser, way)
        sign_in(page, address, OWNER, PASSWORD)
        for name, path in GATED:
            if is_wanted(name):
                page.goto(f"{address}{path}")
                page.screenshot(path=folder / f"{name}-{way.name}.png", full_page=True)
        for shot in filter(lambda one: is_wanted(one.name), SHOTS):
            _take(page, shot, way, address, folder)
        page.context.close()


def _take_fresh(browser: Browser, address: str, folder: Path, is_wanted: Callable[[str], bool]) -> None:
    for way in WAYS:
        name, path, fields = WELCOME
        _take_door(browser, way, f"{address}{path}", fields, folder / f"{name}-{way.name}.png")
    page = _opened(browser, WAYS[0])
    page.goto(f"{address}{WELCOME[1]}")
    for label, value in FIRST_OWNER.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button").first.click()
    settled(page)
    page.context.close()
    for way in WAYS:
        page = _opened(browser, way)
        sign_in(page, address, FIRST_OWNER["E-mail address"], FIRST_OWNER["Password"])
        for shot in filter(lambda one: is_wanted(one.name), FRESH):
            _take(page, shot, way, address, folder)
        page.context.close()


def _opened(browser: Browser, way: Way) -> Page:
    """A page that waits for a machine that has much else to do."""
    page = new_page(browser, way.width, way.height, dark=way.dark)
    page.set_default_timeout(_SECONDS * 1000)
    expect.set_options(timeout=_SECONDS * 1000)
    return page


def _take_door(browser: Browser, way: Way, url: str, fields: dict[str, str], file: Path) -> None:
    page = _opened(browser, way)
    page.goto(url)
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    if fields:
        page.get_by_role("button").first.click()
        page.wait_for_load_state("networkidle")
    page.screenshot(path=file, full_page=True)
    page.context.close()


def _take(page: Page, shot: Shot, way: Way, address: str, folder: Path) -> None:
    page.goto(shot.url(address))
    settled(page)
    for name in shot.press:
        _press(page, name)
    _grow(page, way)
    page.screenshot(path=folder / f"{shot.name}-{way.name}.png")
    page.set_viewport_size({"width": way.width, "height": way.height})
    if shot.kept and way.name == "light":
        page.screenshot(path=_KEPT / f"{shot.name}.png")


def _press(page: Page, name: str) -> None:
    """A button, a tab, a fold or a line of a menu, by its words; what opens is waited for."""
    found = page.locator(_PRESSED).filter(has_text=name).filter(visible=True)
    if found.count():
        found.first.click()
    else:  # what a press before has set up offers it no more; anything else is a screen that was not taken
        sys.stderr.write(f"Nothing says {name!r} on {page.url}.\n")
    page.wait_for_timeout(700)  # a drawer slides in, and nothing says when it has
    settled(page)


def _grow(page: Page, way: Way) -> None:
    """Streamlit scrolls inside its frame: make the window as high as the page, so that all of it is seen."""
    main = page.locator('[data-testid="stMain"]')
    height = int(main.evaluate("element => element.scrollHeight"))
    page.set_viewport_size({"width": way.width, "height": max(way.height, min(height, 5000))})
    settled(page)


def _wait_until_well(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The practice workspace did not start; its messages stand above.")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    _KEPT.mkdir(parents=True, exist_ok=True)
    sys.exit(main(sys.argv[1:]))

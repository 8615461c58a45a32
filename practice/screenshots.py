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
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from engine import sessions, totp
from engine.channels.linkedin.chromium import system_chromium
from engine.config import PROJECT
from practice.browser import new_page, settled, sign_in
from practice.opening import OWNER, PASSWORD
from practice.screens import DOORS, SHOTS, WAYS, Shot, Way
from storage import key_file
from storage.database import open_database
from storage.kinds import Role
from storage.tables import Invitation, OwnerReset, ShareLink, User

BEGINS = "2026-11-30T08:31"  # a Monday in Madrid
_KEPT = PROJECT / "docs/screenshots"
_SECONDS = 120


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The practice workspace on a free port with a fixed clock; its address. It is ended with the block."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "practice.demo", "--fresh", "--crowds", "--begins", BEGINS],
        cwd=PROJECT,
        env={**os.environ, "OUTPOST_DATA": str(folder / "data-practice"), "OUTPOST_PORT": str(port)},
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
    folder = Path(tempfile.mkdtemp(prefix="outpost-screens-"))
    wanted = [shot for shot in SHOTS if not named or any(word in shot.name for word in named)]
    doors = [door for door in DOORS if not named or any(word in door[0] for word in named)]
    with demo(folder) as address, system_chromium() as browser:
        if doors:
            _prepare_doors(folder / "data-practice")
        for way in WAYS:
            for name, path, fields in doors:
                _take_door(browser, way, f"{address}{path}", fields, folder / f"{name}-{way.name}.png")
        for way in WAYS:
            page = new_page(browser, way.width, way.height, dark=way.dark)
            sign_in(page, address, OWNER, PASSWORD)
            for shot in wanted:
                _take(page, shot, way, address, folder)
            page.context.close()
    sys.stdout.write(f"Screens are in {folder} and {_KEPT}.\n")
    return 0


def _prepare_doors(data: Path) -> None:
    """An invitation, a reset link and a share link whose tokens are known, and a user with an authenticator."""
    made, ends = datetime(2026, 11, 30, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    database = open_database(data / "outpost.db")
    vault = key_file.read(data.with_name(f"{data.name}.key"))
    links = {"token_hash": sessions.digest("screens"), "created_at": made, "expires_at": ends}
    with database.write() as session:
        session.add(Invitation(email="nora@outpost.test", workspace_id=1, role=Role.MANAGER, invited_by=1, **links))
        session.add(OwnerReset(user_id=1, **links))
        day = {**links, "expires_at": made + timedelta(hours=24)}
        session.add(ShareLink(workspace_id=1, identity_id=12, created_by="mara@outpost.test", **day))
        mara = session.scalars(select(User).where(User.email == "mara@outpost.test")).one()
        totp.propose(session, vault, mara)
        mara.totp_confirmed_at = made
    database.close()


def _take_door(browser: Browser, way: Way, url: str, fields: dict[str, str], file: Path) -> None:
    page = new_page(browser, way.width, way.height, dark=way.dark)
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
    """A button, or a tab, by its words; what opens is waited for."""
    main = page.locator('[data-testid="stMain"]')
    found = main.locator("button, [role=tab]").filter(has_text=name)
    if found.count():  # what a press before has set up offers it no more
        found.first.click()
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

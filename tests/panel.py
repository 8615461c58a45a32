"""The panel's pages without a browser: Streamlit's AppTest on the router, with a real session of a real user.

    def test_something(panel: Panel) -> None:
        with panel.database.write() as session:
            client = makers.workspace(session)
            ada = makers.identity(session, client.id)
            manager = makers.member(session, client.id, Role.MANAGER)
        page = panel.open("identity", manager, client.id, id=ada.id)   # a run of AppTest
        assert page.title[0].value == "Ada Lovelace"

The clock says `MONDAY` (and goes on); `panel.move_to` moves it. `panel.sign_in(actor)` makes the session only.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from engine import clock, sessions
from engine.config import PROJECT
from engine.desk import Actor
from engine.installation import Outpost, current
from engine.sessions import Browser
from pages import shell
from pages.registry import PAGES
from practice.moved_clock import set_clock
from storage.database import Database
from tests.fresh import lay_installation, place_of
from tests.makers import MONDAY

SECONDS = 20
BROWSER = Browser("192.0.2.7", "a test")


@dataclass
class Panel:
    """One installation of its own, opened as the product opens it when it starts again."""

    folder: Path
    outpost: Outpost
    patch: pytest.MonkeyPatch

    @property
    def database(self) -> Database:
        return self.outpost.database

    def move_to(self, instant: datetime) -> None:
        set_clock(self.folder / "clock", datetime.now(UTC), instant)  # noqa: TID251 - the test is the one who moves it

    def sign_in(self, actor: Actor) -> str:
        """A session of the user, and every page opened from now on is theirs; answers the cookie's token."""
        assert actor.user_id is not None
        with self.database.write() as session:
            token = sessions.begin(session, actor.user_id, BROWSER, clock.now())
        self.patch.setattr(shell, "session_token", lambda: token)
        return token

    def open(self, slug: str, actor: Actor | None = None, workspace_id: int | None = None, **query: Any) -> AppTest:
        """The page after its first run; without an actor, the one who signed in last."""
        if actor is not None:
            self.sign_in(actor)
        page = AppTest.from_file(str(PROJECT / "pages/router.py"), default_timeout=SECONDS)
        given = {"w": workspace_id, **query}
        for name, value in given.items():
            if value is not None:
                page.query_params[name] = str(value)
        if slug != next(iter(PAGES)):
            # A deep link: before its first run, switch_page knows files only, not the places in the URL.
            page._page_hash = calc_hash(slug)
        page.run()
        return page


def open_panel(folder: Path, patch: pytest.MonkeyPatch, instant: datetime = MONDAY) -> Panel:
    """The installation in `folder`, as `engine.installation.current()` of this process; close it with `close_panel`."""
    folder.mkdir(parents=True, exist_ok=True)
    patch.setenv("OUTPOST_DATA", str(folder / "data"))
    patch.setenv("OUTPOST_KEY_FILE", str(folder / "data.key"))
    patch.setenv("OUTPOST_CLOCK", str(folder / "clock"))
    if isinstance(place := place_of(folder / "data/outpost.db"), str):
        patch.setenv("OUTPOST_DATABASE", place)
    set_clock(folder / "clock", datetime.now(UTC), instant)  # noqa: TID251 - the test is the one who moves it
    lay_installation(os.environ)
    current.cache_clear()
    return Panel(folder, current(), patch)


def close_panel(panel: Panel) -> None:
    panel.database.close()
    current.cache_clear()

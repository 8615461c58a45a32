"""A Chromium that hangs: every wait for it has an end, and the identity is free again afterwards."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, Request

from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.outcomes import NotDone, Person, ProfileState
from practice.linkedin.members import Member
from practice.linkedin.site import Site
from tests.live import command_of
from tests.own_thread import pytest_pyfunc_call  # noqa: F401 - a hook: each test starts browsers of its own

pytestmark = [pytest.mark.browser, pytest.mark.slow]
JANE = Person("jane-doe", "Jane Doe")
_LATER = 20.0  # seconds: the grace, and what a busy computer adds


def chromiums() -> frozenset[int]:
    """The main processes of the browsers that this one started; other tests' browser may be among them."""
    running = {one.pid: command_of(one) for one in psutil.Process().children(recursive=True)}
    return frozenset(pid for pid, said in running.items() if "--remote-debugging-pipe" in said and "--type=" not in said)


def hanging_at(site: Site, path: str, others: frozenset[int]) -> Driver:
    """Its browser hangs as soon as the page at this path has been loaded: it lives, and answers nothing."""

    def loaded(request: Request) -> None:
        if path in request.url:
            for process in chromiums() - others:
                os.kill(process, signal.SIGSTOP)

    def arrange(context: BrowserContext) -> None:
        site.arrange(context)
        context.on("requestfinished", loaded)

    return Driver(arrange=arrange, grace=1)


def test_one_that_hangs_while_the_session_is_read_ends_the_sign_in_and_frees_its_identity() -> None:
    """Cookies and the storage state have no deadline of their own."""
    site = Site({"jane-doe": Member("jane-doe", "Jane Doe")})
    began, others = time.monotonic(), chromiums()
    driver = hanging_at(site, "/feed/", others)
    ended = driver.sign_in("1", "a@example.com", site.password, lambda *_: None, seconds=8)
    assert isinstance(ended, NotDone), ended
    assert time.monotonic() - began < 8 + _LATER
    assert chromiums() == others
    driver.arrange = site.arrange
    assert driver.profile_state("1", {}, JANE) is ProfileState.CONNECTABLE


def test_one_that_never_starts_is_not_waited_for_longer_than_the_action_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = tmp_path / "chromium"
    dead.write_text("#!/bin/sh\nexec sleep 600\n")
    dead.chmod(0o700)
    monkeypatch.setenv("OUTPOST_CHROMIUM", str(dead))
    began = time.monotonic()
    assert isinstance(Driver().profile_state("1", {}, JANE, seconds=2), NotDone)
    assert time.monotonic() - began < 2 + _LATER

"""A Chromium that hangs: every wait for it has an end, and the identity is free again afterwards."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Request

from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.outcomes import NotDone, Person, ProfileState
from practice.linkedin.members import Member
from practice.linkedin.site import Site
from tests.live import command_of
from tests.own_thread import in_own_thread

pytestmark = [pytest.mark.browser, pytest.mark.slow]
JANE = Person("jane-doe", "Jane Doe")
_LATER = 20.0  # seconds: the grace, and what a busy computer adds
# A browser as far as its start goes: what Playwright asks through the pipe until then is answered.
_ONLY_STARTS = f"""#!{sys.executable}
import json, os, time
asked = b""
while True:
    asked += os.read(3, 65536)
    *whole, asked = asked.split(b"\\0")
    for one in map(json.loads, whole):
        if one["method"] not in ("Browser.getVersion", "Target.setAutoAttach"):
            time.sleep(600)
        result = {{"product": "HeadlessChrome/140.0.0.0", "userAgent": "HeadlessChrome"}}
        os.write(4, json.dumps({{"id": one["id"], "result": result}}).encode() + b"\\0")
"""


def chromiums() -> frozenset[int]:
    """The main processes of the browsers that this one started; other tests' browser may be among them."""
    running = {one.pid: command_of(one) for one in psutil.Process().children(recursive=True)}
    return frozenset(pid for pid, said in running.items() if "--remote-debugging-pipe" in said and "--type=" not in said)


@pytest.fixture
def neighbour(browser: Browser) -> Iterator[frozenset[int]]:
    """Another session's browser beside the one that hangs, alive before and after; the processes of all that are there."""
    page = browser.new_page()
    yield chromiums()
    assert page.evaluate("1 + 1") == 2
    page.close()


def hanging_at(site: Site, path: str, others: frozenset[int], hung: Event) -> Driver:
    """Its browser hangs as soon as the page at this path has been loaded: it lives, and answers nothing."""

    def loaded(request: Request) -> None:
        if path in request.url and not hung.is_set():
            for process in chromiums() - others:
                os.kill(process, signal.SIGSTOP)
            hung.set()

    def arrange(context: BrowserContext) -> None:
        site.arrange(context)
        context.on("requestfinished", loaded)

    return Driver(arrange=arrange, grace=1)


@in_own_thread
def test_one_that_hangs_while_the_session_is_read_ends_the_sign_in_and_frees_its_identity(
    neighbour: frozenset[int],
) -> None:
    """Cookies and the storage state have no deadline of their own; other identities' browsers work on meanwhile."""
    site, hung = Site({"jane-doe": Member("jane-doe", "Jane Doe")}), Event()
    driver = hanging_at(site, "/feed/", neighbour, hung)
    began = time.monotonic()
    with ThreadPoolExecutor(1) as apart:
        ending = apart.submit(driver.sign_in, "1", "a@example.com", site.password, lambda *_: None, seconds=12)
        assert hung.wait(12)
        assert driver.profile_state("2", {}, JANE) is ProfileState.CONNECTABLE
        assert not ending.done()
        ended = ending.result()
    assert isinstance(ended, NotDone), ended
    assert time.monotonic() - began < 12 + _LATER
    assert chromiums() == neighbour
    assert driver.profile_state("1", {}, JANE) is ProfileState.CONNECTABLE


def test_a_second_one_in_a_thread_that_holds_one_is_refused_and_taken_for_no_answer_of_the_page(browser: Browser) -> None:
    assert browser.is_connected()
    with pytest.raises(RuntimeError, match="in this thread already"):
        Driver().profile_state("1", {}, JANE)


@in_own_thread
def test_one_that_hangs_from_its_first_moment_on_is_killed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is there, and answers nothing after that."""
    dead = tmp_path / "chromium"
    dead.write_text(_ONLY_STARTS)
    dead.chmod(0o700)
    monkeypatch.setenv("OUTPOST_CHROMIUM", str(dead))
    began, others = time.monotonic(), chromiums()
    assert isinstance(Driver(grace=1).profile_state("1", {}, JANE, seconds=3), NotDone)
    assert time.monotonic() - began < 4 + _LATER
    assert chromiums() == others


@in_own_thread
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


@in_own_thread
def test_no_chromium_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPOST_CHROMIUM", "")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    ended = Driver().profile_state("1", {}, JANE, seconds=20)
    assert isinstance(ended, NotDone)
    assert "install the Debian package chromium" in ended.note

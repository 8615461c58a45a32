"""What an action at LinkedIn costs on this computer: seconds, actions a minute and memory, with one browser and with four.

The pages are the stand-in's, so the network's part is missing; what is measured is Chromium, Playwright and the driver.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil

from benchmarks.rows import Row
from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.outcomes import Done, Person
from engine.channels.linkedin.stand_in import leading_to
from practice.linkedin.server import Sites, serve

_EACH = 3  # invitations of one identity


@dataclass(frozen=True, slots=True)
class Cost:
    """What it came to: the whole time, and the most memory that all browsers together held."""

    seconds: float
    megabytes: float


def run() -> list[Row]:
    sites = Sites()
    server = serve(sites)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        one, four = _measure(sites, address, 1), _measure(sites, address, 4)
    finally:
        server.shutdown()
        server.server_close()
    name = "LinkedIn, invitations at the stand-in"
    a_minute = [browsers * _EACH * 60 / cost.seconds for browsers, cost in ((1, one), (4, four))]
    return [
        Row(name, "4 browsers: actions a minute", a_minute[1], "", "1 browser", a_minute[0], at_least=1.3),
        Row(name, "4 browsers: seconds an action and browser", four.seconds / _EACH, "s", "1 browser", one.seconds / _EACH),
        Row(name, "4 browsers: memory", four.megabytes, "MB", "1 browser", one.megabytes, at_most=4.0),
    ]


def _measure(sites: Sites, address: str, browsers: int) -> Cost:
    driver = Driver(arrange=leading_to(address), most=4)
    began = time.monotonic()
    with _Memory() as memory, ThreadPoolExecutor(browsers) as threads:
        done = list(threads.map(_identity(sites, driver), [f"bench{browsers}-{number}" for number in range(browsers)]))
    assert all(done), "an invitation did not go out"
    return Cost(time.monotonic() - began, memory.most / 2**20)


def _identity(sites: Sites, driver: Driver) -> Callable[[str], bool]:
    def work(name: str) -> bool:
        email = f"{name}@example.com"
        site = sites.of(email)
        place = {"domain": "www.linkedin.com", "path": "/", "expires": 4_000_000_000, "sameSite": "Lax"}
        values = {"li_at": site.own_slug, "account": email}
        cookies = [
            {**place, "name": key, "value": value, "httpOnly": False, "secure": False} for key, value in values.items()
        ]
        state = {"cookies": cookies, "origins": []}
        people = [Person(f"person-{number}", f"Person {number}") for number in range(_EACH)]
        return all(
            isinstance(driver.request_connection(name, state, person, "Hello", lambda: True), Done) for person in people
        )

    return work


class _Memory:
    """The most that this process's children held at once, looked at ten times a second."""

    most = 0

    def __enter__(self) -> "_Memory":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, sum(map(_held, psutil.Process().children(recursive=True))))


def _held(process: psutil.Process) -> int:
    """The proportional share, since Chromium's processes share most of what they hold; 0 for one that is ending."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0

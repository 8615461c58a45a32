"""A panel, the stand-in LinkedIn, and the worker's own functions called one after the other on a clock that is moved.

The worker looks at LinkedIn every minute of the wall clock; here the test says when, so that it waits for nothing.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from engine import clock, linkedin_lanes, linkedin_looks
from engine.config import load
from engine.counter import Counter
from engine.installation import Outpost, open_outpost
from engine.linkedin_browsing import SignIns
from engine.rounds import carry_on
from engine.worker import hands, linkedin_driver
from practice.linkedin.server import Sites, serve
from practice.linkedin.site import Site
from practice.moved_clock import set_clock
from storage.tables import Lead, LinkedInAccount
from tests.live import LivePanel

MONDAY = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # 10:30 in Madrid, where the test's browser says it is
T = TypeVar("T")


@dataclass
class LinkedInWorld:
    live: LivePanel
    outpost: Outpost
    sites: Sites
    clock: Path
    # A thread of its own: Playwright's test browser has the main one.
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __post_init__(self) -> None:
        self.driver = linkedin_driver(self.outpost.config)
        self._sign_ins = SignIns(self.outpost, self.driver, "boot", clock.now)
        self._over = threading.Event()
        self._pump = threading.Thread(target=self._attend, daemon=True)
        self._pump.start()

    def site(self, email: str) -> Site:
        return self.sites.of(email)

    def work(self, identity_id: int) -> int:
        """Move the clock to the lane's next wake-up and do what is due; how many actions were tried."""
        with self.outpost.database.read() as session:
            lane = linkedin_lanes.lane_of(session, identity_id)
            assert lane is not None
            lane_id, wake = lane.id, lane.wake_at
        if wake is None:
            return 0
        self._move_to(max(wake, clock.now()) + timedelta(seconds=1))
        counter = Counter(self.outpost.database, self.outpost.config.mark_file, clock.now)
        doing = hands(self.outpost, self.driver)
        return self._elsewhere(lambda: carry_on(counter, lane_id, clock.now, "boot", doing, lambda: True))

    def work_until(self, holds: Callable[[], bool], identity_id: int) -> None:
        """As the days pass: from one wake-up to the next, until it holds."""
        for _ in range(40):
            if holds():
                return
            self.work(identity_id)
        raise AssertionError("Forty wake-ups passed, and it never came about.")

    def look(self, identity_id: int) -> None:
        """Move the clock to when the account is looked at next, and look."""
        with self.outpost.database.read() as session:
            at = session.scalar(select(LinkedInAccount.look_at).where(LinkedInAccount.identity_id == identity_id))
        assert at is not None
        self._move_to(max(at, clock.now()) + timedelta(seconds=1))
        database, vault = self.outpost.database, self.outpost.vault
        assert self._elsewhere(lambda: linkedin_looks.look_due(database, vault, self.driver, clock.now)) == 1

    def lead_states(self) -> list[str]:
        with self.outpost.database.read() as session:
            return [lead.state.value for lead in session.scalars(select(Lead).order_by(Lead.id))]

    def close(self) -> None:
        self._over.set()
        self._pump.join(10)
        self._thread.shutdown()
        self.outpost.database.close()

    def _attend(self) -> None:
        while not self._over.wait(0.2):
            self._sign_ins.attend()

    def _elsewhere(self, task: Callable[[], T]) -> T:
        return self._thread.submit(task).result(60)

    def _move_to(self, instant: datetime) -> None:
        set_clock(self.clock, datetime.now(UTC), instant)  # noqa: TID251 - the test is the one who moves it


@contextmanager
def linkedin_world(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[LinkedInWorld]:
    """The panel with its owner made, without a worker of its own."""
    sites = Sites()
    server = serve(sites)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    moved = folder / "clock"
    set_clock(moved, datetime.now(UTC), MONDAY)  # noqa: TID251
    patch.setenv("OUTPOST_CLOCK", str(moved))
    settings = {
        "OUTPOST_CLOCK": str(moved),
        "OUTPOST_LINKEDIN": f"http://127.0.0.1:{server.server_port}",
        "OUTPOST_WORKER": "off",
        "OUTPOST_SESSION_IDLE_MINUTES": "10080",  # days pass between two clicks
    }
    live = LivePanel(folder / "live", settings).start()
    live.owner()
    environment = live.environment()
    world = LinkedInWorld(live, open_outpost(load(environment), environment), sites, moved)
    try:
        yield world
    finally:
        world.close()
        live.stop()
        server.shutdown()
        server.server_close()

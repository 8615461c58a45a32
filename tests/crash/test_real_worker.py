"""G1, G2, G3, G10 with the real thing: worker processes on TLS and SMTP, killed at every named point and at random."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.kinds import ActionState
from storage.ledger import balance
from storage.tables import Action, QuotaUse, Spend
from tests.bed.bed import wait_until
from tests.crash.world import POINTS
from tests.fresh import is_sound
from tests.worker.site import Site

LANES, LEADS = 12, 30
KILLS = 16  # a site
BACK_AT_WORK = 30.0  # seconds: G10
pytestmark = pytest.mark.slow


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    opened = [Site(tmp_path / "blind"), Site(tmp_path / "copies", copies=True)]
    yield opened
    for site in opened:
        site.stop()


def test_a_killed_worker_loses_nothing_sends_nothing_twice_and_comes_back(sites: list[Site]) -> None:
    for site in sites:
        site.serve_mail()
        site.plan(LANES, LEADS)
    with ThreadPoolExecutor(2) as both:
        kills = list(both.map(_kill_and_finish, sites, range(2)))
    for site, killed in zip(sites, kills, strict=True):
        assert len(killed) == KILLS
        assert _longest_pause(site, killed) <= BACK_AT_WORK
        _check_the_books(site)
    blind, copies = sites
    assert blind.states()[ActionState.PARKED] > 0
    assert copies.states() == {ActionState.ACCEPTED: LANES * LEADS}
    assert {one for _, one in copies.taken()} == set(_message_ids(copies, ActionState.ACCEPTED))  # lost 0


def _kill_and_finish(site: Site, seed: int) -> list[tuple[float, bool]]:
    chance = random.Random(seed)
    killed = []
    for turn in range(KILLS):
        site.move_clock(timedelta(minutes=3))
        point = "" if turn % 3 == 0 else f"{POINTS[turn % len(POINTS)]}:{chance.randint(1, 4)}"
        worker = site.start(OUTPOST_CRASH_AT=point)
        if not point:
            wait_until(site.is_at_work, "the worker to be at work", BACK_AT_WORK)
            time.sleep(chance.uniform(0, 1))  # the random moment, not a wait for something
            worker.kill()
        assert worker.wait(60) == -signal.SIGKILL, site.log.read_text()[-3000:]
        killed.append((time.monotonic(), point != ""))
    site.start()
    wait_until(lambda: _is_done(site), "the work to be done", 90)
    assert site.end_worker() == 0
    return killed


def _is_done(site: Site) -> bool:
    site.move_clock(timedelta(seconds=5))
    return site.left() == 0


def _longest_pause(site: Site, killed: list[tuple[float, bool]]) -> float:
    """Until the next mail was taken, or the next worker was killed at a point that only a worker at work comes by."""
    mails = [at for at, _ in site.taken()]
    assert max(mails) > killed[-1][0]
    times = mails + [at for at, is_at_work in killed if is_at_work]
    return max(min(at for at in times if at > kill) - kill for kill, _ in killed)


def _check_the_books(site: Site) -> None:
    taken = Counter(one for _, one in site.taken())
    accepted, parked = _message_ids(site, ActionState.ACCEPTED), _message_ids(site, ActionState.PARKED)
    assert max(taken.values()) == 1  # duplicated 0
    assert set(accepted) <= set(taken) <= {*accepted, *parked}  # nothing claimed, nothing unexpected
    with site.database.read() as session:
        counted = balance(session)
        kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None)))
        used = sum(session.scalars(select(QuotaUse.used)))
    assert is_sound(site.database)
    assert counted.pop("planned_ever") == sum(counted.values()) == len(accepted) + len(parked) == LANES * LEADS
    assert kept == used == len(accepted) + len(parked)


def _message_ids(site: Site, state: ActionState) -> list[str]:
    with site.database.read() as session:
        return [one for one in session.scalars(select(Action.message_id).where(Action.state == state)) if one]

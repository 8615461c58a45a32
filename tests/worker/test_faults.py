"""G11: a full or failing disk, a locked database, an unreadable count: no effect, it is said, and on it goes when healed."""

import os
import resource
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from storage.kinds import ActionState, Reason
from storage.ledger import balance
from storage.tables import Spend
from tests.bed.bed import wait_until
from tests.worker.site import Site

LANES, LEADS = 3, 40
_SMALL = 64 * 1024  # bytes: room for the log, not for the database
pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A worker in the middle of its work."""
    yield from at_work(Site(tmp_path / "site"))


def at_work(opened: Site) -> Iterator[Site]:
    try:
        opened.serve_mail()
        opened.plan(LANES, LEADS)
        opened.start()
        wait_until(lambda: len(opened.taken()) >= 3, "the first mails", 30)
        yield opened
    finally:
        opened.stop()


def goes_on(site: Site) -> None:
    """After the fault: everything ends, nothing was sent twice, the books agree."""
    before = len(site.taken())
    wait_until(lambda: is_done(site), "the work to be done", 60)
    assert len(site.taken()) > before
    taken = Counter(one for _, one in site.taken())
    states = site.states()
    assert max(taken.values()) == 1
    assert states[ActionState.ACCEPTED] <= len(taken) <= states[ActionState.ACCEPTED] + states[ActionState.PARKED]
    with site.database.read() as session:
        counted = balance(session)
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None)))
    assert counted.pop("planned_ever") == sum(counted.values()) == kept == LANES * LEADS


def is_done(site: Site) -> bool:
    site.move_clock(timedelta(seconds=2))
    return site.left() == 0


def sends_nothing(site: Site) -> None:
    """Nothing more is begun; what was in flight on each lane when the fault came may still arrive."""
    fails_again(site, 1 + LANES)
    before = len(site.taken())
    fails_again(site, 3)
    assert len(site.taken()) == before


def taken_once_none_is_in_flight(site: Site) -> int:
    """What was in flight when the fault came may still arrive (G5); nothing may begin after it."""
    wait_until(lambda: not site.states()[ActionState.SENDING], "what is in flight to end", 30)
    return len(site.taken())


def fails_again(site: Site, times: int) -> None:
    known = failures(site)
    wait_until(lambda: failures(site) >= known + times, f"{times} more failures in the log", 90)


def failures(site: Site) -> int:
    return site.log.read_text().count("work.failed")


def test_a_disk_that_fails_to_write_stops_the_sending_and_nothing_else(site: Site) -> None:
    assert site.worker is not None
    unlimited = resource.prlimit(site.worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(site.worker.pid, resource.RLIMIT_FSIZE, (_SMALL, unlimited[1]))
    sends_nothing(site)
    assert site.worker.poll() is None
    resource.prlimit(site.worker.pid, resource.RLIMIT_FSIZE, unlimited)
    goes_on(site)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "outpost-test", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("A small disk can't be made: it needs root with the right to mount.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_the_sending_and_room_lets_it_go_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as folder:
        for site in at_work(Site(tmp_path / "site", data=folder / "data")):
            ballast = folder / "ballast"
            fill(ballast)
            sends_nothing(site)
            assert "full" in site.log.read_text()
            ballast.unlink()
            goes_on(site)


def test_a_log_that_finds_no_room_is_lost_and_the_work_goes_on(tmp_path: Path) -> None:
    for site in at_work(Site(tmp_path / "site", log=Path("/dev/full"))):
        with hidden(site, "stop"):  # a fault that the worker wants to log
            site.wake()
            wait_until(partial(is_noted, site), "the fault to be shown", 30)
        site.wake()
        goes_on(site)
        assert site.end_worker() == 0


def is_noted(site: Site) -> bool:
    return site.note() != ""


@contextmanager
def hidden(site: Site, table: str) -> Iterator[None]:
    """A table that can't be read for a while."""
    with site.database.write() as session:
        session.execute(text(f"ALTER TABLE {table} RENAME TO hidden"))
    yield
    with site.database.write() as session:
        session.execute(text(f"ALTER TABLE hidden RENAME TO {table}"))


def test_a_data_folder_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as folder:
        site = Site(tmp_path / "site", data=folder / "data")
        site.database.close()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        status, said = site.refused()
    assert (status, "Traceback" in said) == (1, False)
    assert said.rstrip().endswith(f"{folder}/data can't be used (Read-only file system); check its disk and its owner.")


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            os.fsync(file.fileno())


def test_a_database_that_somebody_holds_locked_stops_the_sending(tmp_path: Path) -> None:
    for site in at_work(Site(tmp_path / "site", patience=2)):
        with site.database.write() as session:  # longer than the worker waits
            session.execute(text("UPDATE installation SET practice = practice"))
            sends_nothing(site)
            assert "in use for too long" in site.log.read_text()
        goes_on(site)


def test_a_count_that_can_not_be_read_stops_the_sending_and_is_the_reason_shown(site: Site) -> None:
    with hidden(site, "spend"):
        site.wake()
        wait_until(lambda: Reason.COUNT_UNREADABLE in site.reasons(), "the reason to be shown", 30)
        before = taken_once_none_is_in_flight(site)
        site.move_clock(timedelta(minutes=5))
        site.wake()
        site.wait_for_beats(2)
        assert len(site.taken()) == before
    site.wake()
    goes_on(site)


def test_what_fails_is_shown_beside_the_sign_of_life_until_it_works_again(site: Site) -> None:
    with hidden(site, "stop"):
        site.wake()
        wait_until(lambda: "The database refuses to work" in site.note(), "the sentence to be shown", 30)
        before = taken_once_none_is_in_flight(site)
        for _ in range(3):
            site.wake()
            site.wait_for_beats(1)
            assert "nothing is sent until it does again" in site.note()
        assert len(site.taken()) == before
    site.wake()
    goes_on(site)
    wait_until(lambda: site.note() == "", "the sentence to go", 30)

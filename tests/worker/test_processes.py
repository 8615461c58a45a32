"""The worker as a process: one at a time, a gentle end, and one sentence whenever it must not start."""

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.rules.facts import Wait
from engine.rules.permit import permit
from engine.standing import gather
from storage import key_file
from storage.kinds import ActionState, Reason
from tests.bed.bed import wait_until
from tests.bed.scripted import Script, scripted_smtp
from tests.worker.site import Site, server_context

GRACE = 12.0  # seconds that a worker has for what is in flight
pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(tmp_path / "site")
    yield opened
    opened.stop()


def test_g6_a_second_worker_ends_with_status_three_and_the_first_goes_on(site: Site) -> None:
    site.serve_mail()
    first = site.start()
    wait_until(site.is_at_work, "the worker to be at work", 30)
    status, said = site.refused()
    assert status == 3
    assert said.rstrip().endswith(
        f"Another worker (process {first.pid}) is already running on {site.data}; this one ends. One is enough."
    )
    assert "Traceback" not in said
    site.plan(lanes=2, leads=2)
    wait_until(lambda: site.states() == {ActionState.ACCEPTED: 4}, "the first worker to go on", 30)
    assert first.poll() is None


class Slow(list[bytes]):
    """Takes a mail only when it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Event()
        self.go_on = threading.Event()

    def append(self, content: bytes) -> None:
        self.arrived.set()
        assert self.go_on.wait(30)
        super().append(content)


def test_a_gentle_end_lets_the_mail_in_flight_end_and_begins_no_other(site: Site) -> None:
    slow = Slow()
    with scripted_smtp(Script(context=server_context(site.folder), implicit_tls=True, contents=slow)) as site.port:
        site.plan(lanes=1, leads=3)
        worker = site.start()
        assert slow.arrived.wait(30)
        worker.send_signal(signal.SIGTERM)
        threading.Timer(1, slow.go_on.set).start()
        assert worker.wait(GRACE) == 0
        assert slow.go_on.is_set()
    assert site.states() == {ActionState.ACCEPTED: 1, ActionState.PLANNED: 2}
    assert "worker.ended" in site.log.read_text()


def test_a_clock_set_back_an_hour_sends_nothing_until_it_has_caught_up(site: Site) -> None:
    site.serve_mail()
    site.plan(lanes=2, leads=1)
    site.move_clock(-timedelta(hours=1))
    site.start()
    wait_until(site.is_at_work, "the worker to be at work", 30)
    site.wait_for_beats(2)
    with site.database.read() as session:
        verdict = permit(gather(session, [1], site.now())[1], site.now())
    assert isinstance(verdict, Wait)
    assert (verdict.reason, verdict.reason.sentence[:31]) == (Reason.CLOCK_WENT_BACK, "The computer's clock went back;")
    assert (site.taken(), site.left()) == ([], 2)
    site.move_clock(timedelta(hours=1))
    wait_until(lambda: len(site.taken()) == 2, "the mails of a clock that has caught up", 30)


def test_a_clock_set_back_while_it_works_shows_the_reason_on_the_action(site: Site) -> None:
    site.serve_mail()
    site.plan(lanes=1, leads=2, gap=15)
    site.start()
    wait_until(lambda: Reason.PACING in site.reasons(), "the first mail and the gap after it", 30)
    site.move_clock(-timedelta(hours=1))
    site.wake()
    wait_until(lambda: Reason.CLOCK_WENT_BACK in site.reasons(), "the reason to be shown", 30)
    assert len(site.taken()) == 1
    site.move_clock(timedelta(hours=1, seconds=30))
    wait_until(lambda: len(site.taken()) == 2, "the mail of a clock that has caught up", 30)


def test_a_key_that_does_not_fit_is_one_sentence(site: Site) -> None:
    key_file.write(site.folder / "data.key", {1: key_file.new_key()})
    assert_refused(site, "The key does not fit this database")


def test_a_missing_key_file_is_one_sentence(site: Site) -> None:
    (site.folder / "data.key").unlink()
    assert_refused(site, "data.key")


def test_a_database_of_a_newer_version_is_one_sentence(site: Site) -> None:
    with site.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert_refused(site, "The database was written by a newer Outpost")


def assert_refused(site: Site, words: str) -> None:
    status, said = site.refused()
    last = said.rstrip().splitlines()[-1]
    assert status == 1
    assert words in last
    assert last.endswith((".", ")."))
    assert "Traceback" not in said

"""Rings that wait on a Redis: what travels, what is said when it is silent, and two workers who share one."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from engine import sessions
from engine.config import load
from engine.desk import Problem
from engine.installation import Outpost
from engine.queue import WORKERS, Doorbell
from engine.sessions import Browser
from engine.wards import Ward
from storage.database import Database
from storage.kinds import ActionState, MailboxState
from storage.tables import Action, Heartbeat, Mailbox, Spend, UserSession
from storage.vault import Vault
from tests import makers
from tests.bed.bed import free_ports, wait_until
from tests.dispatch.sink import Sink, lanes_with_work
from tests.fresh import SERVER
from tests.makers import LONG_AGO, MONDAY
from tests.worker.site import Site


class Redis:
    """A server of the test's own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("The Debian package redis-server is missing.")
        self.port, self._folder = free_ports(1)[0], folder
        self.url = f"redis://:hidden@127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", "hidden"]
        command = ["redis-server", *where, "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: self.asked("PING") == "PONG", "Redis to answer", 20)

    def asked(self, *words: str) -> str:
        command = ["redis-cli", "-p", str(self.port), "-a", "hidden", "--no-auth-warning", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    yield server
    server.stop()


def bell_on(redis: Redis, database: Database, folder: Path) -> Doorbell:
    config = load({"OUTPOST_DATA": str(folder), "OUTPOST_KEY_FILE": str(folder / "key"), "OUTPOST_QUEUE": redis.url})
    return Doorbell(Outpost(database, Vault({1: bytes(32)}), config), "worker-1", True, Sink(folder / "sink").hands)


def carry_out(bell: Doorbell) -> None:
    while (task := bell.huey.dequeue()) is not None:
        bell.huey.execute(task)


def states(database: Database) -> dict[ActionState, int]:
    with database.read() as session:
        return dict(session.execute(select(Action.state, func.count()).group_by(Action.state)).all())


@pytest.mark.parametrize("given", ["redis", "http://127.0.0.1", "redis://", "redis://:hidden@host:none/0", "redis://host/a"])
def test_a_url_that_can_not_be_meant_stops_the_start_with_a_sentence(given: str) -> None:
    with pytest.raises(Problem, match=r"write it like redis://127\.0\.0\.1:6379/0") as told:
        load({"OUTPOST_QUEUE": given})
    assert "hidden" not in str(told.value)


def test_every_wait_for_redis_has_an_end_and_the_password_is_in_no_repr() -> None:
    config = load({"OUTPOST_QUEUE": "rediss://:hidden@host/2?socket_timeout=3"})
    assert config.queue_url == "rediss://:hidden@host/2?socket_timeout=3&socket_connect_timeout=5"
    assert "hidden" not in repr(config)
    assert load({}).queue_url == ""


def test_a_word_of_the_url_that_the_client_does_not_know_is_not_taken_for_silence(
    redis: Redis, database: Database, tmp_path: Path
) -> None:
    lanes_with_work(database, leads=1)
    redis.url += "?foo=1"
    with pytest.raises(Problem, match=r"OUTPOST_QUEUE can't be used \(TypeError\); check its words after the \?"):
        bell_on(redis, database, tmp_path)


def test_a_ring_is_plain_text_with_an_id_and_is_carried_out(redis: Redis, database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    bell = bell_on(redis, database, tmp_path)
    bell._ring()
    ring = json.loads(redis.asked("LPOP", redis.asked("KEYS", "huey.redis.*")))
    assert (ring["name"], ring["args"], ring["kwargs"]) == ("engine.queue.attend_lane", [lane], {})
    bell.huey.storage.enqueue(json.dumps(ring).encode())
    carry_out(bell)
    assert states(database) == {ActionState.ACCEPTED: 1}
    assert redis.asked("KEYS", "*") == ""  # nothing is kept there


def test_a_ring_of_one_worker_is_carried_out_by_another(redis: Redis, database: Database, tmp_path: Path) -> None:
    lanes_with_work(database, leads=1)
    first, second = (bell_on(redis, database, tmp_path) for _ in range(2))
    first._ring()
    carry_out(second)
    assert states(database) == {ActionState.ACCEPTED: 1}


def test_recurring_work_comes_once_from_each_worker_and_whoever_has_time_does_it(
    redis: Redis, database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        makers.installation(session)
        token = sessions.begin(session, makers.user(session).id, Browser("192.0.2.7", "a browser"), LONG_AGO)
        sessions.end(session, token, LONG_AGO)
    bells = [bell_on(redis, database, tmp_path) for _ in range(2)]
    for bell in bells:
        for task in bell.huey.read_periodic(MONDAY):
            if task.name in ("every_ten_minutes", "tell"):
                bell.huey.enqueue(task)
    assert bells[0].huey.pending_count() == 4
    carry_out(bells[1])
    assert bells[1].troubles.sentences == {}
    with database.read() as session:
        assert session.scalars(select(UserSession)).all() == []  # it was forgotten, as what recurs has to


def test_a_ring_that_went_to_a_worker_who_died_is_given_again(redis: Redis, database: Database, tmp_path: Path) -> None:
    lanes_with_work(database, leads=1)
    bell, seconds = bell_on(redis, database, tmp_path), [100.0]
    bell.wards.now = lambda: seconds[0]
    bell._ring()
    assert bell.huey.dequeue() is not None  # by the other
    for seconds[0], rings in ((109.0, 0), (110.0, 1), (111.0, 1)):
        bell._ring()
        assert bell.huey.pending_count() == rings
    carry_out(bell)
    assert states(database) == {ActionState.ACCEPTED: 1}


def test_another_worker_s_rings_take_no_more_places_of_a_ward_than_one_s_own(
    redis: Redis, database: Database, tmp_path: Path
) -> None:
    lanes = lanes_with_work(database, lanes=9, leads=1)
    with database.write() as session:
        session.execute(update(Mailbox).where(Mailbox.id <= 8).values(state=MailboxState.DEGRADED))
    first, second = (bell_on(redis, database, tmp_path) for _ in range(2))
    for number in range(100, 104):
        assert second.wards.begin(number, Ward.SLOW)
    first._ring()
    assert first.huey.pending_count() == 7  # six of the eight that are slow, and the ninth
    for number in (104, 105):
        assert second.wards.begin(number, Ward.SLOW)
    carry_out(second)
    assert states(database) == {ActionState.ACCEPTED: 1, ActionState.PLANNED: 8}
    second.wards.end(100, tried=1)
    second._attend_lane(lanes[0])
    assert states(database) == {ActionState.ACCEPTED: 2, ActionState.PLANNED: 7}


def test_a_redis_that_is_silent_is_told_of_and_what_is_due_goes_on_when_it_answers(
    redis: Redis, database: Database, tmp_path: Path
) -> None:
    lanes_with_work(database, leads=1)
    bell = bell_on(redis, database, tmp_path)
    redis.stop()
    bell.troubles.guard("agenda", bell._ring)
    assert bell.troubles.sentences["agenda"].startswith("The queue's Redis (OUTPOST_QUEUE) does not answer, so nothing new")
    with pytest.raises(Problem, match="does not answer, so nothing new begins") as told:
        bell_on(redis, database, tmp_path)
    assert "hidden" not in str(told.value)
    redis.start()
    bell.troubles.guard("agenda", bell._ring)
    assert bell.troubles.sentences == {}
    carry_out(bell)
    assert states(database) == {ActionState.ACCEPTED: 1}


@pytest.mark.slow
def test_g1_two_workers_on_postgresql_share_a_redis_and_send_each_mail_once(
    redis: Redis, postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVER, postgresql)
    site, started = Site(tmp_path / "one"), list[subprocess.Popen[bytes]]()
    try:
        site.serve_mail()
        for folder in ("two", "one/data"):
            started.append(site.start(OUTPOST_QUEUE=redis.url, OUTPOST_DATA=str(tmp_path / folder)))
            wait_until(site.is_at_work, "the worker to be at work", 60)
        note_holders(site.database)
        site.plan(lanes=WORKERS + 12, leads=1)  # more than one worker has threads that wait for a ring
        wait_until(lambda: is_done(site), "the work to be done", 120)
        assert holders(site.database) == boots(site.database)
        for worker in started:
            assert worker.poll() is None
            worker.terminate()
            assert worker.wait(30) == 0
        assert max(Counter(message for _, message in site.taken()).values()) == 1
        with site.database.read() as session:
            kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None)))
        assert (states(site.database), kept) == ({ActionState.ACCEPTED: WORKERS + 12}, WORKERS + 12)
        assert "queue.db" not in {path.name for path in site.data.iterdir()}
    finally:
        for worker in started:
            worker.kill()
            worker.wait()
        site.stop()


def note_holders(database: Database) -> None:
    """Have PostgreSQL write down who takes a lane: the lane itself forgets it at the end."""
    with database.write() as session:
        for statement in (
            "CREATE TABLE held (holder text)",
            "CREATE FUNCTION note_holder() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO held VALUES (NEW.holder); RETURN NULL; END'",
            "CREATE TRIGGER held AFTER UPDATE OF holder ON lane FOR EACH ROW WHEN (NEW.holder IS NOT NULL)"
            " EXECUTE FUNCTION note_holder()",
        ):
            session.connection().exec_driver_sql(statement)


def holders(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT holder FROM held")))


def boots(database: Database) -> set[str]:
    """Of the two workers, which have a row each."""
    with database.read() as session:
        found = session.scalars(select(Heartbeat.boot)).all()
    assert len(found) == 2
    return set(found)


def is_done(site: Site) -> bool:
    site.move_clock(timedelta(seconds=5))
    return site.left() == 0

"""Slow servers wait for one another, and nobody else waits for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine import agenda, clock
from engine.channels.effects import MailAccount, Server
from engine.channels.email import EmailChannel
from engine.config import load
from engine.connections.network import NetworkGuard
from engine.hands import Hands
from engine.installation import Outpost
from engine.letters import letter_for
from engine.queue import Doorbell
from engine.wards import MOST_RELIEF, RELIEF_AFTER, SLOW_AFTER, Answer, Ward, Wards
from storage.database import Database
from storage.kinds import ActionState, MailboxState, Security
from storage.tables import Action, Lane, Mailbox
from storage.vault import Vault
from tests.bed.bed import wait_until
from tests.bed.scripted import HANG, Authority, Script, scripted_smtp
from tests.dispatch.sink import Sink, lanes_with_work

LANES, BLACK_HOLES, LEADS = 80, 8, 2
THREADS = 6  # fewer than black holes, so that relief is needed


@dataclass
class Watch:
    """Monotonic seconds that a test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def wards(watch: Watch) -> Wards:
    return Wards(watch)


def visit(wards: Wards, watch: Watch, lane: int, seconds: float, known: Ward | None = None) -> None:
    assert wards.ask(lane, known) is Answer.RING
    assert wards.begin(lane)
    wards.step(lane)
    watch.seconds += seconds
    wards.end(lane, tried=1)


def test_a_lane_is_rung_for_once_and_carried_out_by_one(wards: Wards) -> None:
    assert [wards.ask(1, None) for _ in range(2)] == [Answer.RING, Answer.AT_WORK]
    assert [wards.begin(1) for _ in range(2)] == [True, False]
    assert wards.ask(1, None) is Answer.AT_WORK
    wards.end(1, tried=0)
    assert wards.ask(1, None) is Answer.RING


def test_a_place_is_kept_for_one_s_own_rings_and_looked_for_by_another_worker_s(wards: Wards) -> None:
    assert [wards.ask(lane, Ward.SLOW) for lane in range(5)] == [Answer.RING] * 5
    assert wards.begin(10, Ward.SLOW)  # the sixth place
    assert not wards.begin(11, Ward.SLOW)
    assert wards.begin(12, Ward.LINKEDIN)
    assert wards.begin(13)
    assert all(wards.begin(lane) for lane in range(5))
    wards.end(10, tried=1)
    assert wards.begin(11, Ward.SLOW)


def test_what_was_slow_shares_six_places_until_it_is_prompt_again(wards: Wards, watch: Watch) -> None:
    for lane in range(10):
        visit(wards, watch, lane, SLOW_AFTER)
    answers = [wards.ask(lane, None) for lane in range(10)]
    assert answers == [Answer.RING] * 6 + [Answer.FULL] * 4
    assert [wards.ask(lane, None) for lane in range(100, 200)] == [Answer.RING] * 100  # the others are free
    assert wards.begin(0)
    watch.seconds += 0.1
    wards.end(0, tried=0)  # nothing was tried: that tells nothing
    assert wards.ask(9, None) is Answer.RING
    assert wards.ask(8, None) is Answer.FULL
    assert wards.begin(1)
    watch.seconds += 0.1
    wards.end(1, tried=1)  # it is prompt again, and takes no place any more
    assert [wards.ask(8, None), wards.ask(1, None), wards.ask(7, None)] == [Answer.RING, Answer.RING, Answer.FULL]


def test_a_browser_s_lane_is_never_taken_for_a_slow_server_s(wards: Wards, watch: Watch) -> None:
    visit(wards, watch, 1, 60, known=Ward.LINKEDIN)
    assert [wards.ask(lane, Ward.LINKEDIN) for lane in range(8)] == [Answer.RING] * 6 + [Answer.FULL] * 2
    assert [wards.ask(lane, Ward.SLOW) for lane in range(10, 18)] == [Answer.RING] * 6 + [Answer.FULL] * 2


def test_many_quick_mails_in_a_row_are_not_slow(wards: Wards, watch: Watch) -> None:
    assert wards.begin(1)
    for _ in range(25):
        wards.step(1)
        watch.seconds += RELIEF_AFTER * 0.9
        assert not wards.call_relief()
    wards.end(1, tried=25)
    assert [wards.ask(lane, Ward.SLOW) for lane in range(2, 8)] == [Answer.RING] * 6
    assert wards.ask(1, None) is Answer.RING


def test_for_each_stuck_lane_another_thread_takes_over_up_to_a_number(wards: Wards, watch: Watch) -> None:
    for lane in range(MOST_RELIEF + 4):
        wards.begin(lane)
    assert not wards.call_relief()
    watch.seconds += RELIEF_AFTER
    assert [wards.call_relief() for _ in range(MOST_RELIEF + 1)] == [True] * MOST_RELIEF + [False]
    assert not wards.may_go()
    for lane in range(5):
        wards.end(lane, tried=1)
    assert [wards.may_go() for _ in range(2)] == [True, False]
    with wards.aside():
        assert wards.call_relief()


def test_degraded_addresses_and_browsers_are_known_beforehand(database: Database) -> None:
    first, second = lanes_with_work(database, lanes=2, leads=1)
    with database.write() as session:
        session.execute(update(Mailbox).where(Mailbox.id == 1).values(state=MailboxState.DEGRADED))
        assert agenda.known_wards(session, [first, second]) == {first: Ward.SLOW}
        assert agenda.known_wards(session, []) == {}


def test_a_ring_that_is_lost_from_the_file_is_given_again_after_a_minute(database: Database, tmp_path: Path) -> None:
    lanes_with_work(database, leads=1)
    config, watch = load({"OUTPOST_DATA": str(tmp_path), "OUTPOST_KEY_FILE": str(tmp_path / "key")}), Watch()
    bell = Doorbell(Outpost(database, Vault({1: bytes(32)}), config), "worker-1", True, Sink(tmp_path / "sink").hands)
    bell.wards.now = watch
    bell._ring()
    assert bell.huey.dequeue() is not None
    for watch.seconds, rings in ((1059.0, 0), (1060.0, 1), (1061.0, 1)):
        bell._ring()
        assert bell.huey.pending_count() == rings


class Town:
    """Addresses of which some have a server that takes the connection and never says a word."""

    def __init__(self, database: Database, folder: Path, prompt: Server, silent: Server, ca_file: str) -> None:
        self.database, self.prompt, self.silent = database, prompt, silent
        config = load({"OUTPOST_DATA": str(folder), "OUTPOST_KEY_FILE": str(folder / "key")})
        channel = EmailChannel(NetworkGuard.allowing(["127.0.0.0/8", "::1"]), clock.now, ca_file)
        hands = Hands(channel, self.account, letter_for)
        self.lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=40_000)
        self.holes = self.lanes[: BLACK_HOLES // 2] + self.lanes[-BLACK_HOLES // 2 :]
        with database.write() as session:
            boxes = session.execute(select(Lane.id, Lane.mailbox_id).where(Lane.id.in_(self.holes)))
            self.silent_boxes = {row.mailbox_id for row in boxes}
            session.execute(update(Mailbox).values(sent_folder=""))
        self.bell = Doorbell(Outpost(database, Vault({1: bytes(32)}), config), "worker-1", True, lambda: hands)

    def account(self, _session: Session, mailbox: Mailbox) -> MailAccount:
        server = self.silent if mailbox.id in self.silent_boxes else self.prompt
        return MailAccount(mailbox.address, "Ada", mailbox.address, "open sesame", imap=server, smtp=server)

    def in_state(self, *states: ActionState) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(Action.state.in_(states))) or 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        consumer = self.bell.huey.create_consumer(workers=THREADS, worker_type="thread", periodic=False, max_delay=0.25)
        self.bell.stopping = consumer.stop_flag
        consumer.start()
        pump = Thread(target=self.bell.pump, daemon=True)
        pump.start()
        try:
            yield
        finally:
            consumer.stop(graceful=False)
            pump.join(timeout=20)


@contextmanager
def town(database: Database, folder: Path) -> Iterator[Town]:
    authority = Authority(folder)
    prompt, silent = Script(context=authority.good()), Script({"greeting": HANG})
    with scripted_smtp(prompt) as prompt_port, scripted_smtp(silent) as silent_port:
        servers = [Server("localhost", port, Security.STARTTLS) for port in (prompt_port, silent_port)]
        made = Town(database, folder, servers[0], servers[1], authority.file)
        with made.at_work():
            yield made
            silent.ended.set()


def test_black_holes_for_a_tenth_of_the_addresses_hold_up_nobody_else(database: Database, tmp_path: Path) -> None:
    """More of them than the worker has threads, all due at once; none is let go before every other mail has gone."""
    assert BLACK_HOLES > THREADS
    others = (LANES - BLACK_HOLES) * LEADS
    with town(database, tmp_path) as made:
        wait_until(lambda: made.in_state(ActionState.ACCEPTED) == others, "all other mails to go", 50)
        assert made.in_state(ActionState.SENDING) == BLACK_HOLES
        assert len(made.bell.wards.at_work()) == BLACK_HOLES

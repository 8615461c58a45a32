"""Lanes that a crew carries on with: every mail once, few writings, and a server that stays out keeps its own lane only."""

import itertools
import threading
import time
import zlib
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.channels.effects import Accepted, Delivery, Letter, MailAccount, Outcome, Stepwise, Trace, at_a_stretch
from engine.counter import Counter
from engine.crew import Crew
from engine.hands import Hands
from engine.rounds import Visit
from storage.database import Database
from storage.kinds import ActionState
from storage.tables import Action, Lane, Lead, Mailbox
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

NO_LIMIT = 50_000_000  # so high that pacing asks for two milliseconds
LANES, LEADS = 6, 5


@dataclass
class Post(Stepwise):
    """Implements `effects.Mailer`; it rests twice a mail, and an address of `silent` gets no answer until `over`."""

    silent: frozenset[str] = frozenset()
    over: threading.Event = field(default_factory=threading.Event)
    sent: Tally[str] = field(default_factory=Tally)
    held_up: set[str] = field(default_factory=set)

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        return at_a_stretch(self.delivery(account, letter, seconds))

    def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
        yield
        if account.address in self.silent:
            self.held_up.add(threading.current_thread().name)
            assert self.over.wait(30)
        yield
        self.sent[letter.message_id] += 1
        return Accepted({"answer": "250 taken"})

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return Trace.UNKNOWABLE


@dataclass
class Worker:
    """A crew with a thread for each lane."""

    database: Database
    folder: Path
    post: Post
    left: list[int] = field(default_factory=list)  # lanes whose visit is over
    raised: list[Exception] = field(default_factory=list)
    goodbyes: list[int] = field(default_factory=list)
    ticks: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.crew = Crew(Counter(self.database, self.folder / "mark", lambda: MONDAY))

    def now(self) -> datetime:
        return MONDAY + next(self.ticks) * timedelta(milliseconds=50)

    def start(self, lanes: list[int], hands: Hands, may_go_on: Callable[[], bool] = lambda: True) -> list[threading.Thread]:
        threads = []
        for lane in lanes:
            own = replace(hands, leave=lambda lane=lane: self.goodbyes.append(lane))
            visit = Visit(lane, self.now, "worker-1", own, may_go_on, lambda _tried, lane=lane: self.left.append(lane))  # type: ignore[misc]
            threads.append(threading.Thread(target=self._carry_on, args=(visit,), name=f"lane {lane}"))
        for thread in threads:
            thread.start()
        return threads

    def _carry_on(self, visit: Visit) -> None:
        try:
            self.crew.carry_on(visit)
        except Exception as error:
            self.raised.append(error)


def hands_of(post: Post, folder: Path) -> Hands:
    return replace(Sink(folder / "sink").hands(), mailer=post)


def over(threads: list[threading.Thread], seconds: float = 60) -> bool:
    ends = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def states(database: Database) -> dict[ActionState, int]:
    with database.read() as session:
        counted = session.execute(select(Action.state, func.count()).group_by(Action.state))
        return {row.state: row[1] for row in counted}


@contextmanager
def commits_of(database: Database) -> Iterator[list[int]]:
    commits: list[int] = []

    def count(_connection: Any) -> None:
        commits.append(1)

    event.listen(database.engine, "commit", count)
    yield commits
    event.remove(database.engine, "commit", count)


def address_of(database: Database, lane_id: int) -> str:
    with database.read() as session:
        return session.scalars(
            select(Mailbox.address).join(Lane, Lane.mailbox_id == Mailbox.id).where(Lane.id == lane_id)
        ).one()


def test_every_mail_of_every_lane_goes_out_once_and_few_writings_do_for_all(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    worker = Worker(database, tmp_path, post := Post())
    worker.crew.moment = worker.crew.stuck = 2.0  # a loaded machine keeps threads from coming in time
    with commits_of(database) as commits:
        assert over(worker.start(lanes, hands_of(post, tmp_path)))
    assert not worker.raised
    assert set(post.sent.values()) == {1}
    assert states(database) == {ActionState.ACCEPTED: LANES * LEADS}
    assert sorted(worker.left) == sorted(worker.goodbyes) == lanes
    # A lane by itself takes a turn a mail and one to end with; the first may be alone, before the others are there.
    assert len(commits) <= 2 * (LEADS + 1) < LANES * (LEADS + 1) / 2


def test_a_server_that_stays_out_holds_up_its_own_lane_and_one_thread(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    silent = lanes[2]
    worker = Worker(database, tmp_path, post := Post(frozenset([address_of(database, silent)])))
    threads = worker.start(lanes, hands_of(post, tmp_path))
    others = [lane for lane in lanes if lane != silent]
    ends = time.monotonic() + 60
    while sum(not thread.is_alive() for thread in threads) < len(others) and time.monotonic() < ends:
        time.sleep(0.005)
    assert sorted(worker.left) == others
    assert [thread.name for thread in threads if thread.is_alive()] == list(post.held_up)
    assert states(database)[ActionState.ACCEPTED] == len(others) * LEADS
    assert states(database)[ActionState.SENDING] == 1
    post.over.set()
    assert over(threads)
    assert states(database) == {ActionState.ACCEPTED: LANES * LEADS}
    assert set(post.sent.values()) == {1}


def test_all_of_them_go_out_where_no_server_is_prompt(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=1, limit=NO_LIMIT)
    everybody = frozenset(address_of(database, lane) for lane in lanes)
    worker = Worker(database, tmp_path, post := Post(everybody))
    threads = worker.start(lanes, hands_of(post, tmp_path))
    ends = time.monotonic() + 60
    while len(post.held_up) < LANES and time.monotonic() < ends:
        time.sleep(0.005)
    assert len(post.held_up) == LANES  # each waits by a thread of its own
    post.over.set()
    assert over(threads)
    assert states(database) == {ActionState.ACCEPTED: LANES}


def test_what_one_lane_s_turn_raises_ends_its_visit_alone(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    bad, post = address_of(database, lanes[0]), Post()
    sound = hands_of(post, tmp_path)

    def account(session: Session, mailbox: Mailbox) -> MailAccount:
        if mailbox.address == bad:
            raise OperationalError("SELECT", None, Exception("no such page"))
        return sound.account_for(session, mailbox)

    worker = Worker(database, tmp_path, post)
    assert over(worker.start(lanes, replace(sound, account_for=account)))
    assert len(worker.raised) == 1
    assert sorted(worker.left) == lanes
    assert states(database) == {ActionState.ACCEPTED: (LANES - 1) * LEADS, ActionState.PLANNED: LEADS}


def test_what_went_out_is_recorded_though_the_next_one_can_t_be_begun(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=2, limit=NO_LIMIT)
    post = Post()
    sound, asked = hands_of(post, tmp_path), itertools.count()

    def account(session: Session, mailbox: Mailbox) -> MailAccount:
        if next(asked):
            raise OperationalError("SELECT", None, Exception("no such page"))
        return sound.account_for(session, mailbox)

    worker = Worker(database, tmp_path, post)
    assert over(worker.start([lane], replace(sound, account_for=account)))
    assert len(worker.raised) == 1
    assert states(database) == {ActionState.ACCEPTED: 1, ActionState.PLANNED: 1}


def test_a_stop_ends_every_visit_with_what_is_under_way_recorded(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    worker = Worker(database, tmp_path, post := Post())
    left = itertools.count(2 * LANES, -1)
    assert over(worker.start(lanes, hands_of(post, tmp_path), lambda: next(left) > 0))
    assert sorted(worker.left) == lanes
    found = states(database)
    assert found.keys() == {ActionState.ACCEPTED, ActionState.PLANNED}
    assert 0 < found[ActionState.ACCEPTED] == len(post.sent) <= 2 * LANES
    with database.read() as session:
        assert set(session.scalars(select(Lane.holder))) == {None}


@pytest.mark.parametrize("seed", range(3))
def test_lanes_that_come_and_go_while_servers_dawdle_lose_and_double_nothing(
    database: Database, tmp_path: Path, seed: int
) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    with database.write() as session:
        spring = session.scalars(select(Lead.campaign_id)).first()
        session.execute(update(Lead).where(Lead.campaign_id == spring).values(state="stopped"))

    class Dawdling(Post):
        def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
            time.sleep((zlib.crc32(f"{letter.message_id} {seed}".encode()) % 4) / 1000)
            return (yield from super().delivery(account, letter, seconds))

    worker = Worker(database, tmp_path, post := Dawdling())
    hands, started = hands_of(post, tmp_path), []
    for round_of in (lanes[::2], lanes[1::2]):
        started += worker.start(round_of, hands)
    assert over(started)
    assert not worker.raised
    assert set(post.sent.values()) == {1}
    assert states(database) == {ActionState.ACCEPTED: (LANES - 1) * LEADS, ActionState.SKIPPED: LEADS}


def test_what_went_out_is_recorded_though_nobody_can_say_whether_to_go_on(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=2, limit=NO_LIMIT)
    asked = itertools.count()

    def may_go_on() -> bool:
        if next(asked):
            raise ValueError("no answer")
        return True

    worker = Worker(database, tmp_path, post := Post())
    assert over(worker.start([lane], hands_of(post, tmp_path), may_go_on))
    assert [str(error) for error in worker.raised] == ["no answer"]
    assert worker.left == [lane]
    assert states(database) == {ActionState.ACCEPTED: 1, ActionState.PLANNED: 1}


def test_a_defect_at_the_counter_keeps_nobody(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=1, limit=NO_LIMIT)
    worker = Worker(database, tmp_path, post := Post())

    def broken(_works: object) -> list[Any]:
        raise RuntimeError("The work was neither done nor refused.")

    monkeypatch.setattr(worker.crew.counter, "do_all", broken)
    assert over(worker.start(lanes, hands_of(post, tmp_path)))
    assert len(worker.raised) == LANES
    assert sorted(worker.left) == lanes
    assert not post.sent


def test_a_delivery_that_raises_ends_its_visit_alone(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    bad = address_of(database, lanes[1])

    class Broken(Post):
        def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
            if account.address == bad:
                raise ValueError("a defect of ours")
            return (yield from super().delivery(account, letter, seconds))

    worker = Worker(database, tmp_path, post := Broken())
    assert over(worker.start(lanes, hands_of(post, tmp_path)))
    assert [str(error) for error in worker.raised] == ["a defect of ours"]
    assert sorted(worker.left) == lanes
    # It is looked up by recovery, since nobody knows how far it came.
    assert states(database) == {
        ActionState.ACCEPTED: (LANES - 1) * LEADS,
        ActionState.SENDING: 1,
        ActionState.PLANNED: LEADS - 1,
    }


def test_few_threads_are_out_again_once_servers_are_prompt(database: Database, tmp_path: Path) -> None:
    lanes = lanes_with_work(database, lanes=LANES, leads=LEADS, limit=NO_LIMIT)
    slow = frozenset(address_of(database, lane) for lane in lanes[:4])
    worker = Worker(database, tmp_path, post := Post(slow))
    threads = worker.start(lanes, hands_of(post, tmp_path))
    ends = time.monotonic() + 60
    while len(post.held_up) < len(slow) and time.monotonic() < ends:
        time.sleep(0.005)
    assert len(post.held_up) == len(slow)
    post.over.set()
    assert over(threads)
    assert (worker.crew._at_once, worker.crew._out, worker.crew._slow) == (1, set(), set())

"""The worker's own minute: it reads what is due, and what can't be read beside it, in rounds that never overlap."""

import threading
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select, update

from engine import clock, cut_off_sign_ins, long_jobs, reading_rounds
from engine.config import load
from engine.hands import Hands
from engine.installation import Outpost
from engine.letters import letter_for
from engine.queue import Doorbell
from engine.warm_up_key import make_once
from storage.database import Database
from storage.tables import MailReading
from storage.vault import Vault
from tests import makers
from tests.bed.bed import wait_until
from tests.dispatch.sink import Sink, _account


@pytest.fixture
def bell(database: Database, tmp_path: Path) -> Doorbell:
    vault = Vault({1: bytes(32)})
    with database.write() as session:
        makers.installation(session)
        make_once(session, vault)
        ada = makers.identity(session, makers.workspace(session).id)
        for name in ("first", "second"):
            makers.mailbox(session, ada, address=f"{name}@acme.test")  # without a password: it can't be read
    config = load({"OUTPOST_DATA": str(tmp_path), "OUTPOST_KEY_FILE": str(tmp_path / "key")})
    hands = Hands(Sink(tmp_path / "sink"), _account, letter_for)
    return Doorbell(Outpost(database, vault, config), "test", True, lambda: hands)


def failures(bell: Doorbell) -> list[int]:
    with bell.outpost.database.read() as session:
        return list(session.scalars(select(MailReading.failures).order_by(MailReading.mailbox_id)))


def finished(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(20)


def test_every_mailbox_is_read_and_those_that_failed_come_again_beside_the_others(bell: Doorbell) -> None:
    bell.recurring.read_mail()
    finished("reading")
    assert failures(bell) == [1, 1]
    assert bell.troubles.sentences == {}  # a mailbox that can't be read is no fault of the worker
    with bell.outpost.database.write() as session:
        session.execute(update(MailReading).values(next_at=clock.now() - timedelta(seconds=1)))
    bell.recurring.read_mail()
    finished("reading")
    assert failures(bell) == [2, 2]


def test_a_round_that_hangs_lets_the_next_minute_pass(bell: Doorbell, monkeypatch: pytest.MonkeyPatch) -> None:
    over, begun = threading.Event(), list[bool]()

    def hangs(*_given: object, ill: bool, may_go_on: object) -> int:
        begun.append(ill)
        if ill:
            over.wait(20)
        return 0

    monkeypatch.setattr(reading_rounds, "read_due", hangs)
    for _ in range(3):
        bell.recurring.read_mail()
    wait_until(lambda: True in begun, "the reading of slow mail", 20)  # in a thread of its own
    assert sorted(begun) == [False, False, False, True]
    over.set()
    finished("reading")


@pytest.mark.parametrize(
    ("part", "work"),
    [
        pytest.param(cut_off_sign_ins, "settle_due", id="a slow provider presents no code twice"),
        pytest.param(long_jobs, "carry_on", id="a long job is carried on by one thread"),
    ],
)
def test_a_minute_that_lasts_longer_is_not_joined_by_the_next(
    bell: Doorbell, monkeypatch: pytest.MonkeyPatch, part: ModuleType, work: str
) -> None:
    over, begun = threading.Event(), list[object]()

    def hangs(*given: object) -> int:
        begun.append(given)
        over.wait(20)
        return 0

    monkeypatch.setattr(part, work, hangs)
    minute = threading.Thread(target=bell.recurring.every_minute)
    minute.start()
    wait_until(lambda: bool(begun), "the first minute", 20)
    bell.recurring.every_minute()
    over.set()
    minute.join(20)
    assert len(begun) == 1

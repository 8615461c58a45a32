"""A slow look-up at LinkedIn holds up nobody else's."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.channels.effects import Letter, Outcome, Trace, Uncertain
from engine.config import load
from engine.dispatch import attend
from engine.hands import Effect, Hands
from engine.installation import Outpost
from engine.queue import Doorbell
from storage.database import Database
from storage.kinds import ActionKind, ActionState
from storage.ledger import Entry
from storage.tables import Action
from storage.vault import Vault
from tests.bed.bed import wait_until
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

INVITE = ActionKind.CONNECTION_REQUEST


@dataclass
class SlowPages:
    """A hand whose pages come when they are let."""

    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    looks: int = 0
    absence_proves: bool = True

    def look_up(self, seconds: float) -> Trace:
        self.looks += 1
        self.asked.set()
        self.let.wait(60)
        return Trace.FOUND

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> "SlowPages":
        return self

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        """There is nothing beyond the action."""

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> Effect:
        raise AssertionError


def lost(_letter: Letter) -> Uncertain:
    return Uncertain("no answer")


def test_a_mail_is_looked_up_while_a_page_of_linkedin_does_not_come(database: Database, tmp_path: Path) -> None:
    sink, pages = Sink(tmp_path / "sink", lost), SlowPages()
    mail_lane, other_lane = lanes_with_work(database, lanes=2, leads=1, steps=1)
    for lane in (other_lane, mail_lane):
        attend(database, lane, lambda: MONDAY, "worker-1", sink.hands())
    with database.write() as session:
        session.execute(update(Action).where(Action.lane_id == other_lane).values(kind=INVITE))
        session.execute(update(Action).values(wait_until=clock.now()))
    settings = {"OUTPOST_DATA": str(tmp_path / "data")}
    (tmp_path / "data").mkdir()
    others = {INVITE: pages}
    outpost = Outpost(database, Vault({1: bytes(32)}), load(settings))
    bell = Doorbell(outpost, "worker-1", True, lambda: _with(sink.hands(), others))
    bell._settle()
    assert pages.asked.wait(10)
    wait_until(
        lambda: state(database, mail_lane) not in (ActionState.UNKNOWN, ActionState.RECONCILING), "the mail's look-up"
    )
    bell._settle()  # the next round begins no second look at the page that one waits for
    assert (state(database, other_lane), pages.looks) == (ActionState.RECONCILING, 1)
    pages.let.set()
    wait_until(lambda: state(database, other_lane) is ActionState.ACCEPTED, "the page to be read")


def _with(hands: Hands, others: dict[ActionKind, SlowPages]) -> Hands:
    return replace(hands, others=others)


def state(database: Database, lane_id: int) -> ActionState:
    with database.read() as session:
        return session.scalars(select(Action.state).where(Action.lane_id == lane_id)).one()

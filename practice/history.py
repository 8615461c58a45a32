"""Months of the practice workspace, made by running the real engine on a clock of the past and a world of dice.

Nothing is written into the ledger by hand: what the reports show was reserved, judged and recorded by the code that sends.
One seed and one practice day make one history.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from engine import agenda, campaigns, launching, recovery, sequence
from engine.channels.effects import MailAccount, Server
from engine.desk import Actor, Desk
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_for
from practice import replies
from practice.stage import Cue, MailHost, leave_it_as_today, set_stage
from practice.world import ANSWERS, Answer, PastClock, World
from storage.database import Database, open_database
from storage.kinds import ActionState, CampaignState, LeadState, Security
from storage.tables import Action, Campaign, Lead, Mailbox

_DIRECTOR = Actor(None, "practice@outpost.test", is_owner=True)
_HOLDER = "practice history"
_QUIET = timedelta(minutes=40)  # before the practice day begins: the first mails of that day are then due at once
_UNKNOWN = Action.state == ActionState.UNKNOWN
_LOOKS_AT_ONE_INSTANT = 500
_NOWHERE = Server("past.practice.test", 465, Security.SSL)


class EndlessAgendaError(RuntimeError):
    """The agenda keeps asking for the same instant."""


def write_history(url: str, host: MailHost, now: datetime, seed: int = 7, set_by: int | None = None) -> int:
    """Fill an empty practice database with the workspace and its past up to `now`; returns the workspace's id."""
    database = open_database(url)
    event.listen(database.engine, "connect", _hurry)
    random = Random(seed)
    try:
        with database.write() as session:
            stage = set_stage(session, host, random, now, set_by)
        world = World(PastClock(stage.cues[0].at), random, unproven=now - timedelta(days=3))
        past = _Past(database, world, list(stage.cues))
        past.play(now - _QUIET)
        with database.write() as session:
            leave_it_as_today(session, stage, past.clock.now())
            agenda.wake_workspace(session, stage.workspace.id, now)
        return stage.workspace.id
    finally:
        database.close()


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # there is nothing in the file yet that a power cut could take


@dataclass(slots=True)
class _Past:
    database: Database
    world: World
    cues: list[Cue]

    @property
    def hands(self) -> Hands:
        return Hands(self.world, _account, letter_for)

    @property
    def clock(self) -> PastClock:
        return self.world.clock

    def play(self, until: datetime) -> None:
        """Let everything happen in its order, up to `until`."""
        looks, before = 0, self.clock.at
        while (instant := self._next()) is not None and instant < until:
            self.clock.reach(instant)
            looks = looks + 1 if self.clock.at == before else 0
            before = self.clock.at
            if looks > _LOOKS_AT_ONE_INSTANT:
                raise EndlessAgendaError(f"The agenda asks for {instant} for ever.")
            self._happen()
        self.clock.reach(until)

    def _next(self) -> datetime | None:
        with self.database.read() as session:
            wakes = agenda.next_wake(session)
            looks = session.scalar(select(func.min(Action.wait_until)).where(_UNKNOWN)) if self.world.unknown else None
        ahead = [wakes, looks, *(cue.at for cue in self.cues[:1]), *(answer.at for answer in self.world.answers[:1])]
        return min((instant for instant in ahead if instant is not None), default=None)

    def _happen(self) -> None:
        now = self.clock.at
        while self.cues and self.cues[0].at <= now:
            with self.database.write() as session:
                _act(session, self.cues.pop(0), now)
        while self.world.answers and self.world.answers[0].at <= now:
            with self.database.write() as session:
                _hear(session, self.world.heard(), now)
        with self.database.read() as session:
            due = agenda.due_lanes(session, now, limit=50)
        for lane_id in due:
            attend(self.database, lane_id, self.clock.now, _HOLDER, self.hands)
        if self.world.unknown:
            recovery.reconcile_due(self.database, self.clock.now, self.hands)


def _act(session: Session, cue: Cue, now: datetime) -> None:
    campaign = session.get_one(Campaign, cue.campaign_id)
    desk = Desk(session, _DIRECTOR, campaign.workspace_id, now)
    if cue.becomes is CampaignState.PAUSED:
        campaigns.pause(desk, campaign.id)
        return
    launching.launch(desk, campaign.id)
    while launching.begin_more(desk, campaign.id).remaining:
        pass


def _hear(session: Session, answer: Answer, now: datetime) -> None:
    lead = session.scalars(select(Lead).where(Lead.email == answer.address, Lead.state == LeadState.ACTIVE)).first()
    if lead is None:
        return
    if answer.state is LeadState.REPLIED:
        replies.reply(session, lead, now)
    else:
        sequence.end(session, [lead.id], answer.state, ANSWERS[answer.state][1], "worker", now)


def _account(session: Session, mailbox: Mailbox) -> MailAccount:
    return MailAccount(mailbox.address, mailbox.display_name, mailbox.username, "", _NOWHERE, _NOWHERE, mailbox.sent_folder)

"""A workspace on a simulated clock with a simulated mail server: one seed is one run, and has one hash.

The server is the witness: whenever a mail reaches it, it reads what people had set at that instant and judges the mail by
rules of its own (tests.simulation.witness), not by the code under test.
"""

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event, func, select, update

from engine import agenda, sequence, stops
from engine.channels.effects import Accepted, Failed, Letter, MailAccount, Outcome, Server, Trace, Uncertain
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_for
from engine.recovery import reconcile_due, recover
from storage.database import Database
from storage.kinds import ActionKind, ActionState, LeadState, QuotaClock, Reason, Security, SuppressionKind
from storage.tables import Action, Event, Identity, Lane, Lead, LimitSetting, Mailbox, Stop, Suppression, Workspace
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY
from tests.simulation import witness

ZONES = ("Europe/Madrid", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo")
_SERVER = Server("simulated.test", 465, Security.SSL)


class WorkerDiedError(Exception):
    """The simulated worker ends here, as a SIGKILL would end a real one."""


@dataclass
class World:
    """The database, the clock, and what the world saw."""

    path: Path
    seed: int
    identities: int = 20
    leads: int = 4
    every: timedelta = timedelta(days=30)  # how often each identity gets new leads
    now: datetime = MONDAY
    taken: list[tuple[str, datetime]] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    boots: int = 0
    cohorts: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._sent_from: dict[str, list[datetime]] = defaultdict(list)
        self.database = fast_database(self.path)
        self.workspace_id = self._people()

    def _people(self) -> int:
        with self.database.write() as session:
            makers.installation(session)
            makers.user(session)
            home = makers.workspace(session)
            for number in range(self.identities):
                hours = {"work_start": 9 * 60, "work_end": 18 * 60} if number % 3 else {"work_start": 1320, "work_end": 360}
                ada = makers.identity(session, home.id, zone=ZONES[number % len(ZONES)], **hours)
                limit = self.chance.randint(1, 3)
                makers.mailbox(session, ada, limit=limit, password=b"-", address=f"a{number}@a.test")
            return home.id

    def _new_leads(self) -> None:
        """A new campaign of three steps for every identity."""
        self.cohorts += 1
        with self.database.write() as session:
            for box in session.scalars(select(Mailbox).order_by(Mailbox.id)):
                ada = session.get_one(Identity, box.identity_id)
                campaign = makers.campaign(session, ada, steps=3)
                people = [
                    makers.lead(session, campaign, mailbox_id=box.id, email=f"p{box.id}.{self.cohorts}.{one}@b.test")
                    for one in range(self.leads)
                ]
                sequence.begin(session, campaign.id, [one.id for one in people], self.now)

    def clock(self) -> datetime:
        return self.now

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        fate = self.chance.random()
        if fate < 0.03:
            return Failed(Reason.PROVIDER_BUSY, "451 later", permanent=False)
        if fate < 0.04:
            raise WorkerDiedError
        if fate < 0.05:
            return Uncertain("no answer, and it was not taken")
        self._take(account, letter)
        if fate < 0.06:
            raise WorkerDiedError
        if fate < 0.08:
            return Uncertain("no answer, but it was taken")
        return Accepted({"answer": "250 taken"})

    def _take(self, account: MailAccount, letter: Letter) -> None:
        earlier = self._sent_from[account.address]
        with self.database.read() as session:
            self.breaches += witness.judge(session, account.address, letter, self.now, earlier)
        earlier.append(self.now)
        self.taken.append((letter.message_id, self.now))

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        if self.chance.random() < 0.1:
            return Trace.UNREADABLE
        return Trace.FOUND if any(one == message_id for one, _ in self.taken) else Trace.ABSENT

    def hands(self) -> Hands:
        return Hands(self, _account, letter_for)

    def run(self, days: int) -> str:
        """Let `days` pass, from one wake-up to the next; returns the hash of the whole ledger."""
        ends = self.now + timedelta(days=days)
        meddling = arriving = self.now
        while self.now < ends:
            if self.now >= arriving:
                self._new_leads()
                arriving += self.every
            if self.now >= meddling:
                self._meddle()
                meddling = self.now + timedelta(hours=self.chance.randint(5, 60))
            self._look()
            self.now = max(self.now + timedelta(seconds=30), min(self._next(), meddling, arriving))
        self.now += timedelta(hours=3)
        reconcile_due(self.database, self.clock, self.hands(), most=1_000)
        return self.hash()

    def _look(self) -> None:
        with self.database.read() as session:
            due = agenda.due_lanes(session, self.now, 500)
        for lane_id in due:
            try:
                attend(self.database, lane_id, self.clock, f"boot {self.boots}", self.hands())
            except WorkerDiedError:
                self.boots += 1
                recover(self.database, f"boot {self.boots}", self.now, alone=True)
        reconcile_due(self.database, self.clock, self.hands())

    def _next(self) -> datetime:
        with self.database.read() as session:
            unsettled = Action.state.in_([ActionState.UNKNOWN, ActionState.RECONCILING])
            look = session.scalar(select(func.min(Action.wait_until)).where(unsettled))
            wake = agenda.next_wake(session)
        return min([one for one in (look, wake) if one is not None], default=self.now + timedelta(days=1))

    def _meddle(self) -> None:
        """What people do to a running workspace, and what a computer's clock does to itself."""
        deeds = (
            self._limit,
            self._move_zone,
            self._press,
            self._release,
            self._release,
            self._reply,
            self._suppress,
            self._clock_back,
        )
        self.chance.choice(deeds)()

    def _lane(self) -> int:
        with self.database.read() as session:
            return self.chance.choice(session.scalars(select(Lane.id).order_by(Lane.id)).all())

    def _limit(self) -> None:
        day = {"lane_id": self._lane(), "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}
        with self.database.write() as session:
            session.add(LimitSetting(**day, value=self.chance.randint(1, 4), since=self.now))
            agenda.wake_all(session, self.now)

    def _move_zone(self) -> None:
        lane_id = self._lane()
        with self.database.write() as session:
            identity_id = session.get_one(Lane, lane_id).identity_id
            session.execute(update(Identity).where(Identity.id == identity_id).values(zone=self.chance.choice(ZONES)))
            agenda.wake_all(session, self.now)

    def _press(self) -> None:
        with self.database.write() as session:
            stops.press_workspace(makers.desk(session, self.workspace_id, now=self.now))

    def _release(self) -> None:
        with self.database.write() as session:
            if session.scalars(select(Stop.id).where(Stop.released_at.is_(None))).first() is not None:
                stops.release_workspace(makers.desk(session, self.workspace_id, now=self.now))

    def _reply(self) -> None:
        with self.database.write() as session:
            active = session.scalars(select(Lead.id).where(Lead.state == LeadState.ACTIVE).order_by(Lead.id)).all()
            if active:
                lead = self.chance.choice(active)
                sequence.end(session, [lead], LeadState.REPLIED, Reason.LEAD_REPLIED, "worker", self.now)

    def _suppress(self) -> None:
        """A person is put on the list; what is open for them is left to the gate."""
        with self.database.write() as session:
            free = Lead.email.not_in(select(Suppression.value))
            active = session.scalars(select(Lead).where(Lead.state == LeadState.ACTIVE, free).order_by(Lead.id)).all()
            if active:
                lead = self.chance.choice(active)
                key = {"workspace_id": lead.workspace_id, "kind": SuppressionKind.ADDRESS, "value": lead.email}
                session.add(Suppression(**key, since=self.now))

    def _clock_back(self) -> None:
        self.now -= timedelta(hours=1)

    def hash(self) -> str:
        columns = (Event.id, Event.at, Event.action_id, Event.after, Event.spent, Event.local_day, Event.reason)
        with self.database.read() as session:
            lines = session.execute(select(*columns).order_by(Event.id)).all()
            assert session.scalars(select(Workspace.id)).all() == [self.workspace_id]
        return hashlib.sha256(repr([tuple(line) for line in lines]).encode()).hexdigest()


def _account(_session: object, mailbox: Mailbox) -> MailAccount:
    return MailAccount(mailbox.address, "Ada", mailbox.address, "-", imap=_SERVER, smtp=_SERVER, files_sent_itself=True)


def fast_database(path: Path) -> Database:
    """A new one; a simulated year need not survive a power cut."""
    database = new_database(path)

    @event.listens_for(database.engine, "connect")
    def configure(connection: object, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]

    return database

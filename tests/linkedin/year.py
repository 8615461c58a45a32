"""A year of LinkedIn on a simulated clock with a simulated LinkedIn: one seed is one run.

LinkedIn is the witness: at every effect it counts for itself (tests.linkedin.year_witness), not by the code under test.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from engine import agenda, linkedin_accounts, linkedin_consent, linkedin_looks, linkedin_withdrawals, sequence
from engine.channels.effects import Uncertain
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    Connection,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    OwnProfile,
    Person,
)
from engine.hands import Hands
from engine.linkedin_hand import LINKEDIN_KINDS, LinkedInHand
from engine.recovery import reconcile_due
from engine.rounds import carry_on
from storage.kinds import ActionKind, ActionState, LinkedInState
from storage.tables import UNSETTLED, Action, Identity, Step
from storage.vault import Vault
from tests import makers
from tests.linkedin.conftest import NoMail
from tests.linkedin.transport import Deed, Transport
from tests.linkedin.year_witness import Witness
from tests.makers import MONDAY
from tests.simulation.world import ZONES, fast_database

_DAY = timedelta(days=1)
_ACCEPTED = 0.35  # of the people; the rest is withdrawn one day
_COMES_BACK = 0.1  # of those withdrawn become another identity's lead


@dataclass
class Year:
    """`busy`: how many identities have more work than their limits allow; the others get `leads` people a month."""

    path: Path
    seed: int
    identities: int = 50
    busy: int = 5
    leads: int = 30
    now: datetime = MONDAY
    frozen: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.database = fast_database(self.path)
        self.vault = Vault({1: bytes(32)})
        self.transport = Transport(lambda: self.now, says=self._says)
        self.witness = Witness(self.transport, MONDAY, self.frozen)
        hand = LinkedInHand(self.database, self.vault, self.transport, lambda: self.now)  # type: ignore[arg-type]
        self.hands = Hands(NoMail(), lambda *_: None, lambda *_: None, dict.fromkeys(LINKEDIN_KINDS, hand))  # type: ignore[arg-type,return-value]
        self._number = 0
        self._accepting: list[tuple[datetime, str, str]] = []
        self._seen = 0
        self._hour = self.now
        self._back: list[str] = []
        self._look_up_at: datetime | None = None
        self._people()

    def _people(self) -> None:
        with self.database.write() as session:
            makers.installation(session)
            makers.user(session, id=1, email=makers.OWNER.label, is_owner=True)
            home = makers.workspace(session)
            desk = makers.desk(session, home.id)
            for number in range(self.identities):
                ada = makers.identity(session, home.id, zone=ZONES[number % len(ZONES)], work_start=9 * 60, work_end=18 * 60)
                ada.work_days = [1, 2, 3, 4, 5]
                linkedin_consent.accept(desk, ada, "Ada Lovelace")
                profile = OwnProfile(f"ada-{number}", "Ada Lovelace", "Head of Sales")
                linkedin_accounts.connect(session, self.vault, ada.id, f"a{number}@a.test", profile, {}, MONDAY)
                account = linkedin_accounts.account_of(session, ada.id)
                assert account is not None
                account.withdraw_after_days = 14 + number % 17
                self.witness.zones[str(ada.id)] = ada.zone

    def run(self, days: int) -> None:
        ends, day = self.now + days * _DAY, self.now
        while self.now < ends:
            if self.now >= day:
                self._each_day((day - MONDAY).days)
                day += _DAY
            if self.now >= self._hour:
                linkedin_withdrawals.plan_due(self.database, self.now)
                self._hour = self.now + timedelta(hours=1)
            self._look()
            self.now = max(self.now + timedelta(seconds=30), min(self._next(), day))

    def _each_day(self, day: int) -> None:
        if day % 7 == 0:
            self._new_leads(day)
        self._heal()
        came: dict[int, list[Connection]] = defaultdict(list)
        for at, identity, slug in [one for one in self._accepting if one[0] <= self.now]:
            self.transport.accept(identity, slug)
            came[int(identity)].append(Connection(slug, "Marie Curie"))
            self._accepting.remove((at, identity, slug))
        for identity_id, connections in came.items():
            with self.database.write() as session:
                linkedin_looks.record(session, identity_id, tuple(connections), (), self.now)

    def _new_leads(self, day: int) -> None:
        with self.database.write() as session:
            for number, ada in enumerate(session.scalars(select(Identity).order_by(Identity.id)).all()):
                wanted = 110 if number < self.busy else self.leads if day % 28 == 0 else 0
                if not wanted:
                    continue
                made = makers.campaign(session, ada, steps=0)
                asked = Step(campaign_id=made.id, position=1, kind=ActionKind.CONNECTION_REQUEST, body="Hello")
                asked.may_drop_note = True  # else five in 30 days were all that a free account may ask
                session.add(asked)
                written = Step(campaign_id=made.id, position=2, kind=ActionKind.LINKEDIN_MESSAGE, body="Hello again")
                written.wait_minutes, written.acceptance_days = 24 * 60, 20
                session.add(written)
                people = [makers.lead(session, made, email="", linkedin_url=self._person()).id for _ in range(wanted)]
                session.flush()
                sequence.begin(session, made.id, people, self.now)

    def _person(self) -> str:
        """Somebody new, or now and then one whose invitation another identity withdrew."""
        if self._back and self.chance.random() < _COMES_BACK:
            return f"linkedin.com/in/{self._back.pop()}"
        self._number += 1
        return f"linkedin.com/in/person-{self._number}"

    def _heal(self) -> None:
        """A person signs the account in again when its restriction has ended."""
        with self.database.write() as session:
            restricted = select(Identity).where(Identity.linkedin_state != LinkedInState.CONNECTED)
            for ada in session.scalars(restricted).all():
                ends = [until for until, what in self.frozen[str(ada.id)] if what == "all"]
                if not ends or max(ends) <= self.now:
                    linkedin_accounts.stand(session, ada.id, LinkedInState.CONNECTED, "", self.now)

    def _says(self, what: str, identity: str, person: Person) -> LinkedInOutcome | None:
        fate = self.chance.random()
        if what == "invite" and fate < 0.002:
            self.frozen[identity].append((self.now + 7 * _DAY, "invite"))
            return Blocked(BlockedKind.WEEKLY_LIMIT, "LinkedIn's weekly limit of invitations is reached.")
        if fate < 0.0025:
            self.frozen[identity].append((self.now + 7 * _DAY, "all"))
            return Blocked(BlockedKind.RESTRICTED, "LinkedIn restricted this account.")
        if what == "invite" and fate < 0.01:
            return LeadProblem(LeadProblemKind.FOLLOW_ONLY)
        if what != "withdraw" and 0.01 < fate < 0.015:  # it came about, and nobody was told
            self.transport.deeds.append(Deed(what, identity, person.slug, self.now))
            if what == "invite":
                self.transport.pending[identity][person.slug] = person.name
            return Uncertain("The page did not answer.")
        return None

    def _look(self) -> None:
        with self.database.read() as session:
            due = agenda.due_lanes(session, self.now, 500)
        for lane_id in due:
            carry_on(self.database, lane_id, lambda: self.now, "boot", self.hands, lambda: True)
        if self._look_up_at is not None and self._look_up_at <= self.now:
            reconcile_due(self.database, lambda: self.now, self.hands)
        for deed in self.transport.deeds[self._seen :]:
            self.witness.judge(deed)
            if deed.what == "invite" and self.chance.random() < _ACCEPTED:
                after = timedelta(days=min(60.0, self.chance.expovariate(1 / 4)))
                self._accepting.append((self.now + after, deed.identity, deed.slug))
            elif deed.what == "withdraw":
                self._back.append(deed.slug)
        self._seen = len(self.transport.deeds)

    def _next(self) -> datetime:
        with self.database.read() as session:
            self._look_up_at = session.scalar(_NEXT_LOOK_UP)
            wake = agenda.next_wake(session)
        return min([one for one in (self._look_up_at, wake) if one is not None], default=self.now + _DAY)


_NEXT_LOOK_UP = select(func.min(Action.wait_until)).where(
    text(UNSETTLED), Action.state.in_([ActionState.UNKNOWN, ActionState.RECONCILING])
)

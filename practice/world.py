"""The world of the practice workspace's past: servers that mostly accept, and people who now and then answer."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from engine.channels.effects import Accepted, Failed, Letter, MailAccount, Outcome, Trace, Uncertain
from storage.kinds import LeadState, Reason

_FULL = Failed(Reason.RECIPIENT_REFUSED, "550 5.1.1 No such user here", permanent=True)
_BUSY = Failed(Reason.PROVIDER_BUSY, "451 4.7.1 Try again later", permanent=False)
ANSWERS = {
    LeadState.REPLIED: (0.085, Reason.LEAD_REPLIED),
    LeadState.BOUNCED: (0.012, Reason.LEAD_BOUNCED),
    LeadState.UNSUBSCRIBED: (0.009, Reason.LEAD_UNSUBSCRIBED),
}


@dataclass(slots=True)
class PastClock:
    """The clock of the past: it goes only forward, and a delivery takes its seconds."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def reach(self, instant: datetime) -> None:
        self.at = max(self.at, instant)


@dataclass(order=True, frozen=True, slots=True)
class Answer:
    """What one person does about a letter, and when."""

    at: datetime
    address: str
    state: LeadState


@dataclass(slots=True)
class World:
    """A Mailer whose every outcome comes from one generator; `answers` are still on their way.

    `unproven` is when one mail gets lost between sending and answer, on a host where nothing can prove what became of it.
    """

    clock: PastClock
    random: Random
    unproven: datetime
    answers: list[Answer] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # Message-IDs that are still to be looked up
    lost: str = ""

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        self.clock.reach(self.clock.at + timedelta(seconds=self.random.uniform(0.4, 3)))
        dice = self.random.random()
        if dice < 0.011:
            return _FULL
        if dice < 0.025:
            return _BUSY
        if dice < 0.029 or self._gets_lost(letter):
            self.unknown.add(letter.message_id)
            return Uncertain("The connection ended after the content was sent.")
        self._answer(letter.recipient)
        return Accepted({"answer": "250 2.0.0 Ok: queued", "server": account.smtp.host})

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        self.unknown.discard(message_id)
        return Trace.UNKNOWABLE if message_id == self.lost else Trace.FOUND

    def _gets_lost(self, letter: Letter) -> bool:
        if not self.lost and self.clock.at >= self.unproven:
            self.lost = letter.message_id
        return self.lost == letter.message_id

    def heard(self) -> Answer:
        """Take the answer that comes first."""
        return heapq.heappop(self.answers)

    def _answer(self, address: str) -> None:
        dice = self.random.random()
        for state, (share, _) in ANSWERS.items():
            if dice < share:
                after = timedelta(minutes=self.random.expovariate(1 / 700) + 4)
                heapq.heappush(self.answers, Answer(self.clock.at + after, address, state))
                return
            dice -= share

"""LinkedIn without pages: who did what to whom and when, for tests of the product's side and for simulated years."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from engine.channels.effects import Trace
from engine.channels.linkedin.outcomes import (
    Done,
    Gate,
    Invitation,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
    Person,
    SessionState,
)


@dataclass(frozen=True, slots=True)
class Deed:
    """An effect that came about: `what` is invite, message or withdraw."""

    what: str
    identity: str
    slug: str
    at: datetime
    text: str = ""


@dataclass
class Transport:
    """Implements what dispatch uses of the driver's protocol.

    `meanwhile` passes between the reading of a page and the last gate; `says` is what LinkedIn answers instead of letting
    an effect come about (None: it lets it).
    """

    now: Callable[[], datetime]
    meanwhile: Callable[[], None] = lambda: None
    says: Callable[[str, str, Person], LinkedInOutcome | None] = lambda _what, _identity, _person: None
    deeds: list[Deed] = field(default_factory=list)
    pending: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # name by slug
    connected: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def request_connection(
        self, identity: str, state: SessionState, person: Person, note: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome:
        if person.slug in self.pending[identity]:
            return LeadProblem(LeadProblemKind.ALREADY_PENDING)
        refused = self._refused("invite", identity, person, gate)
        if refused is not None:
            return refused
        self._do("invite", identity, person, note)
        self.pending[identity][person.slug] = person.name
        return Done({"slug": person.slug, "state": "pending"})

    def send_message(
        self, identity: str, state: SessionState, person: Person, text: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome:
        if person.slug not in self.connected[identity]:
            return LeadProblem(LeadProblemKind.NOT_CONNECTED)
        refused = self._refused("message", identity, person, gate)
        if refused is not None:
            return refused
        self._do("message", identity, person, text)
        return Done({"slug": person.slug})

    def withdraw(
        self, identity: str, state: SessionState, person: Person, gate: Gate, seconds: float = 240
    ) -> LinkedInOutcome:
        if person.slug not in self.pending[identity]:
            accepted = person.slug in self.connected[identity]
            return LeadProblem(LeadProblemKind.ALREADY_CONNECTED if accepted else LeadProblemKind.NOT_PENDING)
        refused = self._refused("withdraw", identity, person, gate)
        if refused is not None:
            return refused
        self._do("withdraw", identity, person)
        del self.pending[identity][person.slug]
        return Done({"slug": person.slug})

    def look_up_invitation(self, identity: str, state: SessionState, person: Person, seconds: float = 90) -> Trace:
        return self._trace("invite", identity, person)

    def look_up_message(self, identity: str, state: SessionState, person: Person, text: str, seconds: float = 90) -> Trace:
        return self._trace("message", identity, person)

    def sent_invitations(
        self, identity: str, state: SessionState, seconds: float = 180
    ) -> tuple[Invitation, ...] | LinkedInOutcome:
        now = self.now()
        return tuple(Invitation(slug, name, now - now, "Sent today") for slug, name in self.pending[identity].items())

    def accept(self, identity: str, slug: str) -> None:
        """The person accepts the invitation, if it is still there."""
        if self.pending[identity].pop(slug, None) is not None:
            self.connected[identity].add(slug)

    def _refused(self, what: str, identity: str, person: Person, gate: Gate) -> LinkedInOutcome | None:
        said = self.says(what, identity, person)
        if said is not None:
            return said
        self.meanwhile()
        return None if gate() else NotDone("The last gate refused.")

    def _do(self, what: str, identity: str, person: Person, text: str = "") -> None:
        self.deeds.append(Deed(what, identity, person.slug, self.now(), text))

    def _trace(self, what: str, identity: str, person: Person) -> Trace:
        found = any((one.what, one.identity, one.slug) == (what, identity, person.slug) for one in self.deeds)
        return Trace.FOUND if found else Trace.ABSENT

"""What can come of driving LinkedIn's pages, and what LinkedIn may ask of a person at sign-in: plain values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from engine.channels.effects import Trace, Uncertain

SessionState = dict[str, Any]  # Playwright's storage state: cookies and local storage; seal it, never log it
Gate = Callable[[], bool]  # the last gate, asked after the page was read and before the click


class BlockedKind(StrEnum):
    """What stops the identity. Weekly limit: connection requests only; note quota: notes only; no seat: scraping only."""

    LOGIN = "login"  # the session is gone: reconnect
    CHECKPOINT = "checkpoint"
    RESTRICTED = "restricted"
    WEEKLY_LIMIT = "weekly_limit"
    NOTE_QUOTA = "note_quota"
    NO_SEAT = "no_seat"
    LANGUAGE = "language"
    DRIFT = "drift"  # the page is not as known: three in a row pause the identity


class LeadProblemKind(StrEnum):
    """What is so about the person; no click was made that counts, so no quota is used."""

    NOT_FOUND = "not_found"
    EMAIL_REQUIRED = "email_required"
    RELATION_REQUIRED = "relation_required"
    FOLLOW_ONLY = "follow_only"
    COOL_DOWN = "cool_down"
    ALREADY_PENDING = "already_pending"
    ALREADY_CONNECTED = "already_connected"
    NOT_CONNECTED = "not_connected"  # only an InMail would reach them
    NOT_PENDING = "not_pending"  # nothing to withdraw
    WRONG_PERSON = "wrong_person"
    REPLIED = "replied"  # they wrote: the message was not sent
    ALREADY_SENT = "already_sent"  # the last own message is equal to this one


@dataclass(frozen=True, slots=True)
class Person:
    slug: str
    name: str
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Proven from a fresh load. `accepted`: their own request was accepted instead; `near_limit`: LinkedIn warned."""

    evidence: dict[str, Any] = field(default_factory=dict)
    accepted: bool = False
    near_limit: bool = False


@dataclass(frozen=True, slots=True)
class NotDone:
    """Proof, or no click made: nothing happened; the same action may be tried later."""

    note: str


@dataclass(frozen=True, slots=True)
class Blocked:
    kind: BlockedKind
    note: str  # a sentence for the person
    picture: str = ""  # the protected picture's path, on drift


@dataclass(frozen=True, slots=True)
class LeadProblem:
    kind: LeadProblemKind
    note: str = ""
    slug: str = ""  # where the profile is now, if it moved


LinkedInOutcome = Done | NotDone | Uncertain | Blocked | LeadProblem


class ProfileState(StrEnum):
    CONNECTABLE = "connectable"
    PENDING = "pending"
    INCOMING = "incoming"
    CONNECTED = "connected"
    FOLLOW_ONLY = "follow_only"
    COOL_DOWN = "cool_down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OwnProfile:
    slug: str
    name: str
    title: str = ""
    photo: bytes = field(default=b"", repr=False)  # a PNG as the page showed it
    member_id: str = ""
    has_seat: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """`sent_at_least` ago: "Sent 2 weeks ago" rounds down, so at least 14 days."""

    slug: str
    name: str
    sent_at_least: timedelta
    words: str


@dataclass(frozen=True, slots=True)
class Connection:
    slug: str
    name: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """The newest inbound message of one conversation."""

    slug: str
    name: str
    text: str
    thread: str
    words: str = ""  # the time as the page says it


@dataclass(frozen=True, slots=True)
class SalesRow:
    """Somebody on a page of Sales Navigator's results; `path` is where their own page there is."""

    path: str
    name: str
    title: str = ""
    company: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class SalesPage:
    """`told` is how many results Sales Navigator says there are; `unread` counts rows that never showed a name."""

    people: tuple[SalesRow, ...]
    has_more: bool
    told: int | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True)
class SalesLead:
    slug: str  # "" when their page shows no public profile


class CodeKind(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    AUTHENTICATOR = "authenticator"


@dataclass(frozen=True, slots=True)
class CodeAsked:
    kind: CodeKind
    hint: str = ""
    error: str = ""  # what LinkedIn said of the code before: wrong, expired


@dataclass(frozen=True, slots=True)
class ApproveInApp:
    pass


@dataclass(frozen=True, slots=True)
class Captcha:
    picture: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    picture: bytes = field(repr=False)
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChooseContract:
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongCredentials:
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Proven by a restart of the browser."""

    profile: OwnProfile
    storage_state: SessionState = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nobody answered, or nothing was approved, in time."""


Asked = CodeAsked | ApproveInApp | ChooseContract  # a person can go on from here
SignInEnd = SignedIn | WrongCredentials | Captcha | Unknown | Blocked | NotDone | TimedOut
SignInState = Asked | SignInEnd


@dataclass(frozen=True, slots=True)
class CodeGiven:
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resend:
    pass


@dataclass(frozen=True, slots=True)
class ContractChosen:
    option: str


Answer = CodeGiven | Resend | ContractChosen
# `ask(state, seconds)` shows what is asked and returns the answer, or None when none came yet; called again and again.
Ask = Callable[[Asked, float], Answer | None]


class LinkedIn(Protocol):
    """The driver as the product sees it. Never raises; ends within `seconds`; one call per `identity` at once."""

    def sign_in(self, identity: str, email: str, password: str, ask: Ask, seconds: float = 600) -> SignInEnd: ...

    def request_connection(
        self, identity: str, state: SessionState, person: Person, note: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome: ...

    def send_message(
        self, identity: str, state: SessionState, person: Person, text: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome: ...

    def withdraw(
        self, identity: str, state: SessionState, person: Person, gate: Gate, seconds: float = 240
    ) -> LinkedInOutcome: ...

    def look_up_invitation(self, identity: str, state: SessionState, person: Person, seconds: float = 90) -> Trace: ...

    def look_up_message(
        self, identity: str, state: SessionState, person: Person, text: str, seconds: float = 90
    ) -> Trace: ...

    def profile_state(
        self, identity: str, state: SessionState, person: Person, seconds: float = 60
    ) -> ProfileState | LinkedInOutcome: ...

    def read_own_profile(self, identity: str, state: SessionState, seconds: float = 60) -> OwnProfile | LinkedInOutcome: ...

    def sent_invitations(
        self, identity: str, state: SessionState, seconds: float = 180
    ) -> tuple[Invitation, ...] | LinkedInOutcome: ...

    def connections(
        self, identity: str, state: SessionState, most: int = 200, seconds: float = 180
    ) -> tuple[Connection, ...] | LinkedInOutcome: ...

    def inbox(
        self, identity: str, state: SessionState, seconds: float = 180
    ) -> tuple[InboxMessage, ...] | LinkedInOutcome: ...

    def sales_page(
        self, identity: str, state: SessionState, path: str, number: int, seconds: float = 120
    ) -> SalesPage | LinkedInOutcome: ...

    def sales_lead(
        self, identity: str, state: SessionState, path: str, name: str, seconds: float = 90
    ) -> SalesLead | LinkedInOutcome: ...

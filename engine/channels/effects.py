"""What is done to the world, and what came of it: plain values shared by dispatch, the channels and the stand-ins."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from storage.kinds import Reason, Security


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: Security


# Brings a fresh token, given the one that was just refused ("" for none); ConnectionTrouble when it can't. It asks the
# network, so it is called outside any transaction.
Bearer = Callable[[str], str]


GRAPH_HOST = "graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class GraphWay:
    """Where Microsoft Graph is asked to send, and by whose tokens."""

    base: str
    ca_file: str
    bearer: Bearer = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailAccount:
    """What is needed to log in to one mailbox; the password never shows in a repr.

    `bearer`, where there is one, signs in by XOAUTH2 in place of the password. `graph` is the way round SMTP where the
    workspace allowed it; it is used when the SMTP side names Graph's host.
    """

    address: str
    display_name: str
    username: str
    password: str = field(repr=False)
    imap: Server
    smtp: Server
    sent_folder: str = ""
    files_sent_itself: bool = False
    bearer: Bearer | None = field(default=None, repr=False, compare=False)
    graph: GraphWay | None = field(default=None, repr=False, compare=False)

    @property
    def graph_in_use(self) -> GraphWay | None:
        return self.graph if self.smtp.host == GRAPH_HOST else None

    @property
    def copies(self) -> str:
        """Where the copies of what is sent lie; absence proves something only where they lay when it was sent."""
        return f"{self.username} on {self.imap.host}: {self.sent_folder}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, ready to be built: `message_id`, `in_reply_to` and `references` carry their angle brackets."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it. `evidence` is what can be shown later: the answer, the queue id, where the copy lies."""

    evidence: dict[str, Any]
    seconds: float = 0.0  # that it took


@dataclass(frozen=True, slots=True)
class Failed:
    """Proof that nothing happened. Permanent: never again. Otherwise the same action may be tried after `retry_after`.

    `connection_ended` means that the mailbox itself needs a person (sign-in refused), not only this mail;
    `disabled_by_tenant`, with it, that the sign-in is good and the client's administrator forbids sending by it.
    """

    reason: Reason
    note: str
    permanent: bool
    retry_after: timedelta = timedelta(minutes=15)
    connection_ended: bool = False
    disabled_by_tenant: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The connection ended after the content was on its way and before the answer: look it up, never send again blindly."""

    note: str
    seconds: float = 0.0


Outcome = Accepted | Failed | Uncertain


# Touching the world step by step: it rests wherever an answer is on its way, and ends with what came of it. Whoever has
# others to see to goes to them meanwhile. It never raises.
Delivery = Generator[None, None, Outcome]


def at_a_stretch(delivery: Delivery) -> Outcome:
    """The outcome, for who has nobody else to see to."""
    while True:
        try:
            next(delivery)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def in_one_step(work: Callable[[], Outcome]) -> Delivery:
    """A delivery that never rests."""
    yield from ()
    return work()


class Trace(StrEnum):
    """What looking for a sent thing showed."""

    FOUND = "found"
    ABSENT = "absent"  # proof: this host files every mail it sends, and it is not there
    UNKNOWABLE = "unknowable"  # no evidence either way on this host
    UNREADABLE = "unreadable"  # could not look now: try again later


class Mailer(Protocol):
    """The e-mail channel as dispatch sees it; the real one, the simulated one and the benchmark's are alike to it."""

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        """Send one letter within `seconds`, at most once, and file the copy where the host does not; never raises."""
        ...

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        """Look for a Message-ID in the Sent folder; never raises."""
        ...


class Stepwise:
    """A `Mailer` that can rest while it waits for an answer."""

    __slots__ = ()

    def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
        """`deliver`, step by step."""
        raise NotImplementedError

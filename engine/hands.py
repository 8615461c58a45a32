"""What dispatch needs of a channel: a hand for each kind of action, which prepares an attempt and settles its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from engine.channels.effects import Delivery, Letter, MailAccount, Mailer, Outcome, Trace
from storage.kinds import ActionKind
from storage.ledger import Entry
from storage.tables import Mailbox

DELIVERY_SECONDS = 60.0


class Effect(Protocol):
    """One attempt, ready to go: it carries plain values only and touches nothing before `delivery`."""

    @property
    def evidence(self) -> dict[str, Any]:
        """What is written down before the world is touched, beside `sending`."""
        ...

    def delivery(self, seconds: float) -> Delivery:
        """Do it, at most once, within `seconds`, outside any transaction; never raises."""
        ...


class Inquiry(Protocol):
    """Where to look for what an attempt without an answer may have done."""

    @property
    def absence_proves(self) -> bool:
        """Whether not finding it proves that it did not happen."""
        ...

    def look_up(self, seconds: float) -> Trace:
        """Look, outside any transaction; changes nothing and never raises."""
        ...


class Hand(Protocol):
    """One kind of action on its channel. All but the two values above work inside the caller's transaction."""

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> Effect:
        """What is done and by whom. Problem: the account is no longer connected; UnsendableText, BadText: never possible."""
        ...

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> Inquiry | None:
        """How to find out; None when nothing can be looked up and a person must decide."""
        ...

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        """What an outcome means beyond its action: a connection that ended, a lane that the provider froze."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """The e-mail channel with how to read an account and a letter, and the hands of all other kinds.

    They serve one visit to a lane, at whose end `leave` is called: what was kept open between two mails is over.
    """

    mailer: Mailer
    account_for: Callable[[Session, Mailbox], MailAccount]
    letter_for: Callable[[Session, Entry], Letter]
    others: Mapping[ActionKind, Hand] = field(default_factory=dict)
    leave: Callable[[], None] = lambda: None

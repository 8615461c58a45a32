"""E-mail's hand: the letter and the account of one attempt, the Sent folder as its witness, and what a refusal means."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import bounce_rates, clock, freezes, incoming_effects, mailbox_alerts, slow_servers, soft_bounces
from engine.channels.effects import Accepted, Delivery, Failed, Letter, MailAccount, Mailer, Outcome, Stepwise, Trace
from engine.channels.incoming.bounces import cause_of_refusal
from engine.desk import WORKER, Desk, Problem
from engine.hands import Hands
from storage.kinds import ActionState, LeadState, MailboxState, Reason
from storage.ledger import Entry, connection_of
from storage.prepared import Prepared
from storage.tables import Event, Lane, Lead, Mailbox

_TENANT_ASKED_AGAIN = timedelta(hours=1)
_MAILBOXES = Prepared(
    select(*Mailbox.__table__.columns).where(Mailbox.id.in_(bindparam("mailboxes", expanding=True))), "mailboxes"
)


def mailboxes(session: Session, ids: Collection[int]) -> dict[int, Mailbox]:
    """The rows of these addresses, with their columns by name."""
    return {row.id: row for row in _MAILBOXES.rows(connection_of(session), {"mailboxes": list(ids)})}


@dataclass(frozen=True, slots=True)
class _Mail:
    mailer: Mailer
    account: MailAccount
    letter: Letter

    @property
    def evidence(self) -> dict[str, Any]:
        return {"copies": self.account.copies}

    def delivery(self, seconds: float) -> Delivery:
        began = clock.monotonic()
        if isinstance(self.mailer, Stepwise):
            outcome = yield from self.mailer.delivery(self.account, self.letter, seconds)
        else:
            outcome = self.mailer.deliver(self.account, self.letter, seconds)
        seconds = max(outcome.seconds, clock.monotonic() - began)
        return Accepted(outcome.evidence, seconds) if type(outcome) is Accepted else replace(outcome, seconds=seconds)


@dataclass(frozen=True, slots=True)
class _SentFolder:
    mailer: Mailer
    account: MailAccount
    message_id: str
    absence_proves: bool  # the copies still lie where they lay when it was sent

    def look_up(self, seconds: float) -> Trace:
        return self.mailer.look_up(self.account, self.message_id, seconds)


@dataclass(frozen=True, slots=True)
class EmailHand:
    """Implements `hands.Hand` for mails of a campaign and of a warm-up; `known` are addresses that were read already."""

    hands: Hands
    known: Mapping[int, Mailbox] = field(default_factory=dict)

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> _Mail:
        if mailbox_id is None:
            raise Problem("This lane has no address.")
        mailbox = self.known.get(mailbox_id) or mailboxes(session, [mailbox_id])[mailbox_id]
        account = self.hands.account_for(session, mailbox)
        return _Mail(self.hands.mailer, account, self.hands.letter_for(session, entry))

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> _SentFolder | None:
        query = select(Mailbox).join(Lane, Lane.mailbox_id == Mailbox.id).where(Lane.id == entry.lane_id)
        mailbox = session.scalars(query).one()
        try:
            account = self.hands.account_for(session, mailbox)
        except Problem:
            return None  # it was disconnected: nobody can look any more
        same_place = _copies_then(session, entry.id) == account.copies
        return _SentFolder(self.hands.mailer, account, entry.message_id or "", same_place)

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        slow_servers.mind(session, entry.lane_id, outcome.seconds, now)
        if not isinstance(outcome, Failed):
            return
        if outcome.reason is Reason.RECIPIENT_REFUSED and entry.lead_id is not None:
            _nobody_there(session, entry, outcome, now)
        if outcome.reason is Reason.RECIPIENT_FULL and entry.lead_id is not None:
            soft_bounces.mind(session, entry.lead_id, now)
        if outcome.connection_ended:
            end_connection(session, entry, outcome, now)
        elif outcome.reason is Reason.PROVIDER_LIMIT:
            # The provider counts what others send of this address too; the next mail would be refused like this one.
            freezes.freeze(session, entry.lane_id, None, now + outcome.retry_after, outcome.reason, outcome.note, now)


def _nobody_there(session: Session, entry: Entry, outcome: Failed, now: datetime) -> None:
    """A recipient that the server refuses to our face is as gone as one whose mail comes back."""
    if cause_of_refusal(outcome.note).is_hard:
        email = session.scalar(select(Lead.email).where(Lead.id == entry.lead_id)) or ""
        why, ended = "The server refused this address: nobody is there.", (LeadState.BOUNCED, Reason.LEAD_BOUNCED)
        incoming_effects.suppress(session, entry.workspace_id, email, why, *ended, now)
    mailbox = session.scalars(select(Mailbox).join(Lane, Lane.mailbox_id == Mailbox.id).where(Lane.id == entry.lane_id))
    bounce_rates.watch(session, mailbox.one(), now)


def _copies_then(session: Session, action_id: int) -> str | None:
    """Where the copies lay when it was last sent; the address may have been connected to another server since."""
    sending = select(Event.evidence).where(Event.action_id == action_id, Event.after == ActionState.SENDING)
    evidence = session.scalar(sending.order_by(Event.id.desc()).limit(1))
    return evidence.get("copies") if evidence else None


def end_connection(session: Session, entry: Entry, outcome: Failed, now: datetime) -> None:
    """A dead sign-in is "reconnect needed" at once, not a retry for ever."""
    # No probe by itself either: it would find the sign-in well and begin again what a person must look at.
    state, probe_at = MailboxState.RECONNECT_NEEDED, None
    if outcome.disabled_by_tenant:
        state, probe_at = MailboxState.DISABLED_BY_TENANT, now + _TENANT_ASKED_AGAIN
    of_lane = select(Mailbox).join(Lane, Lane.mailbox_id == Mailbox.id).where(Lane.id == entry.lane_id)
    row = session.scalars(of_lane.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return
    if row.state.may_send:
        old = row.state
        row.state, row.state_since, row.state_note, row.next_probe_at = state, now, outcome.note, probe_at
        Desk(session, WORKER, row.workspace_id, now).audit(
            "mailbox.state_changed",
            f"mailbox:{row.id}",
            old={"state": old.value},
            new={"state": state.value, "why": outcome.note},
            identity_id=row.identity_id,
        )
    mailbox_alerts.tell(session, row, now)

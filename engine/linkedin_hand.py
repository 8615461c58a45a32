"""LinkedIn's hand: one attempt in the account's browser, the page itself as its witness, and what a refusal means.

The last gate is asked twice: where `sending` is written, and once more between reading the page and the click, because a
page takes seconds to read and Stop may be pressed meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import freezes, linkedin_accounts, linkedin_invitations, linkedin_limits, linkedin_moves, linkedin_texts
from engine.channels.effects import Accepted, Delivery, Failed, Outcome, Trace, in_one_step
from engine.channels.linkedin.outcomes import LeadProblemKind, LinkedIn, Person, SessionState
from engine.letters import fields_of
from engine.linkedin_outcomes import WEEK, outcome_of
from engine.rules.permit import still_permitted
from engine.situations import UNCOUNTED, situations
from engine.texts import UnsendableText
from storage.database import Database
from storage.kinds import ActionKind, ActionState, LinkedInState, Reason
from storage.ledger import Entry
from storage.tables import Action, Lead, LinkedInAccount, Step
from storage.vault import Vault

# A withdrawal reads a list of up to a thousand rows twice; both stay below the lease of a lane.
_SECONDS = {ActionKind.WITHDRAWAL: 240.0}
_USUAL_SECONDS = 120.0
LINKEDIN_KINDS = (ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE, ActionKind.WITHDRAWAL)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, in plain values; neither the session nor the text shows in a repr."""

    kind: ActionKind
    identity: str
    person: Person
    state: SessionState = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Attempt:
    driver: LinkedIn
    deed: Deed
    gate: Callable[[], bool]

    @property
    def evidence(self) -> dict[str, Any]:
        return {"profile": f"linkedin.com/in/{self.deed.person.slug}", "text": self.deed.text}

    def delivery(self, seconds: float) -> Delivery:
        return in_one_step(lambda: self._deliver(seconds))

    def _deliver(self, seconds: float) -> Outcome:
        deed, driver = self.deed, self.driver
        longest = max(seconds, _SECONDS.get(deed.kind, _USUAL_SECONDS))
        who = (deed.identity, deed.state, deed.person)
        if deed.kind is ActionKind.CONNECTION_REQUEST:
            return outcome_of(deed.kind, driver.request_connection(*who, deed.text, self.gate, longest))
        if deed.kind is ActionKind.LINKEDIN_MESSAGE:
            return outcome_of(deed.kind, driver.send_message(*who, deed.text, self.gate, longest))
        return outcome_of(deed.kind, driver.withdraw(*who, self.gate, longest))


@dataclass(frozen=True, slots=True)
class _Look:
    driver: LinkedIn
    deed: Deed
    absence_proves: bool = True  # the driver says "absent" only of what it has seen to its end

    def look_up(self, seconds: float) -> Trace:
        deed, driver, longest = self.deed, self.driver, max(seconds, _USUAL_SECONDS)
        who = (deed.identity, deed.state, deed.person)
        if deed.kind is ActionKind.CONNECTION_REQUEST:
            return driver.look_up_invitation(*who, longest)
        if deed.kind is ActionKind.LINKEDIN_MESSAGE:
            return driver.look_up_message(*who, deed.text, longest)
        pending = driver.sent_invitations(deed.identity, deed.state, _SECONDS[ActionKind.WITHDRAWAL])
        if not isinstance(pending, tuple):
            return Trace.UNREADABLE
        return Trace.ABSENT if deed.person.slug in {one.slug for one in pending} else Trace.FOUND


@dataclass(frozen=True, slots=True)
class LinkedInHand:
    """Implements `hands.Hand` for every kind of action at LinkedIn."""

    database: Database
    vault: Vault
    driver: LinkedIn
    now: Callable[[], datetime]

    def prepare(self, session: Session, entry: Entry, mailbox_id: int | None, now: datetime) -> _Attempt:
        return _Attempt(self.driver, self._deed(session, entry, now), lambda: self._may_click(entry.id))

    def inquiry(self, session: Session, entry: Entry, now: datetime) -> _Look | None:
        account = linkedin_accounts.account_of(session, entry.identity_id)
        if account is None or account.session is None:
            return None
        return _Look(self.driver, self._deed(session, entry, now))

    def settle(self, session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
        account = linkedin_accounts.account_of(session, entry.identity_id)
        if isinstance(outcome, Failed):
            settle_failure(session, entry, outcome, account, now)
        elif isinstance(outcome, Accepted):
            if account is not None:
                account.drifts = 0
            _settle_success(session, entry, outcome, now)

    def _may_click(self, action_id: int) -> bool:
        now = self.now()
        with self.database.read() as session:
            current = situations(session, [action_id], now, UNCOUNTED).get(action_id)
            if current is None or current.entry.state is not ActionState.SENDING:
                return False  # somebody has settled it meanwhile, and looks it up
            not_after = session.scalar(select(Action.not_after).where(Action.id == action_id))
            if not_after is None or now >= not_after:
                return False  # midnight or closing came while the page was read: the quota held is that of the day before
            return still_permitted(current.facts, now) is None

    def _deed(self, session: Session, entry: Entry, now: datetime) -> Deed:
        state = linkedin_accounts.session_of(session, self.vault, entry.identity_id)
        person, text = _invited(session, entry) if entry.kind is ActionKind.WITHDRAWAL else _written(session, entry, now)
        return Deed(entry.kind, str(entry.identity_id), person, state, text)


def _invited(session: Session, entry: Entry) -> tuple[Person, str]:
    row = linkedin_invitations.withdrawn_by(session, entry)
    if row is None:
        raise UnsendableText("The invitation that was to be withdrawn is not known any more.")
    return _person(row.profile, row.name), ""


def _written(session: Session, entry: Entry, now: datetime) -> tuple[Person, str]:
    lead, step = session.get_one(Lead, entry.lead_id), session.get_one(Step, entry.step_id)
    most = linkedin_texts.longest(session, entry.identity_id, entry.kind)
    text = linkedin_texts.written(step.body, fields_of(lead), entry.kind, most)
    if entry.kind is ActionKind.CONNECTION_REQUEST and step.may_drop_note and _notes_are_out(session, entry, now):
        text = ""
    return _person(lead.linkedin_url, f"{lead.first_name} {lead.last_name}".strip()), text


def _person(profile: str, name: str) -> Person:
    if not profile or not name:
        raise UnsendableText(Reason.PROFILE_MISSING.sentence)
    return Person(profile.rpartition("/")[2], name)


def _notes_are_out(session: Session, entry: Entry, now: datetime) -> bool:
    """By LinkedIn's own word, or by our clock."""
    account = linkedin_accounts.account_of(session, entry.identity_id)
    told = account is not None and account.notes_out_until is not None and account.notes_out_until > now
    return told or not linkedin_limits.notes_left(session, entry.lane_id, now)


def _settle_success(session: Session, entry: Entry, outcome: Accepted, now: datetime) -> None:
    if entry.kind is ActionKind.CONNECTION_REQUEST:
        account = linkedin_accounts.account_of(session, entry.identity_id)
        if account is not None and outcome.evidence.get("notes_left") == 0:
            account.notes_out_until = next_month(now)  # the page said so: the next note is not even tried
        row = linkedin_invitations.record(session, entry, now)
        if row is not None:
            linkedin_moves.follow(session, entry.workspace_id, row.profile, str(outcome.evidence.get("slug", "")), now)
        is_connected = outcome.evidence.get("accepted") or outcome.evidence.get("already") == "already_connected"
        if row is not None and (is_connected or outcome.evidence.get("state") == "connected"):
            linkedin_invitations.accepted(session, entry.identity_id, [row.profile], now)
    elif entry.kind is ActionKind.WITHDRAWAL and (row := linkedin_invitations.withdrawn_by(session, entry)) is not None:
        if outcome.evidence.get("already") == LeadProblemKind.ALREADY_CONNECTED:
            linkedin_invitations.accepted(session, entry.identity_id, [row.profile], now)
        else:  # one that was gone already went at the latest now, and from then the cool-down counts
            linkedin_invitations.withdrawn(session, row, now)


def settle_failure(session: Session, entry: Entry, outcome: Failed, account: LinkedInAccount | None, now: datetime) -> None:
    if outcome.reason is Reason.PROVIDER_LIMIT:
        freezes.freeze(session, entry.lane_id, ActionKind.CONNECTION_REQUEST, now + WEEK, outcome.reason, outcome.note, now)
    elif outcome.reason is Reason.RESTRICTED:
        freezes.freeze(session, entry.lane_id, None, now + WEEK, outcome.reason, outcome.note, now)
        linkedin_accounts.seen(session, entry.identity_id, LinkedInState.RESTRICTED, outcome.note, now)
    elif outcome.reason is Reason.CHECKPOINT:
        linkedin_accounts.seen(session, entry.identity_id, LinkedInState.CAPTCHA, outcome.note, now)
    elif outcome.reason is Reason.RECONNECT_NEEDED:
        linkedin_accounts.seen(session, entry.identity_id, LinkedInState.LOGGED_OUT, outcome.note, now)
    elif outcome.reason is Reason.NOTES_USED_UP and account is not None:
        account.notes_out_until = next_month(now)
    elif outcome.reason is Reason.PAGE_UNKNOWN:
        linkedin_accounts.drifted(session, entry.identity_id, outcome.note, now)


def next_month(now: datetime) -> datetime:
    """When LinkedIn counts an account's notes anew: the first of the next month."""
    here = now.astimezone(UTC)
    year, month = (here.year + 1, 1) if here.month == 12 else (here.year, here.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)

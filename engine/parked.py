"""Actions whose outcome nothing can prove: listed with their evidence, decided by a person with one click."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from engine import absences, agenda, linkedin_invitations, sequence
from engine.desk import Desk, Problem, use_case
from engine.entries import entry_of
from engine.outcomes import close_lead, day_of
from storage.kinds import ActionKind, ActionState, LeadState, Permission, Reason
from storage.ledger import Note, move
from storage.tables import IS_PARKED, Action, Identity, Lead, Mailbox


class Decision(StrEnum):
    """What a person says about a parked action."""

    WENT_OUT = "went_out"
    SEND = "send"
    GIVE_UP = "give_up"

    @property
    def label(self) -> str:
        return {"went_out": "It went out", "send": "It did not: send it", "give_up": "Give it up"}[self.value]


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked action: whom it was for, from which address, and when it was being sent."""

    action_id: int
    kind: ActionKind
    identity_id: int
    identity_name: str
    lead_id: int | None
    lead_name: str
    recipient: str
    address: str
    message_id: str
    sending_at: datetime | None
    note: str
    reason: Reason | None


_AFTER = {
    Decision.WENT_OUT: (ActionState.ACCEPTED, Reason.DECIDED_SENT),
    Decision.SEND: (ActionState.DUE, Reason.DECIDED_SEND_AGAIN),
    Decision.GIVE_UP: (ActionState.CANCELLED, Reason.DECIDED_GIVE_UP),
}


@use_case(needs=Permission.READ, reads=True)
def list_parked(desk: Desk, limit: int = 100, offset: int = 0) -> list[Parked]:
    """The workspace's parked actions, the oldest first."""
    rows = desk.session.execute(
        select(Action, Identity, Lead, Mailbox.address)
        .join(Identity, Identity.id == Action.identity_id)
        .outerjoin(Lead, Lead.id == Action.lead_id)
        .outerjoin(Mailbox, Mailbox.id == Lead.mailbox_id)
        .where(
            Action.workspace_id == desk.workspace,
            IS_PARKED,
            desk.visible(Action.identity_id),
        )
        .order_by(Action.sending_at)
        .limit(limit)
        .offset(offset)
    )
    return [
        Parked(
            action_id=action.id,
            kind=action.kind,
            identity_id=identity.id,
            identity_name=identity.name,
            lead_id=action.lead_id,
            lead_name=lead.name if lead is not None else "",
            recipient=lead.email if lead is not None else "",
            address=address or "",
            message_id=action.message_id or "",
            sending_at=action.sending_at,
            note=action.note,
            reason=action.reason,
        )
        for action, identity, lead, address in rows
    ]


@use_case(needs=Permission.READ, reads=True)
def count_parked(desk: Desk) -> int:
    """How many actions wait for a person's decision."""
    counted = select(func.count()).where(
        Action.workspace_id == desk.workspace,
        IS_PARKED,
        desk.visible(Action.identity_id),
    )
    return desk.session.scalar(counted) or 0


@use_case(needs=Permission.MANAGE)
def decide(desk: Desk, action_id: int, decision: Decision) -> None:
    """Settle a parked action. Only "it did not: send it" and "give it up" give its quota back: a person vouches for it."""
    entry = entry_of(desk.session, action_id)
    if entry is None or entry.state is not ActionState.PARKED:
        raise Problem("Somebody has decided this already; look at the list again.")
    after, reason = _AFTER[decision]
    note = Note(desk.now, day_of(entry, desk.now), desk.actor.label, reason)
    move(desk.session, entry, after, note, gives_back=decision is not Decision.WENT_OUT, wait_until=None)
    desk.audit(
        "action.decided",
        f"action:{action_id}",
        old={"state": ActionState.PARKED.value},
        new={"state": after.value, "decision": decision.value},
        identity_id=entry.identity_id,
    )
    if decision is Decision.WENT_OUT:
        linkedin_invitations.went_out(desk.session, entry, desk.now)
        sequence.advance(desk.session, entry, desk.now)
    elif decision is Decision.SEND and entry.lead_id is not None:
        absences.mind(desk.session, entry.lead_id)
    elif decision is Decision.GIVE_UP and entry.lead_id is not None:
        close_lead(desk.session, entry.lead_id, LeadState.STOPPED, reason, desk.now)
    agenda.wake_lane(desk.session, [entry.lane_id], desk.now)

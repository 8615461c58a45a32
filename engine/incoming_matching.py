"""Which lead, and which mail sent to it, a mail that came in concerns.

By the Message-IDs that it answers or brings back, which are the ledger's own; where those are missing or rewritten, by the
address, and then only for a lead that this very mailbox has written to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.kinds import MAYBE_OUT_STATES, ActionKind
from storage.tables import Action, Lane, Lead


@dataclass(frozen=True, slots=True)
class Match:
    lead_id: int
    action_id: int | None
    email: str


def match(
    session: Session, workspace_id: int, mailbox_id: int, answers: Sequence[str], about: Sequence[str]
) -> Match | None:
    """The lead's mail that is meant, the nearest Message-ID first, else the newest to one of the addresses."""
    sent = (
        select(Action.id, Action.lead_id, Action.message_id, Lead.email)
        .join(Lead, Lead.id == Action.lead_id)
        .where(Action.kind == ActionKind.EMAIL, Action.state.in_(MAYBE_OUT_STATES))
    )
    ours = sent.where(Action.workspace_id == workspace_id, Action.message_id.in_(list(answers)[:50]))
    named = {row.message_id: row for row in session.execute(ours)} if answers else {}
    for message_id in answers:
        if message_id in named:
            row = named[message_id]
            return Match(row.lead_id, row.id, row.email)
    # First who it may be: else all that a workspace ever sent would be read for every newsletter that comes in.
    addresses = [each.lower() for each in about if each][:20]
    people = select(Lead.id).where(Lead.workspace_id == workspace_id, Lead.email.in_(addresses))
    known = session.scalars(people).all()
    if not known:
        return None
    here = sent.join(Lane, Lane.id == Action.lane_id).where(Lane.mailbox_id == mailbox_id, Action.lead_id.in_(known))
    row_by_address = session.execute(here.order_by(Action.sending_at.desc()).limit(1)).first()
    return None if row_by_address is None else Match(row_by_address.lead_id, row_by_address.id, row_by_address.email)

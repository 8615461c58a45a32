"""Reading actions as the ledger's entries."""

from collections.abc import Collection

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from storage.kinds import OPEN_STATES, UNSETTLED_STATES, ActionState
from storage.ledger import Entry, connection_of
from storage.tables import OPEN, UNSETTLED, Action, Identity

_ENTRIES = select(
    Action.id,
    Action.workspace_id,
    Action.identity_id,
    Action.lane_id,
    Action.campaign_id,
    Action.lead_id,
    Action.step_id,
    Action.kind,
    Action.state,
    Action.attempt,
    Action.due_at,
    Action.message_id,
    Identity.zone,
).join(Identity, Identity.id == Action.identity_id)
_ENTRY = _ENTRIES.where(Action.id == bindparam("action"))


def entry_of(session: Session, action_id: int) -> Entry | None:
    """One action, or None."""
    row = connection_of(session).execute(_ENTRY, {"action": action_id}).one_or_none()
    return Entry(**row._mapping) if row is not None else None


def entries_of(
    session: Session,
    *,
    states: Collection[ActionState],
    lead_ids: Collection[int] | None = None,
    lane_ids: Collection[int] | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Actions in these states, of these leads or lanes."""
    query = _ENTRIES.where(Action.state.in_(states))
    if OPEN_STATES.issuperset(states):
        query = query.where(text(f"action.{OPEN}"))
    elif UNSETTLED_STATES.issuperset(states):
        query = query.where(text(f"action.{UNSETTLED}"))
    if lead_ids is not None:
        query = query.where(Action.lead_id.in_(lead_ids))
    if lane_ids is not None:
        query = query.where(Action.lane_id.in_(lane_ids))
    return [Entry(**row._mapping) for row in session.execute(query.order_by(Action.id).limit(limit))]

"""Putting off an action that waits: its life goes on as it was, only later."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from storage.columns import table_of
from storage.kinds import OPEN_STATES, Reason
from storage.ledger import connection_of
from storage.tables import Action


def put_off(session: Session, action_id: int, until: datetime, reason: Reason) -> bool:
    """An action that waits is not due before `until`; False when it no longer waits, or was later anyway."""
    later = update(table_of(Action)).where(Action.id == action_id, Action.state.in_(OPEN_STATES), Action.due_at < until)
    changed = connection_of(session).execute(later.values(due_at=until, wait_until=until, reason=reason))
    return changed.rowcount == 1

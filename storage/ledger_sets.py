"""The SQL of the ledger for several actions at once: the same lines as `storage.ledger`, in a statement for all of them.

Every function that is given actions asks that each of them is where it is thought to be and says so when one is not; then
the caller's transaction must be rolled back, since the others were written already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, insert, literal, select, update
from sqlalchemy.orm import Session

from storage.columns import table_of
from storage.kinds import OPEN_STATES, TRANSITIONS, ActionState, Reason
from storage.ledger import (
    FENCED_MOVE,
    MOVE,
    SPENT,
    TAKE_ONE,
    TELL,
    Entry,
    IllegalMoveError,
    Note,
    connection_of,
    line,
    spending,
)
from storage.tables import Action, Event, Identity


class NotAllError(RuntimeError):
    """One of the set is not as it was thought to be; nothing of the set may stay."""


@dataclass(frozen=True, slots=True)
class Moving:
    """An action with the states it goes through, each with its event, and what its row then holds.

    `fence` is the epoch that its row must carry; None asks for none.
    """

    entry: Entry
    steps: Sequence[tuple[ActionState, Note]]
    values: dict[str, Any]
    attempt: int
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a local day's limit, for an action's attempt."""

    entry: Entry
    day: date
    limit: int
    attempt: int
    has_note: bool


def move_all(session: Session, moves: Sequence[Moving]) -> None:
    """Move every one of these actions with its events. All have the same `values`, and all a fence or none.

    NotAllError when one has left its state, or its epoch is not its fence.
    """
    if not moves:
        return
    rows, told = [], []
    for each in moves:
        entry, (after, note) = each.entry, each.steps[-1]
        place = {"of_action": entry.id, "was": entry.state, **({} if each.fence is None else {"fence": each.fence})}
        final = {"final_at": note.now} if after.is_final else {}
        rows.append({"state": after, "reason": note.reason, **final, **each.values, **place})
        told += _lines(each)
    connection = connection_of(session)
    if (MOVE if moves[0].fence is None else FENCED_MOVE).change_all(connection, rows) != len(moves):
        raise NotAllError("An action of the set has moved.")
    TELL.change_all(connection, told)


def _lines(moving: Moving) -> list[dict[str, Any]]:
    before, told = moving.entry.state, []
    for after, note in moving.steps:
        if after not in TRANSITIONS[before]:
            raise IllegalMoveError(f"{before} → {after}")
        told.append({**line(moving.entry, note, moving.attempt), "before": before, "after": after})
        before = after
    return told


def cancel_waiting(session: Session, leads: Select[int], reason: Reason, actor: str, now: datetime) -> None:
    """Cancel whatever waits for the leads that a query finds, however many, each action with its event."""
    waits = (Action.lead_id.in_(leads), Action.state.in_(OPEN_STATES))
    theirs = select(Identity.id, Identity.zone).where(Identity.id.in_(select(Action.identity_id).where(*waits)))
    connection = connection_of(session)
    for identity_id, zone in connection.execute(theirs).all():
        told: dict[str, Any] = {name: getattr(Action, name) for name in _REPEATED}
        told |= {"action_id": Action.id, "before": Action.state}
        same = {"at": now, "after": ActionState.CANCELLED, "local_day": now.astimezone(ZoneInfo(zone)).date()}
        same |= {"spent": 0, "actor": actor, "reason": reason}
        told |= {name: literal(value, table_of(Event).c[name].type) for name, value in same.items()}
        of_one = select(*told.values()).where(*waits, Action.identity_id == identity_id)
        connection.execute(insert(table_of(Event)).from_select(list(told), of_one, include_defaults=False))
    cancelled = {"state": ActionState.CANCELLED, "reason": reason, "final_at": now}
    connection.execute(update(table_of(Action)).where(*waits).values(**cancelled))


_REPEATED = ("workspace_id", "identity_id", "lane_id", "campaign_id", "kind", "attempt")


def take_quotas(session: Session, units: Sequence[Unit], now: datetime) -> None:
    """Take each of these units, no two of one lane, and note it for the rolling clocks. NotAllError when one is not left."""
    wanted = [
        {"lane": unit.entry.lane_id, "of_kind": unit.entry.kind, "day": unit.day, "most": unit.limit} for unit in units
    ]
    connection = connection_of(session)
    if TAKE_ONE[connection.dialect.name].change_all(connection, wanted) != len(units):
        raise NotAllError("A day's limit is reached already.")
    SPENT.change_all(
        connection, [spending(unit.entry, unit.day, unit.attempt, now, has_note=unit.has_note) for unit in units]
    )

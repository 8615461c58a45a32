"""The SQL of the ledger for several actions at once: the same lines as `storage.ledger`, in a statement for all of them.

Every function asks that each of its actions is where it is thought to be and says so when one is not; then the caller's
transaction must be rolled back, since the others were written already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from storage.kinds import TRANSITIONS, ActionState
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

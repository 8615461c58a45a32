"""The SQL of the ledger: moving an action with its event, taking and giving back quota.

Every function works inside the caller's transaction. A move is a conditional UPDATE whose row count is looked at, and
one append-only event beside it; nothing else in the project writes these tables. The statements are built once, because
building one costs several times what running it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.columns import table_of
from storage.database import CONNECTION
from storage.kinds import TRANSITIONS, ActionKind, ActionState, Reason
from storage.prepared import Prepared
from storage.tables import Action, Event, QuotaUse, Spend


@dataclass(frozen=True, slots=True)
class Entry:
    """The parts of an action that every line about it repeats."""

    id: int
    workspace_id: int
    identity_id: int
    lane_id: int
    campaign_id: int | None
    lead_id: int | None
    step_id: int | None
    kind: ActionKind
    state: ActionState
    attempt: int
    due_at: datetime
    message_id: str | None
    zone: str

    def at(self, state: ActionState, attempt: int | None = None) -> "Entry":
        """The same action in another state; this is done several times a mail, and `replace` is slow."""
        return Entry(
            self.id,
            self.workspace_id,
            self.identity_id,
            self.lane_id,
            self.campaign_id,
            self.lead_id,
            self.step_id,
            self.kind,
            state,
            self.attempt if attempt is None else attempt,
            self.due_at,
            self.message_id,
            self.zone,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What an event says beside the change itself: who, when, why, on what evidence; `day` is the identity's local day."""

    now: datetime
    day: date
    actor: str
    reason: Reason | None = None
    evidence: dict[str, Any] | None = None
    spent: int = 0


def connection_of(session: Session) -> Connection:
    """The session's connection with what the session holds written out, as `session.execute` would do."""
    session.flush()  # nothing at all for a session that holds nothing
    known: Connection | None = session.info.get(CONNECTION)
    return session.connection() if known is None else known


class IllegalMoveError(RuntimeError):
    """A move that the life of an action does not know."""


def move(
    session: Session,
    entry: Entry,
    after: ActionState,
    note: Note,
    /,
    *,
    fence: int | None = None,
    gives_back: bool = False,
    **values: Any,
) -> bool:
    """Move an action from `entry.state` to `after` with its event; False when it has left, or its epoch is not `fence`.

    With `gives_back`, for which there must be proof that nothing happened, the unit of its attempt goes back, once, and
    the event counts for the day that the unit was taken for.
    """
    if after not in TRANSITIONS[entry.state]:
        raise IllegalMoveError(f"{entry.state} → {after}")
    attempt = values.get("attempt", entry.attempt)
    changes = {"state": after, "reason": note.reason, **({"final_at": note.now} if after.is_final else {}), **values}
    place = {"of_action": entry.id, "was": entry.state, **({} if fence is None else {"fence": fence})}
    connection = connection_of(session)
    moving = MOVE if fence is None else FENCED_MOVE
    if moving.changed(connection, {**changes, **place}) != 1:
        return False
    day = give_back(session, entry, note.now) if gives_back else None
    if day is not None:
        note = replace(note, day=day, spent=-1)
    TELL.changed(connection, {**line(entry, note, attempt), "before": entry.state, "after": after})
    return True


def revive(session: Session, entry: Entry, note: Note) -> bool:
    """Bring back an action that a disconnection ended untried; nothing but healing does this. False when it has left."""
    if entry.state not in (ActionState.CANCELLED, ActionState.SKIPPED):
        raise IllegalMoveError(f"{entry.state} → {ActionState.DUE}")
    connection = connection_of(session)
    changes = {"state": ActionState.DUE, "reason": note.reason, "final_at": None, "wait_until": None}
    if MOVE.changed(connection, {**changes, "of_action": entry.id, "was": entry.state}) != 1:
        return False
    TELL.changed(connection, {**line(entry, note, entry.attempt), "before": entry.state, "after": ActionState.DUE})
    return True


_OF_ACTION = update(table_of(Action)).where(Action.id == bindparam("of_action"), Action.state == bindparam("was"))
MOVE = Prepared(_OF_ACTION)
FENCED_MOVE = Prepared(_OF_ACTION.where(Action.epoch == bindparam("fence")))
TELL = Prepared(insert(table_of(Event)))


def line(entry: Entry, note: Note, attempt: int) -> dict[str, Any]:
    """What the event of a change says, but for the change itself."""
    return {
        "at": note.now,
        "action_id": entry.id,
        "workspace_id": entry.workspace_id,
        "identity_id": entry.identity_id,
        "lane_id": entry.lane_id,
        "campaign_id": entry.campaign_id,
        "kind": entry.kind,
        "local_day": note.day,
        "spent": note.spent,
        "actor": note.actor,
        "reason": note.reason,
        "attempt": attempt,
        "evidence": note.evidence,
    }


def plan(session: Session, rows: Sequence[dict[str, Any]], note: Note) -> int:
    """Insert planned actions with their events; a lead that has the step already is left alone. Returns how many are new."""
    if not rows:
        return 0
    connection = connection_of(session)
    statement = _PLAN[connection.dialect.name]
    new = connection.execute(statement, list(rows) if len(rows) > 1 else rows[0]).scalars().all()
    if new:
        told = {"now": note.now, "day": note.day, "who": note.actor, "why": note.reason, "new": new}
        connection.execute(_TELL_PLANNED, told)
    return len(new)


_PLAN = {
    "sqlite": sqlite.insert(table_of(Action)).on_conflict_do_nothing().returning(Action.id),
    "postgresql": postgresql.insert(table_of(Action)).on_conflict_do_nothing().returning(Action.id),
}


def plan_one(session: Session, row: dict[str, Any], note: Note) -> int | None:
    """The same for one action of no campaign; returns its id, None when its Message-ID is planned already."""
    connection = connection_of(session)
    planned = {**row, "state": ActionState.PLANNED, "attempt": 0, "looked_up": 0, "note": ""}
    action_id: int | None = _PLAN_ONE[connection.dialect.name].scalar(connection, planned)
    if action_id is not None:
        told = {name: row[name] for name in ("workspace_id", "identity_id", "lane_id", "kind")}
        told |= {"at": note.now, "action_id": action_id, "campaign_id": None, "local_day": note.day, "spent": 0}
        told |= {"actor": note.actor, "reason": note.reason, "attempt": 0, "evidence": note.evidence}
        TELL.changed(connection, {**told, "before": None, "after": ActionState.PLANNED})
    return action_id


_PLAN_ONE = {name: Prepared(statement) for name, statement in _PLAN.items()}
_PLANNED: dict[str, Any] = {
    "at": bindparam("now", type_=Event.at.type),
    "action_id": Action.id,
    "workspace_id": Action.workspace_id,
    "identity_id": Action.identity_id,
    "lane_id": Action.lane_id,
    "campaign_id": Action.campaign_id,
    "kind": Action.kind,
    "before": literal(None, Event.before.type),
    "after": literal(ActionState.PLANNED, Event.after.type),
    "local_day": bindparam("day", type_=Event.local_day.type),
    "spent": literal(0),
    "actor": bindparam("who", type_=Event.actor.type),
    "reason": bindparam("why", type_=Event.reason.type),
    "attempt": literal(0),
    "evidence": literal(None, Event.evidence.type),
}
_TELL_PLANNED = insert(table_of(Event)).from_select(
    list(_PLANNED), select(*_PLANNED.values()).where(Action.id.in_(bindparam("new", expanding=True)))
)


def take_quota(
    session: Session, entry: Entry, day: date, limit: int, attempt: int, now: datetime, *, has_note: bool = False
) -> bool:
    """Take one unit of a local day's limit, in one conditional statement, and note it for the rolling clocks.

    The SELECT carries its own WHERE: a plain upsert grants the first unit even at limit 0.
    """
    connection = connection_of(session)
    asked = {"lane": entry.lane_id, "of_kind": entry.kind, "day": day, "most": limit}
    if _TAKE[connection.dialect.name].scalar(connection, asked) is None:
        return False
    SPENT.changed(connection, spending(entry, day, attempt, now, has_note=has_note))
    return True


def spending(entry: Entry, day: date, attempt: int, now: datetime, *, has_note: bool) -> dict[str, Any]:
    """The line of one unit, of which the rolling clocks are counted."""
    own = {"action_id": entry.id, "attempt": attempt, "lane_id": entry.lane_id, "kind": entry.kind}
    return {**own, "at": now, "local_day": day, "has_note": has_note}


_MOST = bindparam("most", type_=Integer())
_UNIT = select(
    bindparam("lane", type_=QuotaUse.lane_id.type),
    bindparam("of_kind", type_=QuotaUse.kind.type),
    bindparam("day", type_=QuotaUse.local_day.type),
    literal(1),
).where(literal(1) <= _MOST)


def _take(statement: Any) -> Any:
    return statement.from_select(["lane_id", "kind", "local_day", "used"], _UNIT).on_conflict_do_update(
        index_elements=["lane_id", "kind", "local_day"],
        set_={"used": QuotaUse.used + 1},
        where=QuotaUse.used + 1 <= _MOST,
    )


_TAKING = {"sqlite": _take(sqlite.insert(table_of(QuotaUse))), "postgresql": _take(postgresql.insert(table_of(QuotaUse)))}
TAKE_ONE = {name: Prepared(statement) for name, statement in _TAKING.items()}
_TAKE = {name: Prepared(statement.returning(QuotaUse.used)) for name, statement in _TAKING.items()}
SPENT = Prepared(insert(table_of(Spend)))


def give_back(session: Session, entry: Entry, now: datetime) -> date | None:
    """Give back the unit that the entry's attempt took, once; returns the local day it counts for, None if there is none."""
    connection = connection_of(session)
    taken = {"of_action": entry.id, "of_attempt": entry.attempt, "given_back_at": now}
    day: date | None = _GIVE_BACK.scalar(connection, taken)
    if day is not None:
        _ONE_LESS.changed(connection, {"lane": entry.lane_id, "of_kind": entry.kind, "day": day})
    return day


_GIVE_BACK = Prepared(
    update(table_of(Spend))
    .where(
        Spend.action_id == bindparam("of_action"),
        Spend.attempt == bindparam("of_attempt"),
        Spend.given_back_at.is_(None),
    )
    .values(given_back_at=bindparam("given_back_at"))
    .returning(Spend.local_day)
)
_ONE_LESS = Prepared(
    update(table_of(QuotaUse))
    .where(
        QuotaUse.lane_id == bindparam("lane"),
        QuotaUse.kind == bindparam("of_kind"),
        QuotaUse.local_day == bindparam("day"),
    )
    .values(used=QuotaUse.used - 1)
)


def balance(session: Session, workspace_id: int | None = None) -> dict[ActionState | str, int]:
    """G2 in SQL: how many actions were ever planned, by the event log, beside how many are in each state now."""
    where = [] if workspace_id is None else [Event.workspace_id == workspace_id]
    planned = session.scalar(select(func.count()).select_from(Event).where(Event.before.is_(None), *where)) or 0
    found: dict[ActionState | str, int] = {"planned_ever": planned}
    counted = select(Action.state, func.count()).group_by(Action.state)
    if workspace_id is not None:
        counted = counted.where(Action.workspace_id == workspace_id)
    for state, count in session.execute(counted):
        found[state] = count
    return found

"""Random but plausible ledgers for the report tests, written straight into the tables."""

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from storage.kinds import ActionKind, ActionState, Reason
from storage.tables import Action, Event, Identity, Lane

_COST = {ActionState.RESERVED: 1, ActionState.DUE: -1}


def action(session: Session, lane: Lane, kind: ActionKind = ActionKind.EMAIL, at: datetime | None = None) -> int:
    row = Action(
        workspace_id=lane.workspace_id, identity_id=lane.identity_id, lane_id=lane.id, kind=kind, due_at=at, created_at=at
    )
    session.add(row)
    session.flush()
    return row.id


def line(session: Session, lane: Lane, action_id: int, at: datetime, after: ActionState, **values: object) -> int:
    """One ledger line; its local day is the identity's unless given."""
    zone = ZoneInfo(session.get_one(Identity, lane.identity_id).zone)
    given = {
        "at": at,
        "action_id": action_id,
        "workspace_id": lane.workspace_id,
        "identity_id": lane.identity_id,
        "lane_id": lane.id,
        "kind": ActionKind.EMAIL,
        "after": after,
        "local_day": at.astimezone(zone).date(),
        "spent": 0,
        "actor": "worker",
        "attempt": 1,
        **values,
    }
    return session.execute(insert(Event).values(**given).returning(Event.id)).scalar_one()


def sent(session: Session, lane: Lane, at: datetime, **values: object) -> int:
    """An action that was planned, took its quota and was accepted."""
    made = action(session, lane, at=at)
    line(session, lane, made, at - timedelta(days=1), ActionState.PLANNED, attempt=0, **values)
    line(session, lane, made, at, ActionState.RESERVED, before=ActionState.PLANNED, spent=1, **values)
    line(session, lane, made, at, ActionState.SENDING, before=ActionState.RESERVED, **values)
    line(session, lane, made, at + timedelta(seconds=2), ActionState.ACCEPTED, before=ActionState.SENDING, **values)
    return made


def given_back(session: Session, lane: Lane, at: datetime, after: timedelta = timedelta(minutes=1)) -> int:
    """An action that took its quota and gave it back with proof, on the day that it was taken for."""
    made = action(session, lane, at=at)
    day = at.astimezone(ZoneInfo(session.get_one(Identity, lane.identity_id).zone)).date()
    line(session, lane, made, at, ActionState.RESERVED, before=ActionState.DUE, spent=1)
    line(session, lane, made, at, ActionState.SENDING, before=ActionState.RESERVED)
    line(
        session, lane, made, at + after, ActionState.FAILED_TEMPORARY,
        before=ActionState.SENDING, spent=-1, local_day=day, reason=Reason.UNREACHABLE,
    )  # fmt: skip
    return made


def skipped(session: Session, lane: Lane, at: datetime, reason: Reason) -> int:
    made = action(session, lane, at=at)
    line(session, lane, made, at, ActionState.SKIPPED, before=ActionState.DUE, reason=reason)
    return made


def random_ledger(session: Session, lanes: list[Lane], random: Random, begin: datetime, days: int, a_day: int = 6) -> None:
    for lane in lanes:
        for day in range(days):
            for _ in range(random.randrange(a_day)):
                at = begin + timedelta(days=day, minutes=random.randrange(24 * 60), microseconds=random.randrange(10**6))
                make = random.choices([sent, given_back, None], [8, 2, 1])[0]
                if make is None:
                    skipped(session, lane, at, random.choice([Reason.SUPPRESSED, Reason.LEAD_REPLIED]))
                else:
                    make(session, lane, at)

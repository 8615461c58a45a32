"""What is due: the lanes whose wake-up has come, and how a change wakes what it may have freed."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, text, true, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.wards import Ward
from storage.columns import Base, table_of
from storage.kinds import ActionState, Channel, MailboxState
from storage.lanes import WAKE, earlier
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import OPEN, UNSETTLED, Action, Freeze, Lane, LinkedInAccount, Mailbox, MailGrant, MailReading


def due_lanes(session: Session, now: datetime, limit: int) -> list[int]:
    """The lanes to look at now, the longest waiting first; one index look-up when there are none."""
    return [row.id for row in _DUE.rows(connection_of(session), {"now": now, "most": limit})]


_DUE = Prepared(select(Lane.id).where(Lane.wake_at <= bindparam("now")).order_by(Lane.wake_at).limit(bindparam("most")))


def known_wards(session: Session, lane_ids: Collection[int]) -> dict[int, Ward]:
    """Those of the lanes of which the database knows that their turn may take long."""
    asked, known = list(lane_ids), dict[int, Ward]()
    for first in range(0, len(asked), _MOST_ASKED):
        rows = connection_of(session).execute(_KNOWN_WARDS, {"lanes": asked[first : first + _MOST_ASKED]})
        known.update((row.id, Ward.LINKEDIN if row.channel is Channel.LINKEDIN else Ward.SLOW) for row in rows)
    return known


_MOST_ASKED = 10_000  # SQLite takes 32,766 values in a statement by default, PostgreSQL 65,535
_KNOWN_WARDS = (
    select(Lane.id, Lane.channel)
    .outerjoin(Mailbox, Mailbox.id == Lane.mailbox_id)
    .where(Lane.id.in_(bindparam("lanes", expanding=True)))
    .where(or_(Lane.channel == Channel.LINKEDIN, Mailbox.state == MailboxState.DEGRADED))
)


def next_wake(session: Session) -> datetime | None:
    """When the next lane wants to be looked at."""
    at: datetime | None = _NEXT.scalar(connection_of(session), {})
    return at


_NEXT = Prepared(select(Lane.wake_at).where(Lane.wake_at.is_not(None)).order_by(Lane.wake_at).limit(1))


def wake_lane(session: Session, lane_ids: Iterable[int], at: datetime) -> None:
    """Look at these lanes at `at`, or earlier if they are already to be looked at earlier."""
    ids = list(lane_ids)
    if ids:
        _WAKE_LANES.changed(connection_of(session), {"wake": at, "lanes": ids})


def wake_identity(session: Session, identity_id: int, now: datetime) -> None:
    _wake(session, Lane.identity_id == identity_id, now)


def wake_workspace(session: Session, workspace_id: int, now: datetime) -> None:
    _wake(session, Lane.workspace_id == workspace_id, now)


def wake_all(session: Session, now: datetime) -> None:
    _wake(session, true(), now)


def clock_went_back(session: Session, now: datetime) -> None:
    """Look at everything anew: what was put off while the clock was ahead would sleep until that future.

    The post too, or whoever answers meanwhile would be written to again.
    """
    _wake(session, true(), now)
    for table, column in _PUT_OFF:
        too_far = update(table).where(column > now + _NEVER_PUT_OFF_LONGER).values({column: now})
        session.execute(too_far, execution_options={"synchronize_session": False})
    owed = update(MailReading).where(MailReading.owed_since > now).values(owed_since=now)
    session.execute(owed, execution_options={"synchronize_session": False})
    for freeze in session.scalars(select(Freeze).where(Freeze.lifted_at.is_(None), Freeze.since > now)):
        freeze.since, freeze.until = now, now + (freeze.until - freeze.since)
    unsettled = (ActionState.UNKNOWN, ActionState.RECONCILING)
    session.execute(
        update(Action).where(text(UNSETTLED), Action.state.in_(unsettled), Action.wait_until > now).values(wait_until=now),
        execution_options={"synchronize_session": False},
    )


def sweep(session: Session, now: datetime) -> None:
    """Wake lanes that have open actions and no wake-up at all: the net below a change that forgot to wake."""
    waiting = exists(select(Action.id).where(Action.lane_id == Lane.id, text(f"action.{OPEN}")))
    _wake(session, Lane.wake_at.is_(None) & Lane.holder.is_(None) & waiting, now)


def _wake(session: Session, condition: ColumnElement[bool], at: datetime) -> None:
    connection_of(session).execute(_WAKE.where(condition), {"wake": at})


# Readings, probes and looks at LinkedIn come at least every hour or so.
_NEVER_PUT_OFF_LONGER = timedelta(minutes=75)
_PUT_OFF: tuple[tuple[type[Base], InstrumentedAttribute[Any]], ...] = (
    (MailReading, MailReading.next_at),
    (Mailbox, Mailbox.next_probe_at),
    (MailGrant, MailGrant.retry_at),
    (LinkedInAccount, LinkedInAccount.look_at),
)
_WAKE = update(table_of(Lane)).values(wake_at=earlier(WAKE))
_WAKE_LANES = Prepared(_WAKE.where(Lane.id.in_(bindparam("lanes", expanding=True))), "lanes")

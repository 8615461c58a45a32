"""A mail server that takes too long: its address is left alone for a while, by itself, longer each time, until it is prompt.

Every attempt holds a thread for as long as the server takes, and the mails behind would wait as long for nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from engine import freezes
from storage.columns import Instant, table_of
from storage.kinds import Reason
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Freeze

SLOW = 20.0  # seconds for one mail; a prompt server takes one or two
FIRST = timedelta(minutes=10)  # no longer than the usual gap between two mails of an address
LONGEST = timedelta(minutes=60)


def mind_all(session: Session, seconds_of: Mapping[int, float], now: datetime) -> None:
    """`mind` for one attempt on each of these lanes."""
    left_alone = _LEFT_ALONE.rows(connection_of(session), {"lanes": list(seconds_of)})
    told = {row.lane_id for row in left_alone} | {lane_id for lane_id, seconds in seconds_of.items() if seconds >= SLOW}
    for lane_id in told:
        mind(session, lane_id, seconds_of[lane_id], now)


def mind(session: Session, lane_id: int, seconds: float, now: datetime) -> None:
    """An attempt on this lane took so long, whatever came of it."""
    last = _LAST.row(connection_of(session), {"lane": lane_id})
    if seconds < SLOW:
        if last is not None:
            _OVER.changed(connection_of(session), {"of_lane": lane_id, "now": now})
        return
    wait = FIRST if last is None else min(LONGEST, 2 * (last.until - last.since))
    freezes.freeze(session, lane_id, None, now + wait, Reason.SERVER_SLOW, f"One mail took {seconds:.0f} s.", now)


_LEFT_ALONE = Prepared(
    select(Freeze.lane_id).where(
        Freeze.lane_id.in_(bindparam("lanes", expanding=True)),
        Freeze.lifted_at.is_(None),
        Freeze.reason == Reason.SERVER_SLOW,
    ),
    "lanes",
)
_LAST = Prepared(
    select(Freeze.since, Freeze.until)
    .where(Freeze.lane_id == bindparam("lane"), Freeze.lifted_at.is_(None), Freeze.reason == Reason.SERVER_SLOW)
    .order_by(Freeze.id.desc())
    .limit(1)
)
_OVER = Prepared(
    update(table_of(Freeze))
    .where(Freeze.lane_id == bindparam("of_lane"), Freeze.lifted_at.is_(None), Freeze.reason == Reason.SERVER_SLOW)
    .values(lifted_at=bindparam("now", type_=Instant()))
)

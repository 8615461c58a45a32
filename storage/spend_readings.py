"""What was spent on lanes' clocks, read for any number of lanes in one statement each.

Written once as text, as in `storage.readings`. A unit that was given back counts nowhere.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, String, TextualSelect, bindparam, text
from sqlalchemy.orm import Session

from storage.columns import Instant
from storage.kinds import ActionKind
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import UNSETTLED

LaneKind = tuple[int, ActionKind]
Used = tuple[int, date | None]

# A stored local day can be ahead of the zone's own by one, when the zone was moved west.
_FARTHEST_DAY = timedelta(hours=50)
_KINDS = ", ".join(f"'{kind.value}'" for kind in ActionKind)
_PAIRS = " UNION ALL ".join(f"SELECT '{kind.value}' AS kind, '{kind.channel.value}' AS channel" for kind in ActionKind)
# Every kind is named, so that the index of what is kept, by lane, kind and time, is used to its end.
_KEPT = f"kind IN ({_KINDS}) AND given_back_at IS NULL"
_KEPT_NOTES = "has_note AND given_back_at IS NULL"


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A local date and its first instant."""

    date: date
    begins: datetime


def used_on_days(session: Session, lanes_of: Mapping[LocalDay, Collection[int]]) -> dict[LaneKind, Used]:
    """What counts for a local day, by the stored day or by the instant: a zone changed at noon gives no second quota.

    Also the latest local day among them, which is after the day only when the zone was moved west. A lane and kind that is
    not among them used nothing.
    """
    if not lanes_of:
        return {}
    values: dict[str, Any] = {}
    for number, (day, lanes) in enumerate(lanes_of.items()):
        values |= {
            f"lanes{number}": list(lanes),
            f"recent{number}": day.begins - _FARTHEST_DAY,
            f"begins{number}": day.begins,
            f"today{number}": day.date,
        }
    rows = _days(len(lanes_of)).rows(connection_of(session), values)
    return {(lane_id, ActionKind(kind)): (used, latest) for lane_id, kind, used, latest in rows}


@lru_cache(maxsize=64)
def _days(count: int) -> Prepared:
    """The statement for so many different days: a day begins at another instant in every zone."""
    parts = " UNION ALL ".join(
        f"SELECT lane_id, kind, count(*) AS used, max(local_day) AS latest FROM spend"  # noqa: S608 - constants of ours
        f" WHERE lane_id IN :lanes{number} AND {_KEPT} AND at >= :recent{number}"
        f" AND (at >= :begins{number} OR local_day >= :today{number}) GROUP BY lane_id, kind"
        for number in range(count)
    )
    parameters = [
        parameter
        for number in range(count)
        for parameter in (
            bindparam(f"lanes{number}", expanding=True),
            bindparam(f"recent{number}", type_=Instant()),
            bindparam(f"begins{number}", type_=Instant()),
            bindparam(f"today{number}", type_=Date()),
        )
    ]
    statement = text(parts).bindparams(*parameters)
    columns = statement.columns(lane_id=Integer(), kind=String(), used=Integer(), latest=Date())
    return Prepared(columns, *(f"lanes{number}" for number in range(count)))


def shared_on(session: Session, lane_id: int, today: LocalDay) -> int:
    """How much of a seat's local day other identities' campaigns have used, by the same two reckonings of the day."""
    values = {"lane": lane_id, "recent": today.begins - _FARTHEST_DAY, "begins": today.begins, "today": today.date}
    return int(_SHARED.scalar(connection_of(session), values) or 0)


_SHARED = Prepared(
    text(
        "SELECT count(*) AS used FROM spend s JOIN scrape_reading g ON g.action_id = s.action_id"
        " JOIN scrape q ON q.id = g.scrape_id WHERE q.borrowed AND s.lane_id = :lane AND s.kind = 'scraping'"
        " AND s.given_back_at IS NULL AND s.at >= :recent AND (s.at >= :begins OR s.local_day >= :today)"
    )
    .bindparams(bindparam("recent", type_=Instant()), bindparam("begins", type_=Instant()), bindparam("today", type_=Date()))
    .columns(used=Integer())
)


_KIN = Prepared(
    text(
        """
SELECT l.id AS lane_id, o.id AS other FROM lane l
JOIN mailbox m ON m.id = l.mailbox_id
JOIN mailbox x ON x.address = m.address AND x.id <> m.id
JOIN lane o ON o.mailbox_id = x.id
WHERE l.id IN :lanes"""
    )
    .bindparams(bindparam("lanes", expanding=True))
    .columns(lane_id=Integer(), other=Integer()),
    "lanes",
)


def kin_of(session: Session, lane_ids: Iterable[int]) -> dict[int, list[int]]:
    """The lanes on which the address of a lane sent for other identities: its provider sees one address."""
    kin: dict[int, list[int]] = {}
    for row in _KIN.rows(connection_of(session), {"lanes": list(lane_ids)}):
        kin.setdefault(row.lane_id, []).append(row.other)
    return kin


_INSTANTS = (
    text(
        "SELECT at FROM spend WHERE lane_id IN :lanes AND kind IN :of_kinds AND given_back_at IS NULL"
        " AND at > :begins ORDER BY at LIMIT 1 OFFSET :place"
    )
    .bindparams(
        bindparam("lanes", expanding=True), bindparam("of_kinds", expanding=True), bindparam("begins", type_=Instant())
    )
    .columns(at=Instant())
)


def spent_at_place(
    session: Session, lane_ids: Iterable[int], kinds: Iterable[ActionKind], begins: datetime, place: int
) -> datetime | None:
    """When the unit was taken that so many others of these lanes and kinds together precede after `begins`."""
    of_kinds = [kind.value for kind in kinds]
    asked = {"lanes": list(lane_ids), "of_kinds": of_kinds, "begins": begins, "place": place}
    at: datetime | None = connection_of(session).execute(_INSTANTS, asked).scalar()
    return at


_LAST = Prepared(
    text(
        f"""
WITH k AS ({_PAIRS})
SELECT l.id AS lane_id, k.kind AS kind, (
    SELECT s.at FROM spend s WHERE s.lane_id = l.id AND s.kind = k.kind AND s.given_back_at IS NULL
    ORDER BY s.at DESC LIMIT 1) AS at
FROM lane l JOIN k ON k.channel = l.channel WHERE l.id IN :lanes"""  # noqa: S608
    )
    .bindparams(bindparam("lanes", expanding=True))
    .columns(lane_id=Integer(), kind=String(), at=Instant()),
    "lanes",
)


def last_spent(session: Session, lane_ids: Iterable[int]) -> dict[LaneKind, datetime]:
    """When a unit of each kind was last taken and kept."""
    rows = _LAST.rows(connection_of(session), {"lanes": list(lane_ids)})
    return {(lane_id, ActionKind(kind)): at for lane_id, kind, at in rows if at is not None}


def _since(kept: str) -> Prepared:
    return Prepared(
        text(
            f"SELECT lane_id, kind, count(*) AS used FROM spend"  # noqa: S608
            f" WHERE lane_id IN :lanes AND {kept} AND at > :begins GROUP BY lane_id, kind"
        )
        .bindparams(bindparam("lanes", expanding=True), bindparam("begins", type_=Instant()))
        .columns(lane_id=Integer(), kind=String(), used=Integer()),
        "lanes",
    )


_ROLLING, _ROLLING_NOTES = _since(_KEPT), _since(_KEPT_NOTES)


def used_since(
    session: Session, lane_ids: Iterable[int], begins: datetime, *, of_notes: bool = False
) -> dict[LaneKind, int]:
    """What was spent after an instant; `of_notes`: only the requests that carry one."""
    statement = _ROLLING_NOTES if of_notes else _ROLLING
    rows = statement.rows(connection_of(session), {"lanes": list(lane_ids), "begins": begins})
    return {(lane_id, ActionKind(kind)): used for lane_id, kind, used in rows}


def _placed(kept: str) -> TextualSelect:
    return (
        text(
            f"""
SELECT lane_id, kind, at FROM (
    SELECT lane_id, kind, at, row_number() OVER (PARTITION BY lane_id, kind ORDER BY at) - 1 AS place
    FROM spend WHERE lane_id IN :lanes AND {kept} AND at > :begins
) AS placed WHERE (lane_id, kind, place) IN :wanted"""  # noqa: S608
        )
        .bindparams(
            bindparam("lanes", expanding=True), bindparam("wanted", expanding=True), bindparam("begins", type_=Instant())
        )
        .columns(lane_id=Integer(), kind=String(), at=Instant())
    )


def _place(kept: str) -> Prepared:
    return Prepared(
        text(
            f"SELECT at FROM spend WHERE lane_id = :lane AND kind = :of_kind AND {kept} AND at > :begins"  # noqa: S608
            " ORDER BY at LIMIT 1 OFFSET :place"
        )
        .bindparams(bindparam("begins", type_=Instant()))
        .columns(at=Instant())
    )


_PLACE, _PLACE_OF_NOTE = _place("given_back_at IS NULL"), _place(_KEPT_NOTES)
_PLACES, _PLACES_OF_NOTES = _placed(_KEPT), _placed(_KEPT_NOTES)


def spent_after(
    session: Session, begins: datetime, over: Mapping[LaneKind, int], *, of_notes: bool = False
) -> dict[LaneKind, datetime]:
    """When the unit was taken that so many others precede after `begins`."""
    if not over:
        return {}
    if len(over) == 1:  # as the worker asks
        [((lane_id, kind), place)] = over.items()
        one = _PLACE_OF_NOTE if of_notes else _PLACE
        asked = {"lane": lane_id, "of_kind": kind.value, "begins": begins, "place": place}
        at = one.scalar(connection_of(session), asked)
        return {(lane_id, kind): at} if at is not None else {}
    values = {
        "lanes": sorted({lane_id for lane_id, _ in over}),
        "wanted": [(lane_id, kind.value, place) for (lane_id, kind), place in over.items()],
        "begins": begins,
    }
    rows = connection_of(session).execute(_PLACES_OF_NOTES if of_notes else _PLACES, values)
    return {(lane_id, ActionKind(kind)): at for lane_id, kind, at in rows}


_PENDING = Prepared(
    text(
        f"""
SELECT l.id AS lane_id, (
    SELECT count(*) FROM linkedin_invitation v
    WHERE v.identity_id = l.identity_id AND v.accepted_at IS NULL AND v.withdrawn_at IS NULL
) + (
    SELECT count(*) FROM action a WHERE a.{UNSETTLED} AND a.lane_id = l.id AND a.kind = 'connection_request'
) AS used
FROM lane l WHERE l.id IN :lanes AND l.channel = 'linkedin'"""  # noqa: S608
    )
    .bindparams(bindparam("lanes", expanding=True))
    .columns(lane_id=Integer(), used=Integer()),
    "lanes",
)


def pending_requests(session: Session, lane_ids: Iterable[int]) -> dict[int, int]:
    """Invitations that are out and neither accepted nor withdrawn, and those of which it is not known yet."""
    rows = _PENDING.rows(connection_of(session), {"lanes": list(lane_ids)})
    return {row.lane_id: row.used for row in rows}

"""What a page of identities needs, read for all its lanes at once: the heads of lanes."""

from collections.abc import Collection

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from storage.kinds import ActionKind
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.readings import OF_THE_LEAD_ALONE, Head
from storage.tables import OPEN, Action

_KINDS = " UNION ALL ".join(f"SELECT '{kind.value}' AS kind, '{kind.channel.value}' AS channel" for kind in ActionKind)
_FIRST = f"""
    SELECT a.id FROM action a
    WHERE a.lane_id = l.id AND a.kind = k.kind AND a.campaign_id {{campaign}} AND a.{OPEN}
      AND NOT ({OF_THE_LEAD_ALONE})
    ORDER BY a.due_at LIMIT 1"""  # noqa: S608 - the parts are constants of ours
_HEADS = Prepared(
    text(
        f"""
WITH k AS ({_KINDS})
SELECT h.lane_id, h.id, h.kind, h.campaign_id, h.due_at FROM action h WHERE h.id IN (
    SELECT ({_FIRST.format(campaign="= c.id")})
    FROM lane l JOIN k ON k.channel = l.channel
    JOIN campaign c ON c.identity_id = l.identity_id AND c.state = 'running'
    WHERE l.id IN :lanes
    UNION ALL
    SELECT ({_FIRST.format(campaign="IS NULL")})
    FROM lane l JOIN k ON k.channel = l.channel
    WHERE l.id IN :lanes
) ORDER BY h.due_at, h.id"""  # noqa: S608
    )
    .bindparams(bindparam("lanes", expanding=True))
    .columns(Action.lane_id, Action.id, Action.kind, Action.campaign_id, Action.due_at),
    "lanes",
)
_HELD = Prepared(
    text(
        f"""
SELECT h.lane_id, h.id, h.kind, h.campaign_id, h.due_at FROM action h WHERE h.id IN (
    SELECT (SELECT a.id FROM action a WHERE a.lane_id = l.id AND a.{OPEN} LIMIT 1)
    FROM lane l WHERE l.id IN :lanes)"""  # noqa: S608
    )
    .bindparams(bindparam("lanes", expanding=True))
    .columns(Action.lane_id, Action.id, Action.kind, Action.campaign_id, Action.due_at),
    "lanes",
)


def heads_of(session: Session, lane_ids: Collection[int]) -> dict[int, list[Head]]:
    """`readings.heads` of each lane; every lane has its list, empty where nothing is open."""
    found: dict[int, list[Head]] = {lane_id: [] for lane_id in lane_ids}
    for statement in (_HEADS, _HELD):
        bare = [lane_id for lane_id, heads in found.items() if not heads]
        if bare:
            for lane_id, *head in statement.rows(connection_of(session), {"lanes": bare}):
                found[lane_id].append(Head(*head))
    return found

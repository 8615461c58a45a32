"""Where things stand: what each identity can do now, for one page of identities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from engine import counts
from engine.counts import Counts
from engine.rules.facts import ClockUse, Facts, Run, Verdict, Wait
from engine.rules.permit import permit
from engine.situations import gather
from storage import overview_readings
from storage.kinds import ActionKind, CampaignState
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Campaign, Identity, Lane, Mailbox


@dataclass(frozen=True, slots=True)
class Standing:
    """What one identity can do now: the best verdict of its lanes (None when nothing is planned), and today's figures."""

    verdict: Verdict | None
    next_at: datetime | None
    next_kind: ActionKind | None
    action_id: int | None
    today: dict[ActionKind, ClockUse]
    last_effect_at: datetime | None
    campaigns: int


def standings(session: Session, identity_ids: Sequence[int], now: datetime) -> dict[int, Standing]:
    """What each identity can do now, for one page of identities."""
    lanes = _lanes(session, identity_ids)
    known = counts.read(session, {lane.id: ZoneInfo(lane.zone) for group in lanes.values() for lane in group}, now)
    found = overview_readings.heads_of(session, [lane.id for group in lanes.values() for lane in group])
    facts = gather(session, [head.id for group in found.values() for head in group], now, known)
    campaigns = _running(session, identity_ids)
    return {
        identity_id: _standing(lanes.get(identity_id, []), found, facts, known, campaigns.get(identity_id, 0), now)
        for identity_id in identity_ids
    }


def _lanes(session: Session, identity_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The lanes that can act, by identity; the one of a removed address can't."""
    lanes: dict[int, list[Any]] = {}
    for lane in _LANES.rows(connection_of(session), {"identities": list(identity_ids)}):
        lanes.setdefault(lane.identity_id, []).append(lane)
    return lanes


_LANES = Prepared(
    select(Lane.id, Lane.identity_id, Lane.last_effect_at, Identity.zone)
    .join(Identity, Identity.id == Lane.identity_id)
    .outerjoin(Mailbox, Mailbox.id == Lane.mailbox_id)
    .where(Lane.identity_id.in_(bindparam("identities", expanding=True)), Mailbox.removed_at.is_(None)),
    "identities",
)


def _standing(
    lanes: list[Any],
    found: dict[int, list[Any]],
    facts: dict[int, Facts],
    known: Counts,
    campaigns: int,
    now: datetime,
) -> Standing:
    judged = [
        (permit(facts[head.id], now), facts[head.id], head.id)
        for lane in lanes
        for head in found[lane.id]
        if head.id in facts
    ]
    verdict, deciding, action_id = min(judged, key=lambda one: _rank(one[0])) if judged else (None, None, None)
    effects = [lane.last_effect_at for lane in lanes if lane.last_effect_at is not None]
    return Standing(
        verdict=verdict,
        next_at=now if isinstance(verdict, Run) else verdict.until if isinstance(verdict, Wait) else None,
        next_kind=deciding.kind if deciding is not None else None,
        action_id=action_id,
        today=_sum([known.today(lane.id) for lane in lanes]),
        last_effect_at=max(effects, default=None),
        campaigns=campaigns,
    )


def _rank(verdict: Verdict) -> tuple[int, float]:
    """Run before a wait with an end, before one that only a person ends."""
    if isinstance(verdict, Run):
        return (0, 0.0)
    if isinstance(verdict, Wait) and verdict.until is not None:
        return (1, verdict.until.timestamp())
    return (2, 0.0)


def _sum(uses: list[dict[ActionKind, ClockUse]]) -> dict[ActionKind, ClockUse]:
    total: dict[ActionKind, ClockUse] = {}
    for one in uses:
        for kind, use in one.items():
            before = total.get(kind)
            total[kind] = (
                use if before is None else replace(use, limit=before.limit + use.limit, used=before.used + use.used)
            )
    return total


def uses_today(session: Session, lane_ids: Sequence[int], now: datetime) -> dict[int, dict[ActionKind, ClockUse]]:
    """Spent and limit of the local day, by lane and kind."""
    rows = _ZONES.rows(connection_of(session), {"lanes": list(lane_ids)})
    known = counts.read(session, {lane_id: ZoneInfo(zone) for lane_id, zone in rows}, now)
    return {lane_id: known.today(lane_id) for lane_id in lane_ids}


_ZONES = Prepared(
    select(Lane.id, Identity.zone)
    .join(Identity, Identity.id == Lane.identity_id)
    .where(Lane.id.in_(bindparam("lanes", expanding=True))),
    "lanes",
)


def _running(session: Session, identity_ids: Sequence[int]) -> dict[int, int]:
    return {
        row.identity_id: row.running for row in _RUNNING.rows(connection_of(session), {"identities": list(identity_ids)})
    }


_RUNNING = Prepared(
    select(Campaign.identity_id, func.count().label("running"))
    .where(Campaign.identity_id.in_(bindparam("identities", expanding=True)), Campaign.state == CampaignState.RUNNING)
    .group_by(Campaign.identity_id),
    "identities",
)

"""Today in figures: how many identities act, wait or are stopped, and what was sent of today's limits."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from engine.desk import Desk, use_case
from engine.identity_lists import doing
from engine.lately import Lately
from engine.overview import parked
from storage.kinds import ActionKind, Channel, Permission, QuotaClock
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Identity, Lane, LimitSetting, Mailbox, QuotaUse

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """Identities by what they do now, and today's sum over all channels in each identity's own day."""

    acting: int
    waiting: int
    stopped: int
    sent: int
    limit: int
    parked: int
    identities: int


@use_case(needs=Permission.READ, reads=True)
def figures(desk: Desk) -> Figures:
    return _FIGURES.ask(desk)


def _count(desk: Desk) -> Figures:
    counted = _doing(desk)
    free = {doing: count for doing, count in counted.items() if not doing.stopped}
    sent, limit = _sent_today(desk)
    return Figures(
        acting=sum(count for doing, count in free.items() if doing.acts),
        waiting=sum(count for doing, count in free.items() if doing.plans and not doing.acts),
        stopped=sum(count for doing, count in counted.items() if doing.stopped),
        sent=sent,
        limit=limit,
        parked=parked(desk),
        identities=sum(counted.values()),
    )


_FIGURES = Lately(_count)


class _Doing(NamedTuple):
    acts: bool
    plans: bool
    stopped: bool


def _doing(desk: Desk) -> dict[_Doing, int]:
    """How many identities there are of each; asked by piece, since the database looks at each piece once then."""
    each = (
        select(*(piece.label(name) for piece, name in zip(doing(desk.now), _Doing._fields, strict=True)))
        .where(Identity.workspace_id == desk.workspace, desk.visible(Identity.id), Identity.archived_at.is_(None))
        .subquery()
    )
    rows = desk.session.execute(select(*each.c, func.count()).group_by(*each.c))
    return {_Doing(*row[:-1]): row[-1] for row in rows}


def _sent_today(desk: Desk) -> tuple[int, int]:
    """What was spent of today's limits, and the limits: of lanes that can act, each in its identity's local day."""
    access = desk.access()
    visible = access.identity_ids if access is not None else frozenset()
    values: dict[str, Any] = {"workspace_id": desk.workspace, "now": desk.now}
    if visible is not None:
        values["visible"] = sorted(visible)
    today = desk.now.date()
    spent = _spent(visible is not None).rows(
        connection_of(desk.session), {**values, "first": today - _DAY, "last": today + _DAY}
    )
    sent = sum(row.used for row in spent if row.local_day == desk.now.astimezone(ZoneInfo(row.zone)).date())
    return sent, _limits(visible is not None).scalar(connection_of(desk.session), values) or 0


def _lanes(*, named: bool) -> Select[*tuple[Any, ...]]:
    """Lanes that can act; of `named` identities only, or of all."""
    lanes = (
        select(Lane.id, Identity.zone)
        .join(Identity, Identity.id == Lane.identity_id)
        .outerjoin(Mailbox, Mailbox.id == Lane.mailbox_id)
        .where(Lane.workspace_id == bindparam("workspace_id"), Identity.archived_at.is_(None))
        .where(or_(Lane.channel == Channel.LINKEDIN, Mailbox.removed_at.is_(None)))
    )
    return lanes.where(Identity.id.in_(bindparam("visible", expanding=True))) if named else lanes


@cache
def _spent(named: bool) -> Prepared:
    """By zone and stored day: at any instant there are two or three dates, and the zone says which one is today."""
    lanes = _lanes(named=named).subquery()
    statement = (
        select(lanes.c.zone, QuotaUse.local_day, func.sum(QuotaUse.used).label("used"))
        .join(lanes, lanes.c.id == QuotaUse.lane_id)
        .where(QuotaUse.kind != ActionKind.WARM_UP_MAIL)
        .where(QuotaUse.local_day >= bindparam("first"), QuotaUse.local_day <= bindparam("last"))
        .group_by(lanes.c.zone, QuotaUse.local_day)
    )
    return Prepared(statement, *(("visible",) if named else ()))


@cache
def _limits(named: bool) -> Prepared:
    lanes = _lanes(named=named).subquery()
    newer = aliased(LimitSetting)
    statement = (
        select(func.sum(LimitSetting.value).label("value"))
        .join(lanes, lanes.c.id == LimitSetting.lane_id)
        .where(LimitSetting.clock == QuotaClock.LOCAL_DAY, LimitSetting.kind != ActionKind.WARM_UP_MAIL)
        .where(_in_force(LimitSetting))
        .where(
            ~exists().where(
                newer.lane_id == LimitSetting.lane_id,
                newer.kind == LimitSetting.kind,
                newer.clock == LimitSetting.clock,
                _in_force(newer),
                or_(newer.since > LimitSetting.since, and_(newer.since == LimitSetting.since, newer.id > LimitSetting.id)),
            )
        )
    )
    return Prepared(statement, *(("visible",) if named else ()))


def _in_force(limit: Any) -> Any:
    return and_(limit.since <= bindparam("now"), or_(limit.until.is_(None), limit.until > bindparam("now")))

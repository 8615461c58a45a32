"""The notes of connection requests, counted again: what was ever written in 30 days beside the limit then in force."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from engine import report_inputs
from engine.desk import Desk
from engine.rules.quotas import period_of
from storage.kinds import ActionKind, QuotaClock
from storage.tables import LimitSetting, Spend


@dataclass(frozen=True, slots=True)
class Counted:
    """One note: with it `used` were written within the clock's period, of the `allowed` ones."""

    lane_id: int
    at: datetime
    used: int
    allowed: int


def counted(desk: Desk, lane_ids: Sequence[int]) -> list[Counted]:
    """Every note that was kept while a limit held; the lanes one after the other, each in the order of time."""
    limited = (LimitSetting.lane_id.in_(lane_ids), LimitSetting.clock == QuotaClock.NOTES_30_DAYS)
    settings = desk.session.scalars(
        select(LimitSetting).where(*limited).order_by(LimitSetting.lane_id, LimitSetting.since, LimitSetting.id)
    )
    inforce = {lane_id: list(rows) for lane_id, rows in groupby(settings, key=lambda row: row.lane_id)}
    kept = (Spend.has_note, Spend.given_back_at.is_(None), Spend.kind == ActionKind.CONNECTION_REQUEST)
    written = desk.session.execute(
        select(Spend.lane_id, Spend.at).where(Spend.lane_id.in_(lane_ids), *kept).order_by(Spend.lane_id, Spend.at)
    )
    return [
        one
        for lane_id, rows in groupby(written, key=lambda row: row.lane_id)
        for one in _of_lane(lane_id, [row.at for row in rows], inforce)
    ]


def _of_lane(lane_id: int, instants: list[datetime], inforce: Mapping[int, list[LimitSetting]]) -> list[Counted]:
    steps = list(report_inputs.course_of(inforce.get(lane_id, [])))
    begins, period = [step.since for step in steps], period_of(QuotaClock.NOTES_30_DAYS)
    assert period is not None
    found = []
    for number, at in enumerate(instants, start=1):
        place = bisect_right(begins, at)
        allowed = steps[place - 1].value if place else None
        if allowed is not None:
            found.append(Counted(lane_id, at, number - bisect_right(instants, at - period), allowed))
    return found

"""What seats read for other identities, counted again: the scrapings of each local day beside the share then in force."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby

from sqlalchemy import select

from engine.desk import Desk
from engine.note_proofs import Counted
from engine.report_inputs import Step
from storage.kinds import ActionKind
from storage.tables import Audit, Lane, LinkedInAccount, Scrape, ScrapeReading, Spend

_WHAT = "scrapings.shared"  # the audit log's word for a share that changed
_EVER = datetime.min.replace(tzinfo=UTC)


class ShareClock(StrEnum):
    """Beside the clocks of limits: a seat has one share, which is no limit of the seat's own."""

    SHARED_DAY = "shared_day"


def counted(desk: Desk, lane_ids: Sequence[int]) -> list[Counted]:
    """Every scraping that was kept and read for another identity; the lanes one after the other, in the order of time."""
    kept = (Spend.kind == ActionKind.SCRAPING, Spend.given_back_at.is_(None), Scrape.borrowed)
    taken = desk.session.execute(
        select(Spend.lane_id, Spend.local_day, Spend.at)
        .join(ScrapeReading, ScrapeReading.action_id == Spend.action_id)
        .join(Scrape, Scrape.id == ScrapeReading.scrape_id)
        .where(Spend.lane_id.in_(lane_ids), *kept)
        .order_by(Spend.lane_id, Spend.local_day, Spend.at)
    ).all()
    shares = _shares(desk, sorted({row.lane_id for row in taken}))
    return [
        Counted(lane_id, row.at, number, _in_force(shares[lane_id], row.at))
        for (lane_id, _), rows in groupby(taken, key=lambda row: (row.lane_id, row.local_day))
        for number, row in enumerate(rows, start=1)
    ]


def _shares(desk: Desk, lane_ids: Sequence[int]) -> Mapping[int, list[Step]]:
    """Each seat's share as steps in time; the first has no beginning. What it was is in the audit log alone."""
    now_shared = desk.session.execute(
        select(Lane.id, Lane.identity_id, LinkedInAccount.shared_scrapings)
        .join(LinkedInAccount, LinkedInAccount.identity_id == Lane.identity_id)
        .where(Lane.id.in_(lane_ids))
    ).all()
    identities = [row.identity_id for row in now_shared]
    logged = desk.session.scalars(
        select(Audit).where(Audit.what == _WHAT, Audit.identity_id.in_(identities)).order_by(Audit.identity_id, Audit.id)
    )
    changes = {identity_id: list(rows) for identity_id, rows in groupby(logged, key=lambda row: row.identity_id)}
    return {row.id: _course(changes.get(row.identity_id, []), row.shared_scrapings) for row in now_shared}


def _course(changes: Sequence[Audit], shared: int) -> list[Step]:
    first = int((changes[0].old or {})["a_day"]) if changes else shared
    return [Step(_EVER, first), *(Step(one.at, int((one.new or {})["a_day"])) for one in changes)]


def _in_force(course: Sequence[Step], at: datetime) -> int:
    return course[bisect_right([step.since for step in course], at) - 1].value or 0

"""The proof counts again what a Sales Navigator seat read for other identities, beside the share then in force."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import proofs, seats
from engine.share_proofs import ShareClock
from storage.tables import Spend
from tests import makers
from tests.linkedin.sales_office import Office, begin, sales_office_in
from tests.makers import MONDAY


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with sales_office_in(tmp_path) as opened:
        yield opened


def share(office: Office, value: int) -> None:
    with office.outpost.database.write() as session:
        desk = makers.desk(session, office.workspace_id, now=office.reader.now)
        seats.share(desk, identity_id=office.ada, value=value)


def proven(office: Office, folder: Path) -> tuple[list[tuple[int, int, int]], int]:
    """Most, the share then, breaches of each seat that lends; and how many breaches are listed."""
    with office.outpost.database.read() as session:
        found = proofs.proof(makers.desk(session, office.workspace_id, now=office.reader.now), folder / "columns")
    peaks = [(one.most, one.allowed, one.breaches) for one in found.peaks if one.clock is ShareClock.SHARED_DAY]
    return peaks, sum(one.clock is ShareClock.SHARED_DAY for one in found.breaches)


def test_what_a_seat_read_for_others_is_listed_beside_its_share_and_one_too_many_is_a_breach(
    office: Office, tmp_path: Path
) -> None:
    share(office, 4)
    own = begin(office.outpost, office.adas, office.ada, most=1)
    office.reader.read_all(office.ada, own)
    assert proven(office, tmp_path) == ([], 0)  # what it read for itself is none of the share
    begin(office.outpost, office.bobs, office.ada, now=office.reader.now)
    for _ in range(6):
        office.reader.read(office.ada)
    assert proven(office, tmp_path) == ([(4, 4, 0)], 0)
    share(office, 2)
    assert proven(office, tmp_path) == ([(4, 4, 0)], 0)  # lowered afterwards: what went before is no breach
    with office.outpost.database.write() as session:
        kept = session.scalars(select(Spend).order_by(Spend.at.desc())).first()
        assert kept is not None
        more = {"attempt": 9, "at": office.reader.now + timedelta(minutes=1), "local_day": kept.local_day}
        session.add(Spend(action_id=kept.action_id, lane_id=kept.lane_id, kind=kept.kind, **more))
    assert proven(office, tmp_path) == ([(5, 2, 1)], 1)


def test_each_day_s_share_is_counted_by_itself(office: Office, tmp_path: Path) -> None:
    share(office, 3)
    begin(office.outpost, office.bobs, office.ada)
    while office.reader.now < MONDAY + timedelta(days=2):
        office.reader.read(office.ada, timedelta(hours=2))
    assert office.spent() > 3
    assert proven(office, tmp_path) == ([(3, 3, 0)], 0)

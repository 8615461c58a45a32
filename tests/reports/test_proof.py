"""The proof finds every breach of every clock and invents none."""

from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select

from engine import proofs
from engine.proofs import Proof
from storage import columnar
from storage.kinds import ActionKind, QuotaClock
from storage.tables import Event, Lane
from tests import makers
from tests.makers import LONG_AGO, MONDAY
from tests.reports.conftest import Field
from tests.reports.ledgers import given_back, random_ledger, sent

DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)


def proof(field: Field, **values: int) -> Proof:
    with field.database.read() as session:
        return proofs.proof(makers.desk(session, field.workspace_id), field.folder, **values)


def limit(field: Field, lane: Lane, clock: QuotaClock, value: int, since: datetime = LONG_AGO) -> None:
    with field.database.write() as session:
        makers.limit_of(session, lane.id, value, clock=clock, since=since)


def mails(field: Field, lane: Lane, *instants: datetime) -> None:
    with field.database.write() as session:
        for at in instants:
            sent(session, lane, at)


def most(found: Proof, clock: QuotaClock) -> dict[int, int]:
    return {peak.identity_id: peak.most for peak in found.peaks if peak.clock is clock}


def test_an_empty_ledger_proves_nothing_wrong(field: Field) -> None:
    found = proof(field)
    assert (found.peaks, found.breaches, found.breach_count, found.units) == ((), (), 0, 0)


def test_reaching_the_limit_is_no_breach_and_one_more_is(field: Field) -> None:
    lane = field.lanes[0]
    limit(field, lane, QuotaClock.LOCAL_DAY, 2, since=LONG_AGO + MICRO)
    mails(field, lane, MONDAY, MONDAY + timedelta(hours=1))
    assert proof(field).breach_count == 0
    last = MONDAY + timedelta(hours=2)
    mails(field, lane, last)
    found = proof(field)
    (breach,) = found.breaches
    assert (breach.at, breach.used, breach.allowed, breach.clock) == (last, 3, 2, QuotaClock.LOCAL_DAY)
    assert (found.breach_count, found.units) == (1, 3)


def test_the_next_local_day_counts_anew(field: Field) -> None:
    """New York: 04:59 UTC is the day before, 05:00 UTC the next one."""
    lane = field.lanes[1]
    limit(field, lane, QuotaClock.LOCAL_DAY, 1, since=LONG_AGO + MICRO)
    midnight = MONDAY.replace(hour=5)
    mails(field, lane, midnight - MICRO, midnight)
    assert proof(field).breach_count == 0


@pytest.mark.parametrize(
    ("clock", "length"),
    [(QuotaClock.ROLLING_24_HOURS, DAY), (QuotaClock.ROLLING_7_DAYS, 7 * DAY), (QuotaClock.ROLLING_30_DAYS, 30 * DAY)],
)
def test_a_rolling_clock_forgets_a_unit_exactly_when_its_length_has_passed(
    field: Field, clock: QuotaClock, length: timedelta
) -> None:
    one, two = field.lanes[0], field.lanes[1]
    for lane in (one, two):
        limit(field, lane, clock, 1)
    mails(field, one, MONDAY, MONDAY + length)
    mails(field, two, MONDAY, MONDAY + length - MICRO)
    found = proof(field)
    assert most(found, clock) == {one.identity_id: 1, two.identity_id: 2}
    assert [breach.identity_id for breach in found.breaches] == [two.identity_id]


def test_the_provider_s_limit_counts_campaign_and_warm_up_mails_together(field: Field) -> None:
    lane = field.lanes[0]
    limit(field, lane, QuotaClock.LOCAL_DAY, 3, since=LONG_AGO + MICRO)
    limit(field, lane, QuotaClock.ROLLING_24_HOURS, 4)
    mails(field, lane, *(MONDAY + timedelta(hours=n) for n in (0, 2, 4)))
    with field.database.write() as session:
        sent(session, lane, MONDAY + timedelta(hours=1), kind=ActionKind.WARM_UP_MAIL)
    assert proof(field).breach_count == 0
    assert most(proof(field), QuotaClock.ROLLING_24_HOURS) == {lane.identity_id: 4}
    last = MONDAY + timedelta(hours=3)
    with field.database.write() as session:
        sent(session, lane, last, kind=ActionKind.WARM_UP_MAIL)
    (breach,) = proof(field).breaches
    assert (breach.at, breach.used, breach.allowed) == (MONDAY + timedelta(hours=4), 5, 4)
    assert (breach.clock, breach.kind) == (QuotaClock.ROLLING_24_HOURS, ActionKind.EMAIL)


def test_the_limit_then_in_force_counts_not_the_present_one(field: Field) -> None:
    lane = field.lanes[0]
    mails(field, lane, *(MONDAY + timedelta(minutes=10 * n) for n in range(5)))
    limit(field, lane, QuotaClock.LOCAL_DAY, 3, since=MONDAY + timedelta(hours=1))
    assert proof(field).breach_count == 0
    mails(field, lane, MONDAY + timedelta(hours=2))
    found = proof(field)
    assert [(breach.used, breach.allowed) for breach in found.breaches] == [(6, 3)]


def test_a_unit_given_back_counts_only_until_then(field: Field) -> None:
    lane = field.lanes[0]
    limit(field, lane, QuotaClock.LOCAL_DAY, 1, since=LONG_AGO + MICRO)
    limit(field, lane, QuotaClock.ROLLING_24_HOURS, 1)
    with field.database.write() as session:
        given_back(session, lane, MONDAY, after=timedelta(minutes=1))
        sent(session, lane, MONDAY + timedelta(minutes=2))
    assert proof(field).breach_count == 0
    with field.database.write() as session:
        given_back(session, lane, MONDAY + 2 * DAY, after=timedelta(minutes=5))
        sent(session, lane, MONDAY + 2 * DAY + timedelta(minutes=2))
    assert {breach.clock for breach in proof(field).breaches} == {QuotaClock.LOCAL_DAY, QuotaClock.ROLLING_24_HOURS}


def test_a_unit_given_back_after_it_left_the_window_gives_no_room(field: Field) -> None:
    lane = field.lanes[0]
    limit(field, lane, QuotaClock.ROLLING_24_HOURS, 1)
    with field.database.write() as session:
        given_back(session, lane, MONDAY, after=DAY + timedelta(hours=1))
        sent(session, lane, MONDAY + DAY)
        sent(session, lane, MONDAY + DAY + timedelta(hours=2))
    found = [breach for breach in proof(field).breaches if breach.clock is QuotaClock.ROLLING_24_HOURS]
    assert [(breach.at, breach.used) for breach in found] == [(MONDAY + DAY + timedelta(hours=2), 2)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("exported", [False, True])
def test_the_peaks_are_those_of_a_count_by_hand(field: Field, seed: int, exported: bool) -> None:
    for lane in field.lanes:
        limit(field, lane, QuotaClock.ROLLING_24_HOURS, 4)
        limit(field, lane, QuotaClock.ROLLING_7_DAYS, 12)
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, Random(seed), MONDAY - 12 * DAY, 12)
    if exported:
        columnar.export(field.database, field.folder, MONDAY)
    found = proof(field)
    for clock, length in ((QuotaClock.ROLLING_24_HOURS, DAY), (QuotaClock.ROLLING_7_DAYS, 7 * DAY)):
        assert most(found, clock) == {lane.identity_id: by_hand(field, lane, length) for lane in field.lanes}


def by_hand(field: Field, lane: Lane, length: timedelta) -> int:
    with field.database.read() as session:
        lines = session.scalars(select(Event).where(Event.lane_id == lane.id, Event.spent != 0)).all()
    returned = {(line.action_id, line.attempt): line.at for line in lines if line.spent < 0}
    taken = [(line.at, returned.get((line.action_id, line.attempt))) for line in lines if line.spent > 0]
    return max(sum(1 for at, back in taken if at <= now < at + length and (back is None or back > now)) for now, _ in taken)


def test_nothing_of_another_workspace_is_counted(field: Field) -> None:
    limit(field, field.others[0], QuotaClock.ROLLING_24_HOURS, 0)
    mails(field, field.others[0], MONDAY)
    columnar.export(field.database, field.folder, MONDAY)
    found = proof(field)
    assert (found.peaks, found.breach_count) == ((), 0)

"""The limits of a LinkedIn account: a ramp, the sums in words, and a raise that needs a reason and falls back."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from engine import linkedin_limits
from engine.desk import Problem, perform
from engine.linkedin_lanes import RAMP_DAYS, ramp
from engine.linkedin_limits import Limits
from storage.kinds import ActionKind, QuotaClock
from storage.tables import Lane, LimitSetting
from tests import makers
from tests.linkedin.conftest import Office, connected
from tests.makers import MONDAY

INVITE = ActionKind.CONNECTION_REQUEST


def limits(office: Office, after: timedelta = timedelta(0)) -> Limits:
    given = {"identity_id": office.identity_id}
    found = perform(
        office.outpost.database, makers.OWNER, office.workspace_id, MONDAY + after, linkedin_limits.of_identity, **given
    )
    assert found is not None
    return found


def change(office: Office, value: int, until: timedelta | None = None, why: str = "") -> None:
    given = (office.identity_id, INVITE, value, MONDAY + until if until is not None else None, why)
    perform(office.outpost.database, makers.OWNER, office.workspace_id, MONDAY, linkedin_limits.set_daily, *given)


def daily(found: Limits) -> int:
    return next(one.limit for one in found.clocks if one.kind is INVITE and one.clock is QuotaClock.LOCAL_DAY)


def test_the_ramp_rises_to_the_recommended_number_on_its_last_day() -> None:
    steps = ramp(INVITE)
    assert (steps[0].day, steps[0].value, steps[-1].day, steps[-1].value) == (0, 5, RAMP_DAYS - 1, 20)
    assert all(one.value < other.value for one, other in itertools.pairwise(steps))
    assert ramp(ActionKind.WITHDRAWAL)[0].value == 40


def test_every_clock_is_shown_and_the_week_is_summed_up(office: Office) -> None:
    connected(office)
    found = limits(office)
    of_invitations = {one.clock: one.limit for one in found.clocks if one.kind is INVITE}
    assert of_invitations == {
        QuotaClock.LOCAL_DAY: 20,
        QuotaClock.ROLLING_7_DAYS: 100,
        QuotaClock.NOTES_30_DAYS: 5,
        QuotaClock.PENDING_TOTAL: 1_000,
    }
    assert "20 × 7 days = 140 a week, and the limit for 7 days is 100" in found.sums[INVITE]


def test_a_raise_needs_a_reason_and_an_end_and_falls_back_by_itself(office: Office) -> None:
    connected(office)
    for wrong in ((40, None, "a fair"), (40, timedelta(days=3), ""), (40, timedelta(days=31), "a fair")):
        with pytest.raises(Problem, match="risks the account"):
            change(office, *wrong)
    change(office, 40, timedelta(days=3), "a fair")
    assert daily(limits(office, timedelta(days=2))) == 40
    assert daily(limits(office, timedelta(days=3))) == 20


def test_what_a_person_sets_ends_the_ramp(office: Office) -> None:
    connected(office)
    change(office, 8)
    assert [daily(limits(office, timedelta(days=days))) for days in (0, 5, 20)] == [8, 8, 8]


def test_under_a_limit_that_falls_back_by_itself_the_ramp_goes_on(office: Office) -> None:
    connected(office)
    day = {"kind": INVITE, "clock": QuotaClock.LOCAL_DAY}
    with office.outpost.database.write() as session:
        session.execute(delete(LimitSetting).filter_by(**day))
        lane = session.scalars(select(Lane.id)).one()
        for days, value in ((-3, 5), (1, 8), (2, 10), (5, 20)):
            session.add(LimitSetting(lane_id=lane, **day, value=value, since=MONDAY + timedelta(days=days), why="new"))
    change(office, 2, timedelta(days=2, hours=12))
    found = [daily(limits(office, timedelta(days=days))) for days in (0, 1, 2, 3, 4, 5, 20)]
    assert found == [2, 2, 2, 10, 10, 20, 20]


def test_the_form_does_the_sum_of_a_limit_before_it_is_set(office: Office) -> None:
    connected(office)

    def rehearsed(value: int) -> str:
        given = (office.identity_id, INVITE, value)
        database = office.outpost.database
        return perform(database, makers.OWNER, office.workspace_id, MONDAY, linkedin_limits.rehearse, *given)

    assert "30 × 7 days = 210 a week" in rehearsed(30)
    assert rehearsed(1).startswith("1 connection request × 1 min needs 1 min;")
    assert rehearsed(0) == "The daily limit is 0: no connection requests go out."
    assert daily(limits(office)) == 20

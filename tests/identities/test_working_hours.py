"""Working hours and holidays: changed by people, shown for the days ahead, told to the agenda."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import situations, working_hours
from engine.desk import Desk, Problem
from storage.database import Database
from storage.tables import Audit, Identity, Lane
from tests import makers
from tests.makers import MONDAY

WEEK = frozenset({1, 2, 3, 4, 5})


@pytest.fixture
def desk(database: Database):
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        yield makers.desk(session, makers.workspace(session).id)


@pytest.fixture
def ada(desk: Desk) -> Identity:
    return makers.identity(desk.session, desk.workspace)


def last_line(desk: Desk) -> Audit:
    desk.session.flush()
    return desk.session.scalars(select(Audit).order_by(Audit.id.desc())).first()


def test_a_change_of_hours_is_audited_and_wakes_the_lanes(desk: Desk, ada: Identity) -> None:
    makers.mailbox(desk.session, ada)
    lane = desk.session.scalars(select(Lane)).one()
    lane.wake_at = MONDAY + timedelta(days=3)
    desk.session.flush()
    assert working_hours.set_hours(desk, ada.id, 1, "Asia/Tokyo", WEEK, 600, 1080) == 2
    desk.session.expire_all()
    assert lane.wake_at is not None
    assert lane.wake_at <= MONDAY
    line = last_line(desk)
    assert (line.what, line.old, line.new) == (
        "hours.changed",
        {"zone": "Europe/Madrid", "work_start": 540},
        {"zone": "Asia/Tokyo", "work_start": 600},
    )


@pytest.mark.parametrize(
    ("zone", "days", "start", "end"),
    [
        ("Mars/Olympus", WEEK, 540, 1080),
        ("Europe/Madrid", frozenset(), 540, 1080),
        ("Europe/Madrid", WEEK, 540, 540),
        ("Europe/Madrid", frozenset({8}), 540, 1080),
        ("Europe/Madrid", WEEK, -1, 1080),
    ],
)
def test_impossible_hours_get_a_sentence_and_change_nothing(
    desk: Desk, ada: Identity, zone: str, days: frozenset[int], start: int, end: int
) -> None:
    with pytest.raises(Problem) as told:
        working_hours.set_hours(desk, ada.id, 1, zone, days, start, end)
    assert str(told.value).endswith(".")
    assert (ada.zone, ada.version) == ("Europe/Madrid", 1)


def test_the_second_of_two_people_who_save_hours_is_told(desk: Desk, ada: Identity) -> None:
    working_hours.set_hours(desk, ada.id, 1, "Asia/Tokyo", WEEK, 540, 1080)
    with pytest.raises(Problem, match="Somebody changed this identity meanwhile"):
        working_hours.set_hours(desk, ada.id, 1, "UTC", WEEK, 540, 1080)


def test_the_week_ahead_names_what_is_off(desk: Desk, ada: Identity) -> None:
    working_hours.add_holiday(desk, ada.id, date(2026, 11, 25), "Leave")
    plans = working_hours.next_windows(desk, ada.id)
    assert [(f"{plan.day:%a}", len(plan.windows), plan.off) for plan in plans] == [
        ("Mon", 1, ""),
        ("Tue", 1, ""),
        ("Wed", 0, "holiday"),
        ("Thu", 1, ""),
        ("Fri", 1, ""),
        ("Sat", 0, "not a working day"),
        ("Sun", 0, "not a working day"),
    ]
    assert plans[0].windows[0].opens == datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Madrid


def test_last_nights_window_comes_first_while_it_is_open(desk: Desk, ada: Identity) -> None:
    working_hours.set_hours(desk, ada.id, 1, "Europe/Madrid", frozenset({7}), 22 * 60, 12 * 60)  # until Monday 12:00
    plans = working_hours.next_windows(desk, ada.id)
    assert [f"{plan.day:%a}" for plan in plans] == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert plans[0].windows[0].closes == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_a_countrys_holidays_are_followed_and_can_be_left(desk: Desk, ada: Identity) -> None:
    christmas = date(2026, 12, 25)
    assert christmas not in situations.working_hours(desk.session, [ada.id], MONDAY)[ada.id].holidays
    working_hours.set_holiday_country(desk, ada.id, "ES")
    assert christmas in situations.working_hours(desk.session, [ada.id], MONDAY)[ada.id].holidays
    assert (last_line(desk).old, last_line(desk).new) == ({"country": ""}, {"country": "ES"})
    working_hours.set_holiday_country(desk, ada.id, "")
    assert christmas not in situations.working_hours(desk.session, [ada.id], MONDAY)[ada.id].holidays


def test_an_unknown_country_is_refused(desk: Desk, ada: Identity) -> None:
    with pytest.raises(Problem, match="calendar is not known"):
        working_hours.set_holiday_country(desk, ada.id, "XX")


def test_own_dates_are_added_renamed_and_removed(desk: Desk, ada: Identity) -> None:
    day = date(2026, 12, 1)
    working_hours.add_holiday(desk, ada.id, day, "Leave")
    working_hours.add_holiday(desk, ada.id, day, "Moving\nhouse")
    assert [(own.day, own.note) for own in working_hours.own_holidays(desk, ada.id)] == [(day, "Moving house")]
    working_hours.remove_holiday(desk, ada.id, day)
    assert working_hours.own_holidays(desk, ada.id) == ()
    assert last_line(desk).what == "holiday.removed"
    working_hours.remove_holiday(desk, ada.id, day)  # twice does no harm

"""The quota report equals plain sums over the ledger, in every zone and period, and shows nothing of anybody else."""

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import case, func, select

from engine import quota_files, quota_reports
from engine.desk import Denied, Desk
from engine.quota_filters import Grain, Period, Wanted
from engine.quota_reports import Quotas
from storage import columnar
from storage.kinds import ActionKind, Reason, Role, StopScope
from storage.tables import Audit, Event, Identity, Lane, LimitSetting, Stop, WarmUp
from tests import makers
from tests.makers import MONDAY
from tests.reports.conftest import Field
from tests.reports.ledgers import given_back, random_ledger, sent, skipped

WEEK = timedelta(days=7)
MONTH = Wanted(Period.LAST_30_DAYS)


def report(field: Field, wanted: Wanted = MONTH, now: datetime = MONDAY, **values: int) -> Quotas:
    with field.database.read() as session:
        return quota_reports.quotas(makers.desk(session, field.workspace_id, now=now), field.folder, wanted, **values)


def mails(field: Field, lane: Lane, *instants: datetime) -> None:
    with field.database.write() as session:
        for at in instants:
            sent(session, lane, at)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("exported", ["nothing", "half", "all"])
def test_the_report_is_the_plain_sum_of_the_ledger(field: Field, seed: int, exported: str) -> None:
    random, begin = Random(seed), MONDAY - timedelta(days=20)
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, random, begin, 10)
    if exported != "nothing":
        columnar.export(field.database, field.folder, MONDAY)
    with field.database.write() as session:
        random_ledger(session, field.lanes + field.others, random, begin + timedelta(days=10), 9)
    if exported == "all":
        columnar.export(field.database, field.folder, MONDAY)
    with field.database.read() as session:
        sums = session.execute(
            select(
                Event.identity_id,
                Event.local_day,
                func.sum(Event.spent),
                func.sum(case((Event.after == "accepted", 1), else_=0)),
            )
            .where(Event.workspace_id == field.workspace_id)
            .group_by(Event.identity_id, Event.local_day)
        ).all()
    expected = {(identity, day): (spent, accepted) for identity, day, spent, accepted in sums if spent or accepted}
    found = report(field)
    shown = {(row.identity_id, row.period): (row.spent, row.sent) for row in found.rows if row.spent or row.sent}
    assert shown == expected
    assert found.totals.spent == sum(spent for spent, _ in expected.values()) == sum(day.spent for day in found.trend)
    assert found.totals.spent == sum(cell.spent for cell in found.heat)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 14 * 24 * 60), max_size=12), grain=st.sampled_from(Grain))
def test_weeks_and_months_add_up_to_their_days(field: Field, minutes: list[int], grain: Grain) -> None:
    mails(field, field.lanes[1], *(MONDAY - timedelta(minutes=back) for back in minutes))
    by_day, by_grain = report(field), report(field, Wanted(Period.LAST_30_DAYS, grain))
    for column in ("allowed", "spent", "sent", "remaining"):
        assert sum(getattr(row, column) for row in by_grain.rows) == sum(getattr(row, column) for row in by_day.rows)
    assert by_day.totals == by_grain.totals


def test_a_day_is_the_identitys_own(field: Field) -> None:
    """22:30 UTC on Sunday is Sunday in Madrid and New York, and Monday in Kathmandu."""
    late = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    for lane in field.lanes:
        mails(field, lane, late)
    days = {row.identity_id: row.period for row in report(field).rows if row.spent}
    sunday, monday = date(2026, 11, 22), date(2026, 11, 23)
    assert [days[lane.identity_id] for lane in field.lanes] == [sunday, sunday, monday]


def test_today_is_each_identitys_own_today(field: Field) -> None:
    """At 03:00 UTC on Tuesday it is still Monday in New York."""
    now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    rows = report(field, Wanted(Period.TODAY), now).rows
    days = {row.identity_id: row.period for row in rows}
    assert [days[lane.identity_id].day for lane in field.lanes] == [24, 23, 24]


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        (Period.TODAY, "2026-11-23", "2026-11-23", "2026-11-23"),
        (Period.THIS_WEEK, "2026-11-29", "2026-11-23", "2026-11-29"),  # a Sunday belongs to the week before it
        (Period.LAST_WEEK, "2026-11-23", "2026-11-16", "2026-11-22"),
        (Period.THIS_WEEK, "2027-01-01", "2026-12-28", "2027-01-01"),
        (Period.THIS_MONTH, "2026-11-01", "2026-11-01", "2026-11-01"),
        (Period.LAST_MONTH, "2026-03-31", "2026-02-01", "2026-02-28"),
        (Period.LAST_MONTH, "2028-03-01", "2028-02-01", "2028-02-29"),
        (Period.LAST_MONTH, "2027-01-15", "2026-12-01", "2026-12-31"),
        (Period.LAST_30_DAYS, "2026-11-30", "2026-11-01", "2026-11-30"),
    ],
)
def test_where_periods_begin_and_end(period: Period, today: str, first: str, last: str) -> None:
    assert period.bounds(date.fromisoformat(today)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_week_is_named_by_its_monday_and_a_month_by_its_first(field: Field) -> None:
    mails(field, field.lanes[0], MONDAY - timedelta(days=3))
    week = [row.period for row in report(field, Wanted(Period.LAST_30_DAYS, Grain.WEEK)).rows if row.spent]
    month = [row.period for row in report(field, Wanted(Period.LAST_30_DAYS, Grain.MONTH)).rows if row.spent]
    assert (week, month) == ([date(2026, 11, 16)], [date(2026, 11, 1)])


def test_what_was_given_back_is_not_spent(field: Field) -> None:
    with field.database.write() as session:
        given_back(session, field.lanes[0], MONDAY - timedelta(days=3))
        sent(session, field.lanes[0], MONDAY - timedelta(days=3))
    totals = report(field).totals
    assert (totals.spent, totals.sent) == (1, 1)


def test_only_working_days_are_allowed_and_holidays_are_not(field: Field) -> None:
    with field.database.write() as session:
        identity = session.get_one(Identity, field.lanes[0].identity_id)
        identity.holiday_country = "ES"  # 12 October and 2 November are kept; 6 December is outside
    found = report(field, Wanted(Period.LAST_WEEK), identity_id=field.lanes[0].identity_id)
    assert (found.totals.allowed, found.totals.days_off) == (5 * 50, 2)


def test_a_limit_that_fell_back_counts_while_it_was_in_force(field: Field) -> None:
    lane = field.lanes[0]
    with field.database.write() as session:
        makers.limit_of(session, lane.id, 80, since=MONDAY - timedelta(days=6), until=MONDAY - timedelta(days=4))
    rows = report(field, Wanted(Period.LAST_WEEK), identity_id=lane.identity_id).rows
    assert {row.period.day: row.allowed for row in rows} == {16: 50, 17: 80, 18: 80, 19: 80, 20: 50}


def test_a_limit_lowered_at_noon_does_not_make_the_morning_a_breach(field: Field) -> None:
    lane = field.lanes[0]
    with field.database.write() as session:
        makers.limit_of(session, lane.id, 1, since=MONDAY - WEEK)
    mails(field, lane, *(MONDAY - WEEK - timedelta(minutes=n) for n in range(1, 4)))
    rows = report(field, Wanted(Period.LAST_WEEK), identity_id=lane.identity_id).rows
    assert {row.period.day: (row.allowed, row.spent) for row in rows} == {
        16: (50, 3),
        17: (1, 0),
        18: (1, 0),
        19: (1, 0),
        20: (1, 0),
    }


def test_who_reaches_the_limit_is_named(field: Field) -> None:
    with field.database.write() as session:
        lane = session.scalars(select(LimitSetting).where(LimitSetting.lane_id == field.lanes[1].id)).one()
        lane.value = 2
    mails(field, field.lanes[1], *(MONDAY - timedelta(days=3, minutes=n) for n in range(2)))
    (found,) = report(field).at_limit
    assert (found.identity_id, found.days) == (field.lanes[1].identity_id, 1)


def test_why_the_rest_was_not_used(field: Field) -> None:
    lane = field.lanes[0]
    friday, thursday, wednesday, tuesday = (MONDAY - timedelta(days=back) for back in (3, 4, 5, 6))
    with field.database.write() as session:
        session.add(
            Stop(
                scope=StopScope.IDENTITY,
                workspace_id=lane.workspace_id,
                identity_id=lane.identity_id,
                pressed_at=friday,
                released_at=friday + timedelta(hours=1),
            )
        )
        session.add(WarmUp(mailbox_id=lane.mailbox_id, started_at=thursday, stopped_at=thursday))
        given_back(session, lane, wednesday)
        skipped(session, lane, tuesday, Reason.SUPPRESSED)  # a person less, not a unit less
    found = report(field, Wanted(Period.LAST_WEEK), identity_id=lane.identity_id)
    assert {one.why: one.units for one in found.unused} == {
        "Somebody pressed Stop.": 50,
        Reason.WARMING_UP.sentence: 50,
        Reason.UNREACHABLE.sentence: 50,
        "Too little was planned.": 100,
    }
    today = report(field, Wanted(Period.TODAY), identity_id=lane.identity_id)
    assert [one.why for one in today.unused] == ["Today is not over."]


def test_the_heat_map_is_in_the_identitys_own_hours(field: Field) -> None:
    """Kathmandu is 5:45 ahead: 10:20 UTC on Monday is 16:05 there; in Madrid 11:20, in New York 05:20."""
    for lane in field.lanes:
        mails(field, lane, MONDAY + timedelta(minutes=20))
    found = report(field, Wanted(Period.TODAY), MONDAY + timedelta(hours=1)).heat
    assert Counter((cell.weekday, cell.hour) for cell in found) == Counter({(1, 11): 1, (1, 5): 1, (1, 16): 1})


def test_one_kind_or_one_identity_is_only_that(field: Field) -> None:
    for lane in field.lanes:
        mails(field, lane, MONDAY - WEEK)
    assert report(field, identity_id=field.lanes[2].identity_id).totals.spent == 1
    assert report(field, Wanted(Period.LAST_30_DAYS, kind=ActionKind.EMAIL)).totals.spent == 3
    assert report(field, Wanted(Period.LAST_30_DAYS, kind=ActionKind.SCRAPING)).totals.spent == 0


def test_nothing_of_another_workspace_appears(field: Field) -> None:
    mails(field, field.others[0], *(MONDAY - timedelta(days=n) for n in range(3, 9)))
    for exported in (False, True):
        if exported:
            columnar.export(field.database, field.folder, MONDAY)
        found = report(field)
        assert found.totals.spent == 0
        assert found.heat == ()
        assert {row.identity_id for row in found.rows} <= {lane.identity_id for lane in field.lanes}


def test_a_member_sees_the_named_identities_only(field: Field) -> None:
    for lane in field.lanes:
        mails(field, lane, MONDAY - WEEK)
    with field.database.write() as session:
        actor = makers.member(session, field.workspace_id, Role.OPS, [field.lanes[1].identity_id])
    with field.database.read() as session:
        desk = Desk(session, actor, field.workspace_id, MONDAY)
        found = quota_reports.quotas(desk, field.folder, MONTH)
        assert {row.identity_id for row in found.rows} == {field.lanes[1].identity_id}
        assert (found.totals.spent, sum(cell.spent for cell in found.heat)) == (1, 1)
        assert [one for one, _ in quota_reports.identities_in_reach(desk)] == [field.lanes[1].identity_id]
        with pytest.raises(Denied):
            quota_reports.quotas(desk, field.folder, MONTH, identity_id=field.lanes[0].identity_id)


def test_a_workspace_without_identities_is_an_empty_report(field: Field) -> None:
    with field.database.write() as session:
        empty = makers.workspace(session).id
    with field.database.read() as session:
        found = quota_reports.quotas(makers.desk(session, empty), field.folder, MONTH)
    assert (found.rows, found.totals.allowed, found.trend, found.heat, found.lanes) == ((), 0, (), (), 0)


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-1", "@x", " =1"])
def test_a_name_that_a_spreadsheet_would_run_is_exported_as_text(field: Field, name: str) -> None:
    with field.database.write() as session:
        session.get_one(Identity, field.lanes[0].identity_id).first_name = name
    mails(field, field.lanes[0], MONDAY - WEEK)
    with field.database.write() as session:
        made = quota_files.csv(makers.desk(session, field.workspace_id), field.folder, MONTH)
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert rows[0][:2] == ["identity", "kind"]
    named = [row[0] for row in rows[1:] if name.strip() in row[0]]
    assert named
    assert all(cell.startswith("'") for cell in named)
    assert sum(int(row[4]) for row in rows[1:]) == 1


def test_excel_and_parquet_hold_what_the_csv_holds(field: Field) -> None:
    with field.database.write() as session:
        session.get_one(Identity, field.lanes[0].identity_id).first_name = "=cmd()"
    mails(field, field.lanes[0], MONDAY - WEEK)
    with field.database.write() as session:
        desk = makers.desk(session, field.workspace_id)
        text, book, table = (
            make(desk, field.folder, MONTH) for make in (quota_files.csv, quota_files.excel, quota_files.parquet)
        )
        told = session.scalars(select(Audit.new).where(Audit.what == "quotas.exported")).all()
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))[1:]
    read = parquet.read_table(io.BytesIO(table)).to_pylist()
    assert [(each["identity"], each["period"].isoformat(), str(each["spent"])) for each in read] == [
        (row[0].removeprefix("'"), row[2], row[4]) for row in rows
    ]
    assert [(each["form"], each["rows"]) for each in told if each] == [
        (form, len(rows)) for form in ("csv", "xlsx", "parquet")
    ]
    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(rows) + 1
    assert "=cmd()" in sheet
    assert "<f>" not in sheet

"""The client statement: each address once a month at the fixed price, its days, and the files that are handed over."""

import csv
import io
import zipfile
from datetime import date

import pytest
from sqlalchemy import select

from engine import statement_files, warm_up, warm_up_pool, warm_up_statements
from engine.desk import Actor, Denied, Desk, Problem
from engine.warm_up_statements import statement
from storage.database import Database
from storage.kinds import PoolScope, Role, WarmUpPreset
from storage.tables import Audit, Identity, Mailbox, Workspace
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel
from tests.warm_up.office import Office, office, two_clients


def priced(office_: Office, cents: int) -> None:
    warm_up_pool.set_policy(office_.desk(), WarmUpPreset.USUAL, PoolScope.INSTALLATION, cents)


def test_an_address_started_twice_in_a_month_costs_once_and_its_days_are_counted_once(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        priced(one, 1_250)
        warm_up.start(one.desk(), mailbox_id=one.box.id)  # Monday the 23rd of November
        warm_up.stop(one.desk(1.2), mailbox_id=one.box.id)
        priced(one, 900)
        warm_up.start(one.desk(1.4), mailbox_id=one.box.id)
        warm_up.stop(one.desk(9), mailbox_id=one.box.id)  # the 2nd of December
        late = one.desk(40)
        november, december, january = (
            statement(late, year=year, month=month) for year, month in ((2026, 11), (2026, 12), (2027, 1))
        )
        assert [(line.address, line.days, line.price_cents) for line in november.lines] == [("ada@acme.test", 8, 1_250)]
        assert [(line.address, line.days, line.price_cents) for line in december.lines] == [("ada@acme.test", 2, 900)]
        assert (january.lines, january.sum_cents) == ((), 0)
        assert warm_up_statements.months(late) == (date(2027, 1, 1), date(2026, 12, 1), date(2026, 11, 1))
        with pytest.raises(Problem, match="no such month"):
            statement(late, year=2026, month=13)


def test_a_day_is_the_identity_s_own_and_a_removed_address_stays_on_the_statement(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        priced(one, 1_250)
        session.get_one(Identity, one.identity).zone = "Pacific/Auckland"
        late = makers.desk(session, one.workspace, now=MONDAY.replace(day=30, hour=20))  # 1 December there
        warm_up.start(late, mailbox_id=one.box.id)
        session.get_one(Mailbox, one.box.id).removed_at = late.now
        assert statement(late, year=2026, month=11).lines == ()
        assert [line.days for line in statement(late, year=2026, month=12).lines] == [1]


def test_the_files_hold_the_same_and_no_formula_and_who_took_one_is_audited(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        priced(one, 123_456)
        session.get_one(Workspace, one.workspace).name = "=cmd|' /C calc'!A0"
        session.get_one(Identity, one.identity).first_name = "=1+1"
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        found = warm_up_statements.taken(one.desk(), year=2026, month=11, form="csv")
        taken = session.scalars(select(Audit).where(Audit.what == "statement.exported")).one()
        assert taken.new == {"month": "2026-11", "rows": 1, "sum_cents": 123_456, "form": "csv"}
    rows = list(csv.reader(io.StringIO(statement_files.csv(found).decode("utf-8-sig"))))
    assert rows[1] == ["Address", "Identity", "Days of warm-up", "Price"]
    assert (rows[2][0], rows[2][1][:2], rows[2][2:]) == ("ada@acme.test", "'=", ["1", "1234.56"])
    assert rows[3] == ["Sum", "", "1", "1234.56"]
    with zipfile.ZipFile(io.BytesIO(statement_files.excel(found))) as book:
        sheet, words = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert "<f>" not in sheet
    assert sheet.count("<v>1234.56</v>") == 2
    assert "ada@acme.test" in words
    assert "=1+1 " in words


def test_a_member_reads_what_they_have_access_to_and_a_stranger_nothing(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        other = makers.identity(session, one.workspace)
        some = Desk(session, makers.member(session, one.workspace, Role.OPS, [other.id]), one.workspace, MONDAY)
        assert statement(some, year=2026, month=11).lines == ()
        with pytest.raises(Denied):
            statement(Desk(session, Actor(99, "x"), one.workspace, MONDAY), year=2026, month=11)


def test_the_page_sums_a_month_and_says_when_nothing_is_owed(panel: Panel) -> None:
    boss, ops, here, nothing = two_clients(panel)
    page = panel.open("statement", ops, here)
    assert not page.exception
    assert [one.value for one in page.metric] == ["12.50", "1", "1"]
    assert list(page.dataframe[0].value["Address"]) == ["ada@acme.test"]
    assert "so nothing is owed" in panel.open("statement", boss, nothing).markdown[-1].value

"""Limits: a lowered one holds at once, a temporary one falls back by itself, every change is on record."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import agenda
from engine.desk import Denied, Problem
from engine.dispatch import attend
from engine.limits import limit_now, open_mailbox_lane, set_limit
from storage.database import Database
from storage.kinds import Provider, QuotaClock, Role
from storage.tables import Audit, Lane, LimitSetting, Mailbox, Spend, Workspace
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

NOON = MONDAY.replace(hour=11)


@dataclass
class Address:
    """One address with thirty leads, visited whenever its time has come."""

    database: Database
    sink: Sink
    lane_id: int
    mailbox_id: int
    workspace_id: int

    def work(self, begins: datetime, hours: int) -> int:
        """Mails sent in this time."""
        before = len(self.sink.message_ids())
        for minutes in range(hours * 60):
            now = begins + timedelta(minutes=minutes)
            with self.database.read() as session:
                is_due = agenda.due_lanes(session, now, 1) == [self.lane_id]
            if is_due:
                attend(
                    self.database,
                    self.lane_id,
                    partial(datetime.fromtimestamp, now.timestamp(), UTC),
                    "worker-1",
                    self.sink.hands(),
                )
        return len(self.sink.message_ids()) - before

    def set(self, value: int, at: datetime, until: datetime | None = None, why: str = "") -> None:
        with self.database.write() as session:
            set_limit(makers.desk(session, self.workspace_id, now=at), self.mailbox_id, value, until, why)

    def limit(self, at: datetime) -> int | None:
        with self.database.read() as session:
            return limit_now(session, self.lane_id, at)


@pytest.fixture
def address(database: Database, tmp_path: Path) -> Address:
    office = {"zone": "Europe/Madrid", "work_days": [1, 2, 3, 4, 5], "work_start": 540, "work_end": 1080}
    (lane,) = lanes_with_work(database, leads=60, limit=20, hours=office)
    with database.read() as session:
        ids = session.scalars(select(Mailbox.id)).one(), session.scalars(select(Workspace.id)).one()
    return Address(database, Sink(tmp_path / "sink"), lane, *ids)


def test_g3_lowered_at_noon_holds_at_once(address: Address) -> None:
    morning = address.work(MONDAY.replace(hour=8), 3)
    assert 0 < morning < 20
    address.set(morning, NOON)
    assert address.work(NOON, 7) == 0


def test_g14_raised_at_noon_is_reached_the_same_day(address: Address) -> None:
    morning = address.work(MONDAY.replace(hour=8), 3)
    address.set(30, NOON)
    assert morning + address.work(NOON, 7) == 30


def test_a_temporary_raise_falls_back_by_itself(address: Address) -> None:
    until = MONDAY.replace(hour=0) + timedelta(days=1)
    address.set(28, MONDAY.replace(hour=7), until=until, why="a fair")
    assert [address.limit(MONDAY), address.limit(until - timedelta(seconds=1)), address.limit(until)] == [28, 28, 20]
    assert address.work(MONDAY.replace(hour=8), 10) == 28
    assert address.work(MONDAY.replace(hour=8) + timedelta(days=1), 10) == 20


def test_a_change_is_audited_from_old_to_new(address: Address) -> None:
    address.set(28, NOON, why="  a fair ")
    with address.database.read() as session:
        line = session.scalars(select(Audit).where(Audit.what == "limit.changed")).one()
        assert (line.old, line.actor) == ({"daily_limit": 20}, makers.OWNER.label)
        assert line.new == {"daily_limit": 28, "until": None, "why": "a fair"}
        assert session.get_one(Lane, address.lane_id).wake_at is not None


@pytest.mark.parametrize(
    ("value", "until", "said"), [(-1, None, "between 0 and"), (2_001, None, "between 0 and"), (5, MONDAY, "past")]
)
def test_an_impossible_limit_is_refused_in_words(address: Address, value: int, until: datetime | None, said: str) -> None:
    with pytest.raises(Problem, match=said):
        address.set(value, NOON, until)
    assert address.limit(NOON) == 20


def test_ops_may_not_change_a_limit(address: Address) -> None:
    with address.database.write() as session:
        ops = makers.desk(session, address.workspace_id, makers.member(session, address.workspace_id, Role.OPS))
        with pytest.raises(Denied):
            set_limit(ops, address.mailbox_id, 5)


@pytest.mark.parametrize(
    ("provider", "guard"), [(Provider.IMAP, None), (Provider.GOOGLE, 2_000), (Provider.MICROSOFT, 10_000)]
)
def test_a_new_address_begins_with_twenty_and_has_fifty_after_two_weeks(
    database: Database, provider: Provider, guard: int | None
) -> None:
    with database.write() as session:
        ada = makers.identity(session, makers.workspace(session).id)
        mailbox = Mailbox(
            workspace_id=ada.workspace_id,
            identity_id=ada.id,
            address="ada@new.test",
            provider=provider,
            state_since=MONDAY,
            created_at=MONDAY,
        )
        session.add(mailbox)
        session.flush()
        lane = open_mailbox_lane(session, mailbox, MONDAY, None)
        assert open_mailbox_lane(session, mailbox, MONDAY, None) is lane
        days = (0, 13, 14, 400)
        assert [limit_now(session, lane.id, MONDAY + timedelta(days=day)) for day in days] == [20, 20, 50, 50]
        rolling = select(LimitSetting.value).where(LimitSetting.clock == QuotaClock.ROLLING_24_HOURS)
        assert session.scalars(rolling).one_or_none() == guard


def test_g3_the_providers_own_limit_holds_where_the_days_is_higher(address: Address) -> None:
    with address.database.write() as session:
        makers.limit_of(session, address.lane_id, 7, clock=QuotaClock.ROLLING_24_HOURS)
    assert address.work(MONDAY.replace(hour=8), 10) == 7
    with address.database.read() as session:
        assert len(session.scalars(select(Spend)).all()) == 7

"""The practice clock goes forward, takes sign-ins along, and does not move where real people could get mail."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import clock, practice_clock
from engine.desk import Problem
from storage.database import Database
from storage.kinds import Role
from storage.tables import Audit, UserSession
from tests import makers
from tests.makers import MONDAY


@pytest.fixture(autouse=True)
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTPOST_CLOCK", str(tmp_path / "clock"))
    return tmp_path / "clock"


def test_it_moves_by_hours_and_takes_a_sign_in_along(database: Database) -> None:
    with database.write() as session:
        makers.installation(session, practice=True)
        client = makers.workspace(session)
        somebody = makers.user(session)
        ends = MONDAY + timedelta(days=7)
        session.add(
            UserSession(token_hash="-", user_id=somebody.id, created_at=MONDAY, last_seen_at=MONDAY, expires_at=ends)
        )
        practice_clock.move_on(makers.desk(session, client.id), hours=24)
        session.expire_all()
        kept = session.scalars(select(UserSession)).one()
        assert (kept.last_seen_at, kept.expires_at) == (MONDAY + timedelta(days=1), ends + timedelta(days=1))
        assert session.scalars(select(Audit.what)).all() == ["practice_clock.moved"]
    assert clock.offset() == timedelta(days=1)


@pytest.mark.parametrize("hours", [0, -1, 32 * 24])
def test_it_neither_stands_still_nor_goes_back_nor_leaps(database: Database, hours: int) -> None:
    with database.write() as session:
        makers.installation(session, practice=True)
        client = makers.workspace(session)
        with pytest.raises(Problem, match="forward only"):
            practice_clock.move_on(makers.desk(session, client.id), hours=hours)
    assert clock.offset() == timedelta(0)


def test_it_jumps_to_a_minute_after_the_next_opening(database: Database) -> None:
    with database.write() as session:
        makers.installation(session, practice=True)
        client = makers.workspace(session)
        makers.identity(session, client.id, zone="Europe/Madrid")
        makers.identity(session, client.id, zone="America/New_York")  # opens at 14:00 UTC, four hours after MONDAY
        arrival = practice_clock.move_to_next_opening(makers.desk(session, client.id))
    assert arrival == MONDAY + timedelta(hours=4, minutes=1)
    assert clock.offset() == timedelta(hours=4, minutes=1)


def test_a_real_installation_keeps_its_time(database: Database) -> None:
    with database.write() as session:
        makers.installation(session)
        client = makers.workspace(session)
        with pytest.raises(Problem, match="Only the practice workspace's clock"):
            practice_clock.move_on(makers.desk(session, client.id), hours=1)
    assert clock.offset() == timedelta(0)


def test_ops_may_not_move_it(database: Database) -> None:
    with database.write() as session:
        makers.installation(session, practice=True)
        client = makers.workspace(session)
        ops = makers.member(session, client.id, Role.OPS)
        with pytest.raises(Problem):
            practice_clock.move_on(makers.desk(session, client.id, ops), hours=1)
    assert clock.offset() == timedelta(0)

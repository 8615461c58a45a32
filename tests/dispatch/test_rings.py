"""The doorbell's rings: left over, lost and doubled ones change nothing, and a lane at work is not taken for abandoned."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from engine import clock, freezes
from engine.booking import reserve
from engine.channels.effects import Letter
from engine.config import load
from engine.installation import Outpost
from engine.queue import Doorbell
from engine.recovery import recover
from storage.columns import to_micros
from storage.database import Database
from storage.kinds import ActionState, Reason
from storage.tables import Action, Freeze, Identity, Lane, Mailbox, MailReading
from storage.vault import Vault
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY


@pytest.fixture
def bell(database: Database, tmp_path: Path) -> Doorbell:
    config = load({"OUTPOST_DATA": str(tmp_path), "OUTPOST_KEY_FILE": str(tmp_path / "key")})
    sink = Sink(tmp_path / "sink")
    return Doorbell(Outpost(database, Vault({1: bytes(32)}), config), "worker-1", True, sink.hands)


def states(database: Database) -> list[ActionState]:
    with database.read() as session:
        return list(session.scalars(select(Action.state)))


def test_g6_a_ring_left_by_a_dead_worker_is_not_settled_while_it_is_carried_out(database: Database, bell: Doorbell) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    sink = bell.hands().mailer
    assert isinstance(sink, Sink)
    sink.answer = lambda _letter: bell._settle()
    bell._attend_lane(lane)
    assert states(database) == [ActionState.ACCEPTED]


def test_a_lane_that_an_exception_left_held_is_settled(database: Database, bell: Doorbell) -> None:
    def broken(_letter: Letter) -> None:
        raise RuntimeError("the channel broke")

    (lane,) = lanes_with_work(database, leads=1)
    sink = bell.hands().mailer
    assert isinstance(sink, Sink)
    sink.answer = broken
    bell._attend_lane(lane)
    assert states(database) == [ActionState.SENDING]
    bell._settle()
    assert states(database) == [ActionState.UNKNOWN]


def test_a_ring_that_could_not_be_given_is_given_again(database: Database, bell: Doorbell) -> None:
    def full(_lane_id: int) -> None:
        raise OSError("No space left on device")

    (lane,) = lanes_with_work(database, leads=1)
    given: list[int] = []
    bell.attend_lane = full
    with pytest.raises(OSError, match="No space"):
        bell._ring()
    bell.attend_lane = given.append
    bell._ring()
    bell._ring()
    assert given == [lane]


def test_a_queue_that_takes_nothing_keeps_no_lane_from_its_next_ring(database: Database, bell: Doorbell) -> None:
    def full(_lane_id: int) -> None:
        raise OSError("no room")

    lanes, rung = lanes_with_work(database, lanes=3, leads=1), []
    bell.attend_lane = full
    with pytest.raises(OSError, match="no room"):
        bell._ring()
    bell.attend_lane = rung.append
    bell._ring()
    assert sorted(rung) == lanes


def test_a_lane_is_rung_for_behind_forty_thousand_that_find_no_place(database: Database, bell: Doorbell) -> None:
    (lane,), crowd = lanes_with_work(database, leads=1), 40_000
    others = ", ".join(column.name for column in Identity.__table__.columns if column.name != "id")
    numbers = f"WITH RECURSIVE number(one) AS (SELECT 1001 UNION ALL SELECT one + 1 FROM number WHERE one < 1000 + {crowd})"
    with database.write() as session:
        session.execute(text(f"INSERT INTO identity (id, {others}) {numbers} SELECT one, {others} FROM identity, number"))
        lanes = "SELECT workspace_id, id, 'linkedin', 0, :due FROM identity WHERE id > 1000"
        due = {"due": to_micros(MONDAY - timedelta(days=1))}
        session.execute(text(f"INSERT INTO lane (workspace_id, identity_id, channel, epoch, wake_at) {lanes}"), due)
    rung: list[int] = []
    bell.attend_lane = rung.append
    bell._ring()
    assert len(rung) == 6 + 1
    assert rung[-1] == lane


def test_g1_a_lease_that_ran_out_is_settled_before_anybody_takes_the_lane(database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    with database.write() as session:
        booking = reserve(session, lane, MONDAY, "dead")
        assert booking is not None
        session.execute(update(Action).where(Action.id == booking.entry.id).values(state=ActionState.SENDING))
        session.execute(update(Lane).values(wake_at=MONDAY))
    later = MONDAY + timedelta(hours=1)
    with database.write() as session:
        assert reserve(session, lane, later, "worker-2") is None
    recover(database, "worker-2", later, alone=False)
    assert sorted(states(database)) == [ActionState.PLANNED, ActionState.UNKNOWN]


def test_a_lane_put_off_while_the_clock_was_ahead_is_looked_at_when_it_is_right_again(
    database: Database, bell: Doorbell
) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    now, given = clock.now(), list[int]()
    with database.write() as session:
        session.execute(update(Lane).values(wake_at=now + timedelta(days=365)))
    bell.attend_lane = given.append
    bell._ring()
    assert given == []
    bell.latest = now + timedelta(days=364)
    bell._ring()
    assert given == [lane]


def test_the_post_is_read_again_at_once_when_the_clock_is_right_again(database: Database, bell: Doorbell) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    now, year = clock.now(), timedelta(days=365)
    soon = now + timedelta(minutes=60)
    with database.write() as session:
        box, usual = session.scalars(select(Mailbox)).one(), timedelta(minutes=5)
        box.next_probe_at = soon
        session.add(MailReading(mailbox_id=box.id, next_at=now + year + usual, owed_since=now + year))
        freezes.freeze(session, lane, None, now + year + usual, Reason.SERVER_SLOW, "", now + year)
    bell.latest = now + year
    bell._watch_clock(now)
    with database.read() as session:
        reading, freeze = session.scalars(select(MailReading)).one(), session.scalars(select(Freeze)).one()
        assert (reading.next_at, reading.owed_since) == (now, now)
        assert (freeze.since, freeze.until) == (now, now + usual)
        assert session.scalars(select(Mailbox.next_probe_at)).one() == soon  # its usual time

"""The turns of several lanes as one set: exactly what the same turns come to one by one, and undone when one is odd."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from engine import rounds
from engine.channels.effects import Accepted, Failed, Outcome, Uncertain
from engine.counter import Counter
from engine.rounds import Ended, Turn
from storage.columns import table_of
from storage.database import Database, open_database
from storage.kinds import (
    ActionKind,
    ActionState,
    CampaignState,
    LeadState,
    MailboxState,
    Reason,
    StopScope,
    SuppressionKind,
)
from storage.ledger_sets import NotAllError
from storage.tables import Action, Campaign, Event, Freeze, Lane, Lead, Mailbox, QuotaUse, Spend, Stop, Suppression
from tests.dispatch.sink import Sink, lanes_with_work
from tests.dispatch.waiting import all_at_once
from tests.makers import MONDAY

LANES = 5
ROUNDS = 6
TOOK, SLOWLY = Accepted({"answer": "250 taken"}), Accepted({"answer": "250 taken"}, seconds=25.0)
_COLUMNS: dict[type[Any], tuple[str, ...]] = {
    Action: ("state", "reason", "attempt", "epoch", "due_at", "wait_until", "not_after", "sending_at", "final_at"),
    Event: ("at", "before", "after", "local_day", "spent", "actor", "reason", "attempt", "evidence"),
    Spend: ("attempt", "lane_id", "kind", "at", "local_day", "given_back_at"),
    Freeze: ("lane_id", "reason", "since", "until", "lifted_at"),
}


@pytest.fixture
def hands(tmp_path: Path) -> Any:
    return Sink(tmp_path / "sink").hands()


def twin_of(database: Database, path: Path) -> Database:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.execute(f"VACUUM INTO '{path}'")
    return open_database(path)


def trouble(session: Session, choose: random.Random, lane_ids: list[int]) -> None:
    """Whatever may stand in a lane's way, here and there."""
    workspace_id = session.scalars(select(Lane.workspace_id)).first()
    for lane in session.scalars(select(Lane).where(Lane.id.in_(lane_ids))):
        of_lane = select(Lead.id).where(Lead.mailbox_id == lane.mailbox_id)
        first = session.scalars(of_lane.order_by(Lead.id)).first()
        what = choose.choice(["nothing", "nothing", "suppressed", "paused", "campaign", "stop", "replied", "zero", "later"])
        if what == "suppressed":
            email = session.get_one(Lead, first).email
            kind = {"workspace_id": workspace_id, "kind": SuppressionKind.ADDRESS, "value": email.lower()}
            session.execute(insert(Suppression).values(**kind, since=MONDAY))
        elif what == "paused":
            session.get_one(Mailbox, lane.mailbox_id).state = MailboxState.RECONNECT_NEEDED
        elif what == "campaign":
            session.execute(
                update(Campaign).where(Campaign.identity_id == lane.identity_id).values(state=CampaignState.PAUSED)
            )
        elif what == "stop":
            stop = {"scope": StopScope.IDENTITY, "workspace_id": workspace_id, "identity_id": lane.identity_id}
            session.add(Stop(**stop, pressed_at=MONDAY, pressed_by=1))
        elif what == "replied":
            session.get_one(Lead, first).state = LeadState.REPLIED
        elif what == "zero":
            session.execute(text("UPDATE limit_setting SET value = 1 WHERE lane_id = :lane"), {"lane": lane.id})
        elif what == "later":
            session.execute(update(Action).where(Action.lane_id == lane.id).values(due_at=MONDAY + timedelta(hours=1)))


def answers(choose: random.Random) -> Iterator[Outcome]:
    odd: list[Outcome] = [
        Uncertain("the line broke"),
        Failed(Reason.RETRY_LATER, "greylisted", permanent=False),
        Failed(Reason.RECIPIENT_REFUSED, "550 5.1.1", permanent=True),
        Failed(Reason.PROVIDER_LIMIT, "550 5.4.5", permanent=False, retry_after=timedelta(hours=3)),
        Failed(Reason.SIGN_IN_REFUSED, "535", permanent=False, connection_ended=True),
    ]
    while True:
        yield choose.choice([TOOK, TOOK, TOOK, SLOWLY, *odd])


def lived(database: Database, lane_ids: list[int], hands: Any, seed: int, *, together: bool) -> dict[str, list[Any]]:
    """What stands in the database after some rounds of all lanes."""
    choose, gives = random.Random(seed), answers(random.Random(seed))
    ended: dict[int, Ended | None] = dict.fromkeys(lane_ids)
    for number in range(ROUNDS):
        at = MONDAY + timedelta(minutes=20 * number)
        stops = {lane_id: number == ROUNDS - 1 or choose.random() < 0.15 for lane_id in lane_ids}
        turns = [Turn(one, lambda at=at: at, "worker-1", hands, ended[one], not stops[one]) for one in lane_ids]
        with database.write() as session:
            begun = Turn.at_once(session, turns) if together else [turn(session) for turn in turns]
        outcomes = {one: next(gives) for one in lane_ids}
        ended = {
            one: Ended(each, outcomes[one]) if each is not None and each.effect is not None else None
            for one, each in zip(lane_ids, begun, strict=True)
        }
    with database.read() as session:
        return {
            table.__tablename__: sorted(map(repr, _rows(session, table))) for table in (*_COLUMNS, Lane, Lead, Campaign)
        } | {"used": sorted(map(repr, _rows(session, QuotaUse)))}


def _rows(session: Session, table: type[Any]) -> list[Any]:
    """The rows of a table; those about actions name the step of the lead, because numbers are given in another order."""
    if table not in _COLUMNS:
        return list(session.execute(select(*table_of(table).columns)).all())
    columns = [getattr(table, name) for name in _COLUMNS[table]]
    if table is Action:
        return list(session.execute(select(Action.lead_id, Action.step_id, *columns)).all())
    if table is Freeze:
        return list(session.execute(select(*columns)).all())
    query = select(Action.lead_id, Action.step_id, *columns).join(Action, Action.id == table.action_id)
    return list(session.execute(query).all())


@pytest.mark.parametrize("seed", range(40))
def test_a_set_writes_what_its_turns_write_one_by_one(database: Database, tmp_path: Path, hands: Any, seed: int) -> None:
    choose = random.Random(seed)
    lanes = lanes_with_work(database, lanes=LANES, leads=3, limit=choose.choice([3, 50]), steps=choose.choice([1, 2]))
    with database.write() as session:
        trouble(session, choose, lanes)
    twin = twin_of(database, tmp_path / "twin.db")
    try:
        alone = lived(twin, lanes, hands, seed, together=False)
    finally:
        twin.close()
    assert lived(database, lanes, hands, seed, together=True) == alone


def turns_of(lanes: list[int], hands: Any, at: datetime = MONDAY) -> list[Turn]:
    return [Turn(lane_id, lambda: at, "worker-1", hands, None, goes_on=True) for lane_id in lanes]


def test_plain_turns_never_take_the_single_way(database: Database, hands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def single(*_given: Any, **_named: Any) -> None:
        raise AssertionError("A plain turn was done by itself.")

    for name in ("begin", "record"):
        monkeypatch.setattr(rounds, name, single)
    lanes = lanes_with_work(database, lanes=3)
    with database.write() as session:
        begun = Turn.at_once(session, turns_of(lanes, hands))
    later = MONDAY + timedelta(minutes=30)
    turns = [
        Turn(lane_id, lambda: later, "worker-1", hands, Ended(each, TOOK), goes_on=True)
        for lane_id, each in zip(lanes, begun, strict=True)
        if each is not None
    ]
    with database.write() as session:
        assert all(each is not None and each.effect is not None for each in Turn.at_once(session, turns))
    with database.read() as session:
        states = session.scalars(select(Action.state).where(Action.attempt == 1)).all()
    assert sorted(states) == [ActionState.ACCEPTED] * 3 + [ActionState.SENDING] * 3


def test_a_unit_that_somebody_else_took_undoes_the_set_and_the_others_go_by_themselves(
    database: Database, tmp_path: Path, hands: Any
) -> None:
    lanes = lanes_with_work(database, lanes=3)
    with database.write() as session:  # the referee's count is ahead of what was spent
        for lane_id, used in ((lanes[0], 0), (lanes[1], 50)):
            values = {"lane_id": lane_id, "kind": ActionKind.EMAIL, "local_day": MONDAY.date(), "used": used}
            session.execute(insert(QuotaUse).values(**values))
    with pytest.raises(NotAllError), database.write() as session:
        Turn.at_once(session, turns_of(lanes, hands))
    begun = all_at_once(Counter(database, tmp_path / "mark", lambda: MONDAY), turns_of(lanes, hands))
    assert [each is not None for each in begun] == [True, False, True]
    with database.read() as session:
        wakes = dict(session.execute(select(Lane.id, Lane.wake_at)).all())
        assert wakes[lanes[1]] == MONDAY + timedelta(seconds=5)
        assert session.scalars(select(Spend.lane_id).order_by(Spend.lane_id)).all() == [lanes[0], lanes[2]]


def test_a_lane_that_was_fenced_meanwhile_keeps_no_other_from_its_record(
    database: Database, tmp_path: Path, hands: Any
) -> None:
    lanes = lanes_with_work(database, lanes=3)
    counter = Counter(database, tmp_path / "mark", lambda: MONDAY)
    begun = all_at_once(counter, turns_of(lanes, hands))
    with database.write() as session:  # as recovery does with what a dead worker left
        fenced = begun[1].booking.entry.id
        session.execute(update(Action).where(Action.id == fenced).values(state=ActionState.UNKNOWN))
    later = MONDAY + timedelta(minutes=30)
    turns = [
        Turn(lane_id, lambda: later, "worker-1", hands, Ended(each, TOOK), goes_on=False)
        for lane_id, each in zip(lanes, begun, strict=True)
    ]
    all_at_once(counter, turns)
    with database.read() as session:
        states = dict(session.execute(select(Action.lane_id, Action.state).where(Action.attempt == 1)).all())
    assert states == {lanes[0]: ActionState.ACCEPTED, lanes[1]: ActionState.UNKNOWN, lanes[2]: ActionState.ACCEPTED}


def test_a_lane_that_stands_twice_in_a_set_is_not_begun_twice(database: Database, tmp_path: Path, hands: Any) -> None:
    (lane,) = lanes_with_work(database)
    counter = Counter(database, tmp_path / "mark", lambda: MONDAY)
    begun = all_at_once(counter, turns_of([lane, lane], hands))
    assert [each is not None for each in begun] == [True, False]

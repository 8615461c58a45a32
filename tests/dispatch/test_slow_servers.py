"""An address whose server is slow leaves it alone by itself, longer each time, and the panel names the same reason."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import clock
from engine.channels.effects import Accepted, Failed, Outcome, Uncertain
from engine.dispatch import attend
from engine.rounds import carry_on
from engine.rules.facts import Wait
from engine.slow_servers import FIRST, LONGEST, SLOW
from engine.standing import standings
from storage.database import Database
from storage.kinds import ActionState, Reason
from storage.tables import Action, Freeze, Lane
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

SLOWLY = Failed(Reason.UNREACHABLE, "no answer", permanent=False, seconds=60.0)
PROMPTLY = Accepted({"answer": "250 taken"})


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path / "sink")


def tried(database: Database, lane: int, sink: Sink, outcome: Outcome, now: datetime) -> ActionState | None:
    sink.answer = lambda _letter: outcome
    return attend(database, lane, lambda: now, "worker-1", sink.hands()).state


def waits(database: Database) -> list[timedelta]:
    with database.read() as session:
        return [row.until - row.since for row in session.scalars(select(Freeze).order_by(Freeze.id))]


def test_a_slow_server_is_left_alone_with_all_that_waits_for_it_and_the_panel_says_so(
    database: Database, sink: Sink
) -> None:
    slow, prompt = lanes_with_work(database, lanes=2, leads=3)
    assert tried(database, slow, sink, SLOWLY, MONDAY) is ActionState.FAILED_TEMPORARY
    assert tried(database, slow, sink, PROMPTLY, MONDAY + FIRST / 2) is None  # the leads behind wait, too
    assert tried(database, prompt, sink, PROMPTLY, MONDAY + FIRST / 2) is ActionState.ACCEPTED
    with database.read() as session:
        ids = [session.get_one(Lane, lane).identity_id for lane in (slow, prompt)]
        said = standings(session, ids, MONDAY + FIRST / 2)
        wake = session.get_one(Lane, slow).wake_at
        reasons = session.scalars(select(Action.reason).where(Action.lane_id == slow, Action.wait_until == MONDAY + FIRST))
        assert Reason.SERVER_SLOW in list(reasons)
    assert said[ids[0]].verdict == Wait(Reason.SERVER_SLOW, MONDAY + FIRST)
    assert wake == MONDAY + FIRST  # the promise is kept: that is when it is asked again
    assert tried(database, slow, sink, PROMPTLY, MONDAY + FIRST) is ActionState.ACCEPTED


def test_each_time_it_is_still_slow_the_wait_doubles_up_to_an_hour(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=9)
    now, expected = MONDAY, [10, 20, 40, 60, 60]
    for minutes in expected:
        assert tried(database, lane, sink, SLOWLY, now) is ActionState.FAILED_TEMPORARY
        now += timedelta(minutes=minutes)
    assert waits(database) == [timedelta(minutes=minutes) for minutes in expected]
    assert max(waits(database)) == LONGEST


def test_a_prompt_answer_forgets_how_slow_it_was(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=9)
    now = MONDAY
    for outcome, wait in ((SLOWLY, FIRST), (SLOWLY, 2 * FIRST), (PROMPTLY, timedelta(hours=1)), (SLOWLY, FIRST)):
        assert tried(database, lane, sink, outcome, now) is not None
        now += wait
    assert waits(database) == [FIRST, 2 * FIRST, FIRST]


@pytest.mark.parametrize("outcome", [replace(PROMPTLY, seconds=SLOW), Uncertain("cut after the dot", seconds=60.0)])
def test_slow_is_slow_whatever_came_of_the_mail(database: Database, sink: Sink, outcome: Outcome) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    tried(database, lane, sink, outcome, MONDAY)
    assert waits(database) == [FIRST]


def test_a_quick_refusal_and_a_busy_answer_freeze_nothing(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    for outcome in (replace(SLOWLY, seconds=SLOW - 1), Failed(Reason.PROVIDER_BUSY, "451", permanent=False)):
        assert tried(database, lane, sink, outcome, MONDAY) is ActionState.FAILED_TEMPORARY
    assert waits(database) == []


def test_the_time_is_taken_from_the_delivery_itself(database: Database, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    (lane,) = lanes_with_work(database, leads=4)
    seconds = iter([0.0, 25.0])
    monkeypatch.setattr(clock, "monotonic", lambda: next(seconds))
    tries = iter([True, True, True])
    assert carry_on(database, lane, lambda: MONDAY, "worker-1", sink.hands(), lambda: next(tries)) == 1
    assert waits(database) == [FIRST]
    with database.read() as session:
        assert session.scalars(select(Freeze.note)).one() == "One mail took 25 s."

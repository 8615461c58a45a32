"""A limit that changes by itself: the panel names the moment at which the worker looks at the lane again."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import agenda
from engine.desk import perform
from engine.dispatch import attend
from engine.limit_steps import LimitStep, ahead, next_change
from engine.rules.facts import Verdict, Wait
from engine.standing import Standing, standings
from engine.why import explain_action
from storage.database import Database
from storage.kinds import OPEN_STATES, ActionKind, QuotaClock, Reason
from storage.tables import Action, Identity, LimitSetting
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY, OWNER

HOUR = timedelta(hours=1)
NOW = MONDAY + HOUR
LATER = MONDAY + 3 * HOUR
MIDNIGHT = MONDAY + timedelta(hours=13)  # of Madrid


class Ramp:
    """One address with three leads, some of them written to on Monday from 10:00 on, and what its limits are from when."""

    def __init__(self, database: Database, folder: Path, sent: int, *settings: dict[str, Any]) -> None:
        self.database = database
        (self.lane,) = lanes_with_work(database, leads=3)
        self.sink = Sink(folder / "sink")
        with database.write() as session:
            session.add(LimitSetting(**self.day, value=sent, since=NOW))
            session.add_all(LimitSetting(**{**self.day, **each}) for each in settings)
        for minutes in range(60):
            if len(self.sink.message_ids()) < sent:
                self.visit(MONDAY + timedelta(minutes=minutes))
        assert len(self.sink.message_ids()) == sent

    @property
    def day(self) -> dict[str, Any]:
        return {"lane_id": self.lane, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}

    def visit(self, at: datetime) -> bool:
        return attend(self.database, self.lane, lambda: at, "worker-1", self.sink.hands()).state is not None

    def verdict(self, at: datetime = NOW) -> Verdict | None:
        with self.database.read() as session:
            waiting = select(Action).where(Action.state.in_(OPEN_STATES)).order_by(Action.due_at, Action.id)
            action = session.scalars(waiting).first()
        assert action is not None
        verdict: Verdict | None = perform(
            self.database, OWNER, action.workspace_id, at, explain_action, action_id=action.id
        ).verdict
        return verdict

    def standing(self) -> Standing:
        with self.database.read() as session:
            (identity,) = session.scalars(select(Identity.id))
            return standings(session, [identity], NOW)[identity]

    def is_rung(self, at: datetime) -> bool:
        with self.database.read() as session:
            return agenda.due_lanes(session, at, 5) == [self.lane]


STEPS = {
    "a ramp's step at noon": (1, [{"value": 50, "since": LATER}], Reason.DAY_LIMIT, LATER),
    "a ramp's first step": (
        0,
        [{"value": 5, "since": LATER}],
        Reason.LIMIT_ZERO,
        LATER,
    ),
    "a ramp's first step tomorrow": (
        0,
        [{"value": 5, "since": MIDNIGHT}],
        Reason.LIMIT_ZERO,
        MIDNIGHT,
    ),
    "a step tomorrow, when the day's count is over as well": (
        1,
        [{"value": 2, "since": MIDNIGHT}],
        Reason.DAY_LIMIT,
        MIDNIGHT,
    ),
    "the end of a temporary limit": (
        1,
        [{"value": 50, "since": NOW}, {"value": 1, "since": NOW, "until": LATER}],
        Reason.DAY_LIMIT,
        LATER,
    ),
    "the second of two steps, the first of which lets nothing more begin": (
        2,
        [{"value": 1, "since": LATER - HOUR}, {"value": 3, "since": LATER}],
        Reason.DAY_LIMIT,
        LATER,
    ),
}


@pytest.mark.parametrize(("sent", "settings", "why", "until"), STEPS.values(), ids=STEPS)
def test_the_panel_names_the_moment_at_which_the_lane_wakes(
    database: Database, tmp_path: Path, sent: int, settings: list[dict[str, Any]], why: Reason, until: datetime
) -> None:
    ramp = Ramp(database, tmp_path, sent, *settings)
    assert ramp.visit(NOW) is False
    assert ramp.verdict() == Wait(why, until)
    assert ramp.standing().next_at == until
    for at in (LATER - HOUR, LATER, MIDNIGHT):  # the worker looks at every step on the way, and goes on at none before
        if at < until and ramp.is_rung(at):
            assert ramp.visit(at) is False
    assert not ramp.is_rung(until - timedelta(seconds=1))
    assert ramp.is_rung(until)
    assert getattr(ramp.verdict(until), "reason", Reason.PACING) is Reason.PACING


def test_a_limit_that_only_falls_is_no_moment_to_wait_for(database: Database, tmp_path: Path) -> None:
    ramp = Ramp(database, tmp_path, 2, {"value": 1, "since": LATER})
    assert ramp.verdict() == Wait(Reason.DAY_LIMIT, MIDNIGHT)


def test_changes_come_in_order_and_one_that_changes_nothing_is_none(database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=1, limit=20)
    key = (lane, ActionKind.EMAIL, QuotaClock.LOCAL_DAY)
    values = dict(zip(("lane_id", "kind", "clock"), key, strict=True))
    with database.write() as session:
        session.add(LimitSetting(**values, value=50, since=LATER, until=LATER + 2 * HOUR))
        session.add(LimitSetting(**values, value=20, since=LATER - HOUR))
    with database.read() as session:
        assert ahead(session, [lane], MONDAY)[key] == (LimitStep(LATER, 50), LimitStep(LATER + 2 * HOUR, 20))
        assert next_change(session, lane, ActionKind.EMAIL, LATER) == LATER + 2 * HOUR
        assert next_change(session, lane, ActionKind.WARM_UP_MAIL, MONDAY) is None
        assert ahead(session, [lane], LATER + 2 * HOUR) == {}

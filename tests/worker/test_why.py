"""The why of an action is the worker's own verdict, and keeps the values it was booked by."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.dispatch import attend
from engine.why import Explanation, explain_action
from storage.database import Database
from storage.kinds import ActionState, CampaignState, Gate, LeadState, MailboxState, Reason, StopScope
from storage.tables import Action, Campaign, Identity, Lead, LimitSetting, Mailbox, Stop, WarmUp, Workspace
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY


def why(database: Database, now: datetime = MONDAY) -> Explanation:
    with database.read() as session:
        workspace_id = session.scalars(select(Workspace.id)).one()
        action_id = session.scalars(select(Action.id)).first()
        assert action_id is not None
        return explain_action(makers.desk(session, workspace_id, now=now), action_id)


CHANGES: dict[Reason, tuple[type, dict[str, Any]]] = {
    Reason.CAMPAIGN_PAUSED: (Campaign, {"state": CampaignState.PAUSED}),
    Reason.CAMPAIGN_FINISHED: (Campaign, {"state": CampaignState.FINISHED}),
    Reason.LEAD_REPLIED: (Lead, {"state": LeadState.REPLIED}),
    Reason.ADDRESS_PAUSED: (Mailbox, {"paused_at": MONDAY}),
    Reason.RECONNECT_NEEDED: (Mailbox, {"state": MailboxState.RECONNECT_NEEDED}),
    Reason.NOT_DUE_YET: (Action, {"due_at": MONDAY + timedelta(hours=2)}),
    Reason.NO_HOURS: (Identity, {"work_days": []}),
    Reason.LIMIT_ZERO: (LimitSetting, {"value": 0}),
    Reason.COUNT_UNREADABLE: (LimitSetting, {"until": MONDAY - timedelta(days=1)}),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_the_verdict_is_the_first_gate_that_fails(database: Database, reason: Reason) -> None:
    lanes_with_work(database, leads=1)
    table, values = CHANGES[reason]
    with database.write() as session:
        session.execute(update(table).values(**values))
    said = why(database)
    first = next(report for report in said.gates if not report.passed)
    assert [report.gate for report in said.gates] == list(Gate)
    assert said.verdict == first.obstacle
    assert first.obstacle is not None
    assert first.obstacle.reason is reason


def test_of_several_obstacles_the_verdict_is_the_first_and_the_others_are_shown_too(database: Database) -> None:
    lanes_with_work(database, leads=1)
    with database.write() as session:
        session.execute(update(Mailbox).values(paused_at=MONDAY))
        session.add(Stop(scope=StopScope.INSTALLATION, pressed_at=MONDAY))
    said = why(database)
    assert [report.gate for report in said.gates if not report.passed] == [Gate.STOP, Gate.CONNECTION]
    assert said.verdict == said.gates[0].obstacle


def test_what_ran_keeps_the_values_of_every_gate_and_is_not_asked_again(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    attend(database, lane, lambda: MONDAY, "worker-1", Sink(tmp_path / "sink").hands())
    said = why(database, MONDAY + timedelta(days=3))
    assert (said.state, said.verdict, said.gates, said.ran_at) == (ActionState.ACCEPTED, None, (), MONDAY)
    assert {gate for gate, _ in said.gates_then} == set(Gate)
    assert "0 of 50" in dict(said.gates_then)[Gate.DAY_LIMIT]


def test_what_was_skipped_keeps_the_values_too(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        session.execute(update(Lead).values(state=LeadState.REPLIED))
    attend(database, lane, lambda: MONDAY, "worker-1", Sink(tmp_path / "sink").hands())
    said = why(database)
    assert (said.state, said.reason, said.ran_at) == (ActionState.SKIPPED, Reason.LEAD_REPLIED, MONDAY)
    assert "replied" in dict(said.gates_then)[Gate.LEAD]


def test_g13_a_running_warm_up_holds_the_campaign_until_it_ends(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    sink = Sink(tmp_path / "sink")
    with database.write() as session:
        mailbox_id = session.scalars(select(Mailbox.id)).one()
        session.add(WarmUp(mailbox_id=mailbox_id, started_at=MONDAY))
    assert attend(database, lane, lambda: MONDAY, "worker-1", sink.hands()).state is None
    held = why(database).verdict
    assert held is not None
    assert getattr(held, "reason", None) is Reason.WARMING_UP
    with database.write() as session:
        session.execute(update(WarmUp).values(stopped_at=MONDAY))
    assert attend(database, lane, lambda: MONDAY, "worker-1", sink.hands()).state is ActionState.ACCEPTED

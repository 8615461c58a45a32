"""What a person's decision about a parked action does to the action, its quota, its lead and the record."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from engine import parked
from engine.channels.effects import Letter, MailAccount, Trace, Uncertain
from engine.desk import Denied, Problem
from engine.dispatch import attend
from engine.parked import Decision
from engine.recovery import reconcile_due
from storage.database import Database
from storage.kinds import ActionState, IncomingKind, LeadState, Reason, Role
from storage.ledger import balance
from storage.tables import Action, Audit, Event, IncomingMail, Lane, Lead, Mailbox, QuotaUse, Spend, Workspace
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

LATER = MONDAY + timedelta(minutes=5)


class BlindSink(Sink):
    """A host whose Sent folder proves nothing."""

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return Trace.UNKNOWABLE


def lost(_letter: Letter) -> Uncertain:
    return Uncertain("no answer")


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return BlindSink(tmp_path / "sink", lost)


@pytest.fixture
def action_id(database: Database, sink: Sink) -> int:
    """A mail whose answer was lost, on a host that shows no evidence."""
    (lane,) = lanes_with_work(database, leads=1, steps=2)
    attend(database, lane, lambda: MONDAY, "worker-1", sink.hands())
    assert reconcile_due(database, lambda: MONDAY + timedelta(minutes=1), sink.hands()) == 1
    with database.read() as session:
        action = session.scalars(select(Action)).one()
        assert (action.state, action.reason) == (ActionState.PARKED, Reason.NO_EVIDENCE)
        return action.id


def decide(database: Database, action_id: int, decision: Decision) -> None:
    with database.write() as session:
        workspace_id = session.scalars(select(Workspace.id)).one()
        parked.decide(makers.desk(session, workspace_id, now=LATER), action_id, decision)


def quota(database: Database) -> tuple[int, int]:
    """What the referee and the list of units say is used."""
    with database.read() as session:
        kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None))) or 0
        return sum(session.scalars(select(QuotaUse.used))), kept


def test_one_to_be_sent_after_all_waits_until_the_lead_is_back(database: Database, action_id: int) -> None:
    with database.write() as session:
        action, box = session.get_one(Action, action_id), session.scalars(select(Mailbox)).one()
        of_lead = {"workspace_id": action.workspace_id, "mailbox_id": box.id, "lead_id": action.lead_id}
        came = {"key": "<away>", "folder": "INBOX", "arrived_at": LATER, "read_at": LATER, "reader": 1}
        session.add(IncomingMail(**of_lead, **came, kind=IncomingKind.AUTO_REPLY))
    decide(database, action_id, Decision.SEND)
    with database.read() as session:
        action = session.get_one(Action, action_id)
        assert (action.due_at, action.reason) == (LATER + timedelta(days=7), Reason.OUT_OF_OFFICE)


OUTCOMES = [
    (Decision.WENT_OUT, ActionState.ACCEPTED, Reason.DECIDED_SENT, (1, 1), LeadState.ACTIVE, 2),
    (Decision.SEND, ActionState.DUE, Reason.DECIDED_SEND_AGAIN, (0, 0), LeadState.ACTIVE, 1),
    (Decision.GIVE_UP, ActionState.CANCELLED, Reason.DECIDED_GIVE_UP, (0, 0), LeadState.STOPPED, 1),
]


@pytest.mark.parametrize(("decision", "state", "reason", "used", "lead", "planned"), OUTCOMES)
def test_a_decision_settles_action_quota_and_lead(
    database: Database,
    action_id: int,
    decision: Decision,
    state: ActionState,
    reason: Reason,
    used: tuple[int, int],
    lead: LeadState,
    planned: int,
) -> None:
    assert quota(database) == (1, 1)
    decide(database, action_id, decision)
    with database.read() as session:
        action = session.get_one(Action, action_id)
        line = session.scalars(select(Event).where(Event.action_id == action_id).order_by(Event.id.desc())).first()
        audit = session.scalars(select(Audit).where(Audit.what == "action.decided")).one()
        assert line is not None
        assert (action.state, action.reason) == (state, reason)
        assert (line.actor, line.spent) == (makers.OWNER.label, used[0] - 1)
        assert (audit.old, audit.new) == ({"state": "parked"}, {"state": state.value, "decision": decision.value})
        assert session.scalars(select(Lead.state)).one() is lead
        assert balance(session)["planned_ever"] == planned  # "it went out" plans the second step
    assert quota(database) == used


@pytest.mark.parametrize("first", Decision)
def test_the_second_of_two_people_is_told(database: Database, action_id: int, first: Decision) -> None:
    decide(database, action_id, first)
    after = quota(database)
    for second in Decision:
        with pytest.raises(Problem, match="decided this already"):
            decide(database, action_id, second)
    assert quota(database) == after


def test_send_it_sends_it_once_more_with_the_same_message_id(database: Database, sink: Sink, action_id: int) -> None:
    decide(database, action_id, Decision.SEND)
    sink.answer = lambda _letter: None
    with database.read() as session:
        lane = session.scalars(select(Lane)).one()
        assert lane.wake_at is not None
        assert lane.wake_at <= LATER
    attended = attend(database, lane.id, lambda: LATER, "worker-1", sink.hands())
    assert attended.state is ActionState.ACCEPTED
    assert (len(sink.message_ids()), len(set(sink.message_ids())), quota(database)) == (2, 1, (1, 1))


def test_ops_sees_what_is_parked_and_may_not_decide(database: Database, action_id: int) -> None:
    with database.write() as session:
        workspace_id = session.scalars(select(Workspace.id)).one()
        ops = makers.desk(session, workspace_id, makers.member(session, workspace_id, Role.OPS))
        (shown,) = parked.list_parked(ops)
        assert (shown.action_id, parked.count_parked(ops)) == (action_id, 1)
        assert shown.recipient.endswith("@bravo.test")
        with pytest.raises(Denied):
            parked.decide(ops, action_id, Decision.SEND)


def test_a_lead_that_replied_meanwhile_is_not_written_to_again(database: Database, sink: Sink, action_id: int) -> None:
    with database.write() as session:
        session.execute(update(Lead).values(state=LeadState.REPLIED))
    decide(database, action_id, Decision.SEND)
    with database.read() as session:
        lane_id = session.scalars(select(Lane.id)).one()
    attend(database, lane_id, lambda: LATER, "worker-1", sink.hands())
    with database.read() as session:
        assert session.get_one(Action, action_id).state is ActionState.SKIPPED
    assert len(sink.message_ids()) == 1

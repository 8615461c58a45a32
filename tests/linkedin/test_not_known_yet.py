"""What nobody knows yet counts as if it had happened, and what a person decided begins what it would have begun."""

from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from engine import cool_downs, counts, linkedin_looks, linkedin_withdrawals, parked
from engine.channels.linkedin.outcomes import InboxMessage, LinkedIn
from engine.desk import perform
from engine.linkedin_hand import LinkedInHand
from engine.parked import Decision
from engine.rules.facts import Facts
from engine.situations import gather
from storage.database import Database
from storage.kinds import ActionKind, ActionState, LeadState, QuotaClock, Reason
from storage.tables import Action, Identity, LinkedInAccount, LinkedInInvitation
from tests import makers
from tests.dispatch.test_behind_those_who_wait import VAULT, invite, lane_with_work
from tests.makers import LONG_AGO, MONDAY

INVITE, WRITE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE


def become(database: Database, lead_id: int, state: ActionState, **values: Any) -> int:
    """The lead's action as it would stand after an attempt at MONDAY; its id."""
    with database.write() as session:
        one = session.scalars(select(Action).where(Action.lead_id == lead_id)).one()
        session.execute(update(Action).where(Action.id == one.id).values(state=state, sending_at=MONDAY, **values))
        return one.id


def facts_of(database: Database, lead_id: int) -> Facts:
    with database.read() as session:
        wanted = session.scalars(select(Action.id).where(Action.lead_id == lead_id)).one()
        return gather(session, [wanted], MONDAY)[wanted]


def test_a_request_of_unknown_outcome_counts_as_pending(database: Database) -> None:
    lane, people = lane_with_work(database, INVITE, leads=6)
    invite(database, lane, people[0])
    become(database, people[0].id, ActionState.ACCEPTED)
    states = (ActionState.SENDING, ActionState.UNKNOWN, ActionState.RECONCILING, ActionState.PARKED)
    for lead, state in zip(people[1:], states, strict=False):
        become(database, lead.id, state)
    with database.read() as session:
        uses = counts.read(session, {lane: ZoneInfo("Europe/Madrid")}, MONDAY).uses[lane, INVITE]
        assert next(use.used for use in uses if use.clock is QuotaClock.PENDING_TOTAL) == 5


def test_a_request_that_a_person_says_went_out_is_waited_for(database: Database) -> None:
    _, (marie,) = lane_with_work(database, INVITE, leads=1)
    action_id = become(database, marie.id, ActionState.PARKED)
    given = {"action_id": action_id, "decision": Decision.WENT_OUT}
    perform(database, makers.OWNER, marie.workspace_id, MONDAY, parked.decide, **given)
    with database.read() as session:
        row = session.scalars(select(LinkedInInvitation)).one()
        assert (row.profile, row.action_id, row.accepted_at) == (marie.linkedin_url, action_id, None)


def withdrawing(database: Database) -> tuple[int, int]:
    """A lead to invite, and the withdrawal that another identity planned of its own old invitation to that person."""
    _, (marie,) = lane_with_work(database, INVITE, leads=1)
    with database.write() as session:
        owner = session.scalars(select(Identity)).one()
        old = {"workspace_id": marie.workspace_id, "identity_id": owner.id, "profile": marie.linkedin_url}
        session.add(LinkedInInvitation(**old, sent_at=LONG_AGO))
        account = session.scalars(select(LinkedInAccount)).one()
        account.withdraw_after_days = 30
    assert linkedin_withdrawals.plan_due(database, MONDAY) == 1
    with database.read() as session:
        return marie.id, session.scalars(select(Action.id).where(Action.kind == ActionKind.WITHDRAWAL)).one()


@pytest.mark.parametrize("state", [ActionState.SENDING, ActionState.UNKNOWN, ActionState.RECONCILING, ActionState.PARKED])
def test_a_withdrawal_of_unknown_outcome_holds_the_person_for_21_days(database: Database, state: ActionState) -> None:
    lead_id, withdrawal_id = withdrawing(database)
    assert facts_of(database, lead_id).cool_down_until is None
    with database.write() as session:
        session.execute(update(Action).where(Action.id == withdrawal_id).values(state=state, sending_at=MONDAY))
    free_at = MONDAY + timedelta(days=21)
    assert facts_of(database, lead_id).cool_down_until == free_at
    with database.read() as session:  # what people read is what the verdict says
        home = session.get_one(Action, withdrawal_id).workspace_id
        assert cool_downs.of_lead(makers.desk(session, home), lead_id=lead_id) == free_at


def test_a_withdrawal_that_a_person_says_went_out_begins_the_cool_down(database: Database) -> None:
    lead_id, withdrawal_id = withdrawing(database)
    with database.write() as session:
        parked_then = update(Action).where(Action.id == withdrawal_id)
        session.execute(parked_then.values(state=ActionState.PARKED, sending_at=MONDAY))
        workspace_id = session.get_one(Action, withdrawal_id).workspace_id
    given = {"action_id": withdrawal_id, "decision": Decision.WENT_OUT}
    perform(database, makers.OWNER, workspace_id, MONDAY, parked.decide, **given)
    assert facts_of(database, lead_id).cool_down_until == MONDAY + timedelta(days=21)


def test_switching_withdrawals_off_cancels_the_planned_ones_and_on_again_plans_them_anew(database: Database) -> None:
    _, withdrawal_id = withdrawing(database)
    with database.read() as session:
        first = session.get_one(Action, withdrawal_id)
    for days, states in (
        (None, [ActionState.CANCELLED]),
        (120, [ActionState.CANCELLED]),
        (60, [ActionState.CANCELLED, ActionState.PLANNED]),
        (90, [ActionState.CANCELLED, ActionState.PLANNED]),  # it is ninety days old: still meant
        (91, [ActionState.CANCELLED, ActionState.CANCELLED]),
    ):
        given = {"identity_id": first.identity_id, "after_days": days}
        perform(database, makers.OWNER, first.workspace_id, MONDAY, linkedin_withdrawals.set_after, **given)
        linkedin_withdrawals.plan_due(database, MONDAY)
        with database.read() as session:
            of_kind = select(Action.state).where(Action.kind == ActionKind.WITHDRAWAL).order_by(Action.id)
            assert list(session.scalars(of_kind)) == states, days


def test_nothing_is_planned_for_an_identity_that_was_put_away(database: Database) -> None:
    _, withdrawal_id = withdrawing(database)
    with database.write() as session:
        session.execute(update(LinkedInInvitation).values(withdrawal_id=None))
        session.execute(update(Action).where(Action.id == withdrawal_id).values(message_id=None))
        session.execute(update(Identity).values(archived_at=MONDAY))
    assert linkedin_withdrawals.plan_due(database, MONDAY) == 0


def test_nothing_is_clicked_after_the_day_whose_quota_it_holds(database: Database) -> None:
    _, (marie,) = lane_with_work(database, INVITE, leads=1)
    midnight = MONDAY.replace(hour=23)  # in Madrid
    action_id = become(database, marie.id, ActionState.SENDING, not_after=midnight)
    now = midnight - timedelta(seconds=1)
    hand = LinkedInHand(database, VAULT, cast(LinkedIn, None), lambda: now)
    assert hand._may_click(action_id)
    now = midnight
    assert not hand._may_click(action_id)


def test_an_answer_ends_a_lead_that_waits_for_its_address_to_be_connected_again(database: Database) -> None:
    _, (marie,) = lane_with_work(database, WRITE, leads=1)
    with database.write() as session:
        lead = session.merge(marie)
        lead.state, lead.state_reason = LeadState.FAILED, Reason.ADDRESS_DISCONNECTED
        identity_id = session.scalars(select(Identity.id)).one()
    answer = InboxMessage("p0", "Marie Curie", "Please stop.", "1")
    with database.write() as session:
        linkedin_looks.record(session, identity_id, (), (answer,), MONDAY)
    with database.read() as session:
        assert session.get_one(type(marie), marie.id).state is LeadState.REPLIED

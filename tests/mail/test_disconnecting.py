"""Disconnecting an address fails exactly its leads; connecting it again brings back exactly them, as if nothing had been."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import campaigns, leads, mailboxes, outcomes, parked, sequence, suppression_list
from engine.channels.effects import Accepted, Failed, Uncertain
from engine.connections.probe import Folders
from engine.desk import perform
from engine.entries import entry_of
from engine.mailboxes import ImapForm
from storage.database import Database
from storage.kinds import ActionState, CampaignState, LeadState, Reason
from storage.lanes import take_lease
from storage.ledger import Note, balance, move
from storage.tables import (
    Action,
    Base,
    Campaign,
    DisconnectedLead,
    Disconnection,
    Event,
    Lane,
    Lead,
    Mailbox,
)
from storage.vault import Vault, new_key
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY, OWNER

VAULT = Vault({1: new_key()})
FOLDERS = Folders("Sent", "Junk", False)
MID = (ActionState.PLANNED, ActionState.DUE, ActionState.FAILED_TEMPORARY)


class Town:
    """One identity with two addresses and a campaign of three steps on Shuffle, dealt evenly."""

    def __init__(self, database: Database, number: int = 6) -> None:
        self.database = database
        self.now = MONDAY
        with database.write() as session:
            if session.scalar(select(func.count()).select_from(Base.metadata.tables["installation"])) == 0:
                makers.installation(session)
                makers.user(session, id=OWNER.user_id)
            self.ada = makers.identity(session, makers.workspace(session).id)
            self.boxes = [makers.mailbox(session, self.ada) for _ in range(2)]
            self.campaign = makers.campaign(session, self.ada, steps=3)
            self.leads = [
                makers.lead(session, self.campaign, mailbox_id=self.boxes[each % 2].id).id for each in range(number)
            ]
            sequence.begin(session, self.campaign.id, self.leads, self.now)

    def do(self, task: Any, **values: Any) -> Any:
        return perform(self.database, OWNER, self.ada.workspace_id, self.now, task, **values)

    def connect(self, number: int) -> None:
        form = ImapForm(self.boxes[number].address, "open sesame", "imap.acme.test", "smtp.acme.test")
        self.do(mailboxes.connect_imap, identity_id=self.ada.id, form=form, folders=FOLDERS, vault=VAULT)

    def box(self, number: int) -> Mailbox:
        with self.database.read() as session:
            return session.get_one(Mailbox, self.boxes[number].id)

    def standing(self, lead_id: int) -> tuple[Any, ...]:
        """All that makes a lead's place in its sequence."""
        with self.database.read() as session:
            lead = session.get_one(Lead, lead_id)
            rows = session.execute(
                select(Action.step_id, Action.state.in_(MID), Action.due_at, Action.message_id, Action.attempt)
                .where(Action.lead_id == lead_id)
                .order_by(Action.step_id)
            ).all()
            return lead.state, lead.state_reason, lead.position, lead.mailbox_id, tuple(map(tuple, rows))

    def state(self, lead_id: int) -> tuple[LeadState, Reason | None]:
        with self.database.read() as session:
            lead = session.get_one(Lead, lead_id)
            return lead.state, lead.state_reason

    def open_action(self, session: Session, lead_id: int) -> Action | None:
        return session.scalars(select(Action).where(Action.lead_id == lead_id, Action.state.in_(MID))).one_or_none()

    def begin_sending(self, lead_id: int) -> int | None:
        """The lead's open step is in flight from here on; the action's id."""
        with self.database.write() as session:
            action = self.open_action(session, lead_id)
            if action is None:
                return None
            entry = entry_of(session, action.id)
            assert entry is not None
            session.execute(Lane.__table__.update().values(holder=None))  # type: ignore[attr-defined]
            epoch = take_lease(session, action.lane_id, "worker", self.now, timedelta(minutes=5))
            note = Note(self.now, self.now.date(), "worker")
            move(session, entry, ActionState.RESERVED, note, attempt=entry.attempt + 1, epoch=epoch)
            move(session, replace(entry, state=ActionState.RESERVED), ActionState.SENDING, note, fence=epoch)
            return action.id

    def settle(self, action_id: int, outcome: Any) -> None:
        with self.database.write() as session:
            entry = entry_of(session, action_id)
            assert entry is not None
            epoch = session.get_one(Action, action_id).epoch
            outcomes.record(session, entry, epoch or 0, outcome, self.now)

    def send(self, lead_id: int) -> None:
        action_id = self.begin_sending(lead_id)
        if action_id is not None:
            self.settle(action_id, Accepted({}))


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def test_exactly_its_leads_fail_and_exactly_they_come_back(town: Town):
    town.send(town.leads[0])
    before = {each: town.standing(each) for each in town.leads}
    told = town.do(mailboxes.rehearse_disconnect, mailbox_id=town.boxes[0].id)
    assert "3 leads that are mid-sequence on this address will fail" in told.sentence
    assert town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id).leads == 3
    failed = [each for each in town.leads if town.state(each) == (LeadState.FAILED, Reason.ADDRESS_DISCONNECTED)]
    assert failed == town.leads[::2]
    (shown,) = [one for one in town.do(mailboxes.list_of, identity_id=town.ada.id) if one.id == town.boxes[0].id]
    assert shown.waiting_leads == 3
    assert [town.standing(each) for each in town.leads[1::2]] == [before[each] for each in town.leads[1::2]]
    town.connect(0)
    assert {each: town.standing(each) for each in town.leads} == before
    with town.database.read() as session:
        row = session.scalars(select(Disconnection)).one()
        assert (row.leads, row.healed) == (3, 3)


def test_the_campaign_is_not_finished_while_leads_may_come_back(town: Town):
    with town.database.write() as session:
        sequence.end(session, town.leads[1::2], LeadState.STOPPED, Reason.LEAD_STOPPED, "x", MONDAY)
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id, remove=True)
    town.do(campaigns.pause, campaign_id=town.campaign.id)
    town.do(campaigns.resume, campaign_id=town.campaign.id)
    with town.database.read() as session:
        assert session.get_one(Campaign, town.campaign.id).state is CampaignState.RUNNING
    for each in town.leads[::2]:
        town.do(leads.stop, lead_id=each)
    with town.database.read() as session:
        assert session.get_one(Campaign, town.campaign.id).state is CampaignState.FINISHED


@pytest.mark.parametrize(
    ("outcome", "then", "after"),
    [
        (Accepted({}), None, (LeadState.ACTIVE, None)),
        (Failed(Reason.RECIPIENT_REFUSED, "550", permanent=True), None, (LeadState.BOUNCED, Reason.RECIPIENT_REFUSED)),
        (Failed(Reason.PROVIDER_BUSY, "450", permanent=False), None, (LeadState.ACTIVE, None)),
        (Uncertain("cut"), None, (LeadState.ACTIVE, None)),
        (Uncertain("cut"), parked.Decision.GIVE_UP, (LeadState.STOPPED, Reason.DECIDED_GIVE_UP)),
        (Uncertain("cut"), parked.Decision.WENT_OUT, (LeadState.ACTIVE, None)),
    ],
)
def test_what_was_in_flight_ends_as_it_ends_and_the_lead_goes_on_from_there(town: Town, outcome: Any, then: Any, after: Any):
    lead_id = town.leads[0]
    action_id = town.begin_sending(lead_id)
    assert action_id is not None
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id)
    town.settle(action_id, outcome)
    if then is not None:
        with town.database.write() as session:
            session.get_one(Action, action_id).state = ActionState.PARKED
        town.do(parked.decide, action_id=action_id, decision=then)
    assert town.state(lead_id) == (LeadState.FAILED, Reason.ADDRESS_DISCONNECTED)
    town.now += timedelta(hours=3)
    town.connect(0)
    assert town.state(lead_id) == after
    if isinstance(outcome, Accepted) or then is parked.Decision.WENT_OUT:
        with town.database.read() as session:
            following = town.open_action(session, lead_id)
            assert following is not None
            assert following.due_at == MONDAY + timedelta(days=1)  # a day after the first went out, not after the healing


def test_who_was_written_to_elsewhere_or_suppressed_meanwhile_does_not_come_back(town: Town):
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id)
    with town.database.write() as session:
        other = makers.campaign(session, town.ada)
        email = session.get_one(Lead, town.leads[0]).email
        makers.lead(session, other, email=email, state=LeadState.ACTIVE)
    with town.database.read() as session:
        suppressed = session.get_one(Lead, town.leads[2]).email
    town.do(suppression_list.add, text=suppressed, why="asked")
    town.connect(0)
    assert town.state(town.leads[0]) == (LeadState.LEFT_OUT, Reason.WRITTEN_TO_ELSEWHERE)
    assert town.state(town.leads[2]) == (LeadState.LEFT_OUT, Reason.SUPPRESSED)
    assert town.state(town.leads[4]) == (LeadState.ACTIVE, None)


class Addresses(RuleBasedStateMachine):
    """Any order of what people and the world do: the set healed is the set failed, but for what ended in between."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(self.database)
        self.kept: list[dict[int, tuple[Any, ...]]] = [{}, {}]  # by address: who failed with it, and how they stood
        self.gone = [False, False]

    @rule(number=st.integers(0, 1), remove=st.booleans())
    def disconnect(self, number: int, remove: bool) -> None:
        if self.town.box(number).removed_at is not None:
            return
        mine = [each for each in self.town.leads if self.town.standing(each)[3] == self.town.boxes[number].id]
        before = {each: self.town.standing(each) for each in mine}
        active = {each: how for each, how in before.items() if how[0] is LeadState.ACTIVE and self.goes_on()}
        told = self.town.do(mailboxes.disconnect, mailbox_id=self.town.boxes[number].id, remove=remove)
        assert told.leads == len(active)
        self.kept[number] |= active
        self.gone[number] = True

    @rule(number=st.integers(0, 1))
    def reconnect(self, number: int) -> None:
        if not self.gone[number]:
            return
        self.town.connect(number)
        with self.town.database.read() as session:
            row = session.scalars(
                select(Disconnection)
                .where(Disconnection.mailbox_id == self.town.boxes[number].id)
                .order_by(Disconnection.id.desc())
                .limit(1)
            ).one()
            rows = session.scalars(select(DisconnectedLead).where(DisconnectedLead.disconnection_id == row.id)).all()
            healed = {each.lead_id for each in rows if each.healed_at}
        assert healed == (set(self.kept[number]) if self.goes_on() else set())
        for lead_id, how in self.kept[number].items():
            if lead_id in healed:
                assert self.town.standing(lead_id) == how
        self.kept[number], self.gone[number] = {}, False

    @rule(number=st.integers(0, 1), pause=st.booleans())
    def pause_address(self, number: int, pause: bool) -> None:
        if not self.gone[number]:
            self.town.do(mailboxes.pause if pause else mailboxes.resume, mailbox_id=self.town.boxes[number].id)

    @rule(lead=st.integers(0, 5))
    def send(self, lead: int) -> None:
        if self.town.state(self.town.leads[lead])[0] is LeadState.ACTIVE:
            self.town.send(self.town.leads[lead])

    @rule(lead=st.integers(0, 5), end=st.sampled_from([LeadState.REPLIED, LeadState.BOUNCED, LeadState.UNSUBSCRIBED]))
    def something_comes_in(self, lead: int, end: LeadState) -> None:
        lead_id = self.town.leads[lead]
        was = self.town.state(lead_id)
        with self.town.database.write() as session:
            sequence.end(session, [lead_id], end, Reason.LEAD_REPLIED, "worker", self.town.now)
        if was[0] is LeadState.ACTIVE or was == (LeadState.FAILED, Reason.ADDRESS_DISCONNECTED):
            assert self.town.state(lead_id)[0] is end
        for kept in self.kept:
            kept.pop(lead_id, None)

    @precondition(lambda self: self.town.now < MONDAY + timedelta(hours=20))
    @rule()
    def time_passes(self) -> None:
        self.town.now += timedelta(hours=5)

    @rule(pause=st.booleans())
    def pause_campaign(self, pause: bool) -> None:
        with self.town.database.write() as session:
            campaign = session.get_one(Campaign, self.town.campaign.id)
            if campaign.state is not CampaignState.FINISHED:
                campaign.state = CampaignState.PAUSED if pause else CampaignState.RUNNING

    def goes_on(self) -> bool:
        with self.town.database.read() as session:
            return session.get_one(Campaign, self.town.campaign.id).state is not CampaignState.FINISHED

    @invariant()
    def nothing_moves_and_nothing_is_twice_and_nothing_is_lost(self) -> None:
        with self.town.database.read() as session:
            steps = (
                select(func.count())
                .where(Action.campaign_id == self.town.campaign.id)
                .group_by(Action.lead_id, Action.step_id)
            )
            assert set(session.scalars(steps)) <= {1}
            sent = select(func.count()).where(
                Event.campaign_id == self.town.campaign.id, Event.after == ActionState.ACCEPTED
            )
            assert set(session.scalars(sent.group_by(Event.action_id))) <= {1}
            counts = balance(session, self.town.ada.workspace_id)
            assert counts.pop("planned_ever") == sum(counts.values())
            boxes = session.execute(select(Lead.id, Lead.mailbox_id).where(Lead.campaign_id == self.town.campaign.id)).all()
            assert [box for _, box in sorted(map(tuple, boxes))] == [self.town.boxes[each % 2].id for each in range(6)]
            off = [self.town.boxes[number].id for number in (0, 1) if self.gone[number]]
            waiting = select(func.count(Action.id)).join(Lead, Lead.id == Action.lead_id).where(Action.state.in_(MID))
            assert not session.scalar(waiting.where(Lead.mailbox_id.in_(off), Lead.state != LeadState.ACTIVE))


@pytest.fixture(scope="module")
def one_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = new_database(tmp_path_factory.mktemp("addresses") / "outpost.db")
    yield opened
    opened.close()


def test_healing_undoes_a_disconnection_but_for_what_happened_in_between(one_database: Database):
    Addresses.database = one_database
    run_state_machine_as_test(Addresses, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))

"""Starting, pausing, resuming and stopping a warm-up: what is refused and why, what is planned, what comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import (
    campaigns,
    launching,
    warm_up,
    warm_up_keeping,
    warm_up_planning,
    warm_up_pool,
    warm_up_rehearsals,
    warm_up_views,
)
from engine.desk import Problem
from engine.letters import UnsendableText, letter_writer
from storage.database import Database
from storage.kinds import ActionState, CampaignState, MailboxState, PoolScope, WarmUpPause, WarmUpPreset
from storage.tables import Action, Audit, Identity, Mailbox, WarmUp, WarmUpMessage
from tests import makers
from tests.makers import MONDAY
from tests.warm_up.office import office


def test_starting_pauses_the_campaigns_and_plans_today_at_once(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        found = warm_up_rehearsals.rehearse_start(one.desk(), mailbox_id=one.box.id)
        assert (found.campaigns, found.button, found.refusal) == (("Autumn",), "Pause 1 campaign and start", "")
        assert warm_up.start(one.desk(), mailbox_id=one.box.id) == 1
        assert one.campaign.state is CampaignState.PAUSED
        assert one.running().target == 5
        assert len(one.planned()) == 4  # one of the five is left for a reply
        assert "warm_up.started" in session.scalars(select(Audit.what)).all()


def test_planning_again_plans_nothing_twice_and_the_next_day_is_day_two(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        running = one.running()
        assert warm_up_planning.plan_day(session, running, MONDAY + timedelta(hours=2)) == 0
        assert running.day == 1
        assert warm_up_planning.plan_day(session, running, MONDAY + timedelta(days=1)) > 0
        assert running.day == 2
        late = select(func.count()).where(Action.state == ActionState.CANCELLED)
        assert session.scalar(late) == 4  # yesterday's are not caught up on


@pytest.mark.parametrize(
    ("partners", "state", "words"),
    [
        (12, MailboxState.DISCONNECTED, "is not connected"),
        (1, MailboxState.OK, "only 1 other address takes part"),
        (0, MailboxState.OK, "no other address takes part"),
    ],
)
def test_it_is_refused_with_the_reason(database: Database, partners: int, state: MailboxState, words: str) -> None:
    with database.write() as session:
        one = office(session, partners)
        one.box.state = state
        with pytest.raises(Problem, match=words):
            warm_up.start(one.desk(), mailbox_id=one.box.id)
        assert one.campaign.state is CampaignState.RUNNING


def test_the_lock_names_the_warm_up_and_its_end(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        draft = makers.campaign(session, session.get_one(type(one.box), one.box.id), state=CampaignState.DRAFT)
        draft.identity_id = one.identity
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        with pytest.raises(Problem, match=r"ada@acme.test is warming up \(day 1 of 14, planned until 10 December 2026\)"):
            campaigns.resume(one.desk(), campaign_id=one.campaign.id)
        with pytest.raises(Problem, match="can't be launched"):
            launching.launch(one.desk(), campaign_id=draft.id)


def test_a_campaign_a_person_keeps_paused_stays(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        other = makers.campaign(session, one.box, name="Winter")  # type: ignore[arg-type]
        other.identity_id = one.identity
        makers.lead(session, other)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        campaigns.pause(one.desk(), campaign_id=other.id)
        undoing = warm_up_rehearsals.rehearse_stop(one.desk(), mailbox_id=one.box.id)
        assert undoing.resumes == ("Autumn",)
        assert undoing.stays == (("Winter", "owner@outpost.test keeps it paused"),)
        assert warm_up.stop(one.desk(), mailbox_id=one.box.id) == 1
        assert (one.campaign.state, other.state) == (CampaignState.RUNNING, CampaignState.PAUSED)
        assert not one.planned()


def test_a_pause_of_five_days_steps_back_two(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        one.running().day = 6
        warm_up.pause(one.desk(), mailbox_id=one.box.id)
        assert not one.planned()
        assert warm_up.resume(one.desk(1), mailbox_id=one.box.id) == 6
        warm_up.pause(one.desk(1), mailbox_id=one.box.id)
        assert warm_up.resume(one.desk(6), mailbox_id=one.box.id) == 4


def test_a_bulk_start_says_what_came_of_each_address(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        other = makers.mailbox(session, one.box, state=MailboxState.RECONNECT_NEEDED)  # type: ignore[arg-type]
        other.identity_id = one.identity
        results = warm_up.start_many(one.desk(), mailbox_ids=(one.box.id, other.id, 9_999))
        assert [bool(result.sentence) for result in results] == [False, True, True]
        assert [result.sentence for result in warm_up.stop_many(one.desk(), mailbox_ids=(one.box.id,))] == [""]


def test_a_workspace_pool_never_leaves_the_workspace(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up_pool.set_policy(one.desk(), WarmUpPreset.USUAL, PoolScope.WORKSPACE, 900)
        with pytest.raises(Problem, match="no other address"):
            warm_up.start(one.desk(), mailbox_id=one.box.id)


def test_the_letter_is_plain_signed_and_refused_for_who_left_the_pool(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        action = one.planned()[0]
        letter_for = letter_writer(lambda _: b"a key")
        letter = letter_for(session, action)
        assert letter.html == ""
        assert "http" not in letter.text
        assert [name for name, _ in letter.headers] == ["X-Outpost-Ref"]
        to = session.scalars(select(WarmUpMessage.recipient_id).where(WarmUpMessage.action_id == action.id)).one()
        session.get_one(Mailbox, to).state = MailboxState.DISCONNECTED
        with pytest.raises(UnsendableText, match="takes no part"):
            letter_for(session, action)


def test_a_lost_connection_pauses_it_and_it_comes_back(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        one.box.state = MailboxState.RECONNECT_NEEDED
    for hour in range(2):  # looking again changes nothing
        warm_up_keeping.keep(database, MONDAY + timedelta(hours=hour))
        with database.read() as session:
            paused = session.scalars(select(WarmUp)).one()
            assert (paused.pause, paused.paused_at, paused.day) == (WarmUpPause.CONNECTION, MONDAY, 1)
            assert paused.pause_note == "ada@acme.test is not connected; it goes on by itself when it is."
            assert set(session.scalars(select(Action.state))) == {ActionState.CANCELLED}
    with database.write() as session:
        session.get_one(Mailbox, paused.mailbox_id).state = MailboxState.OK
    warm_up_keeping.keep(database, MONDAY + timedelta(hours=2))
    with database.read() as session:
        going = session.scalars(select(WarmUp)).one()
        assert (going.pause, going.paused_at, going.day) == (None, None, 1)
        assert ActionState.PLANNED in session.scalars(select(Action.state)).all()


def test_a_plan_that_is_complete_has_no_end_ahead(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        one.running().day = 15
        shown = warm_up_views.progress(one.desk(), mailbox_id=one.box.id)
        assert shown is not None
        assert (shown.is_complete, shown.planned_end) == (True, None)
        with pytest.raises(Problem, match="day 14 of 14, the plan is complete"):
            campaigns.resume(one.desk(), campaign_id=one.campaign.id)


def test_two_addresses_of_an_identity_stopped_at_once_resume_what_they_held_as_was_said(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        second = makers.mailbox(session, session.get_one(Identity, one.identity), address="a@acme.test")
        both = (one.box.id, second.id)
        assert [result.sentence for result in warm_up.start_many(one.desk(), mailbox_ids=both)] == ["", ""]
        alone = warm_up_rehearsals.rehearse_stop(one.desk(), mailbox_id=one.box.id)
        assert (alone.resumes, [name for name, _ in alone.stays]) == ((), ["Autumn"])
        together = warm_up_rehearsals.rehearse_stop_many(one.desk(), mailbox_ids=both)
        assert [(each.resumes, each.stays) for each in together] == [(("Autumn",), ()), ((), ())]
        assert [result.sentence for result in warm_up.stop_many(one.desk(), mailbox_ids=both)] == ["", ""]
        assert one.campaign.state is CampaignState.RUNNING

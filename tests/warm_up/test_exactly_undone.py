"""Whatever people do in whatever order, stopping a warm-up brings back exactly the campaigns it paused."""

import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from engine import campaigns, launching, mailboxes, warm_up
from engine.desk import Problem
from storage.kinds import OPEN_STATES, ActionKind, CampaignState, MailboxState
from storage.tables import Action, Campaign, Lane, Mailbox, WarmUp
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY

ADDRESSES, CAMPAIGNS = st.integers(0, 1), st.integers(0, 3)


class Office(RuleBasedStateMachine):
    """One identity with two addresses, three campaigns and a draft; `mine` is what people want of each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = new_database(Path(self.folder.name) / "outpost.db")
        self.now: datetime = MONDAY
        with self.database.write() as session:
            makers.installation(session)
            makers.user(session, is_owner=True)
            self.workspace = makers.workspace(session).id
            us, them = makers.identity(session, self.workspace), makers.identity(session, self.workspace)
            self.boxes = [makers.mailbox(session, us).id for _ in range(2)]
            for number in range(3):
                makers.mailbox(session, them, address=f"p{number}@d{number}.test")
            makers.checked(session)
            self.campaigns = [makers.campaign(session, us).id for _ in range(3)]
            draft = makers.campaign(session, us, state=CampaignState.DRAFT, launched_at=None)
            for campaign in session.scalars(select(Campaign)):
                makers.lead(session, campaign)
        self.mine = dict.fromkeys(self.campaigns, CampaignState.RUNNING) | {draft.id: CampaignState.DRAFT}
        self.campaigns.append(draft.id)

    def ask(self, task: object, **values: object) -> bool:
        """Whether it was done; refusals change nothing."""
        self.now += timedelta(minutes=7)
        try:
            with self.database.write() as session:
                task(makers.desk(session, self.workspace, now=self.now), **values)  # type: ignore[operator]
        except Problem:
            return False
        return True

    @rule(box=ADDRESSES)
    def start(self, box: int) -> None:
        self.ask(warm_up.start, mailbox_id=self.boxes[box])

    @rule(box=ADDRESSES)
    def stop(self, box: int) -> None:
        self.ask(warm_up.stop, mailbox_id=self.boxes[box])

    @rule(box=ADDRESSES, days=st.integers(0, 9))
    def pause_and_resume(self, box: int, days: int) -> None:
        self.ask(warm_up.pause, mailbox_id=self.boxes[box])
        self.now += timedelta(days=days)
        self.ask(warm_up.resume, mailbox_id=self.boxes[box])

    @rule(box=ADDRESSES)
    def disconnect_and_reconnect(self, box: int) -> None:
        self.ask(mailboxes.disconnect, mailbox_id=self.boxes[box])
        with self.database.write() as session:
            session.get_one(Mailbox, self.boxes[box]).state = MailboxState.OK

    @rule()
    def launch_the_draft(self) -> None:
        held = self.warming()
        if self.ask(launching.launch, campaign_id=self.campaigns[-1]):
            assert not held
            self.mine[self.campaigns[-1]] = CampaignState.RUNNING

    @rule(number=CAMPAIGNS)
    def pause_campaign(self, number: int) -> None:
        campaign = self.campaigns[number]
        if self.ask(campaigns.pause, campaign_id=campaign):
            self.mine[campaign] = CampaignState.PAUSED

    @rule(number=CAMPAIGNS)
    def resume_campaign(self, number: int) -> None:
        campaign, held = self.campaigns[number], self.warming()
        if self.ask(campaigns.resume, campaign_id=campaign):
            assert not held
            self.mine[campaign] = CampaignState.RUNNING

    @rule(number=CAMPAIGNS)
    def finish_campaign(self, number: int) -> None:
        campaign = self.campaigns[number]
        if self.ask(campaigns.finish, campaign_id=campaign):
            self.mine[campaign] = CampaignState.FINISHED

    def warming(self) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(WarmUp.id).where(WarmUp.stopped_at.is_(None))).all())

    @invariant()
    def every_campaign_is_what_people_want_or_held(self) -> None:
        held = self.warming()
        with self.database.read() as session:
            for campaign in session.scalars(select(Campaign)):
                wanted = self.mine[campaign.id]
                assert campaign.state is (CampaignState.PAUSED if held and wanted is CampaignState.RUNNING else wanted), (
                    campaign.paused_by
                )

    @invariant()
    def nothing_is_planned_for_an_address_that_does_not_warm_up(self) -> None:
        with self.database.read() as session:
            running = session.scalars(
                select(Lane.id)
                .join(WarmUp, WarmUp.mailbox_id == Lane.mailbox_id)
                .where(WarmUp.stopped_at.is_(None), WarmUp.paused_at.is_(None))
            ).all()
            planned = select(Action.id).where(
                Action.kind == ActionKind.WARM_UP_MAIL, Action.state.in_(OPEN_STATES), Action.lane_id.not_in(running)
            )
            assert not session.scalars(planned).all()

    def teardown(self) -> None:
        self.database.close()
        with suppress(OSError):
            self.folder.cleanup()


def test_the_draft_of_this_office_can_be_launched_and_no_longer_once_it_warms_up() -> None:
    office = Office()
    office.start(0)
    office.launch_the_draft()
    assert office.mine[office.campaigns[-1]] is CampaignState.DRAFT
    office.stop(0)
    office.launch_the_draft()
    assert office.mine[office.campaigns[-1]] is CampaignState.RUNNING
    office.every_campaign_is_what_people_want_or_held()
    office.teardown()


def test_whatever_people_do_it_is_exactly_undone() -> None:
    calm = settings(
        max_examples=25, stateful_step_count=14, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Office, settings=calm)  # type: ignore[no-untyped-call]

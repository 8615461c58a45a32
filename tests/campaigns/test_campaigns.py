"""Campaigns and their steps: what a draft allows, what stays once mails went out, and what is audited."""

from typing import Any

import pytest
from sqlalchemy import select

from engine import campaign_lists, campaigns, imports, leads, long_jobs, steps, timelines
from engine.desk import Problem, perform
from engine.launching import continue_launch, launch
from engine.steps import Draft
from storage.database import Database
from storage.kinds import ActionKind, ActionState, CampaignState, LeadState, Reason, Role
from storage.tables import Action, Audit, Campaign, Event, Lead, Step
from tests import makers
from tests.makers import MONDAY, OWNER


class Scene:
    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            makers.installation(session)
            makers.user(session)
            self.client = makers.workspace(session).id
            ada = makers.identity(session, self.client)
            self.identity = ada.id
            self.mailbox = makers.mailbox(session, ada, signature="Ada").id

    def ask(self, task: Any, actor: Any = OWNER, **values: Any) -> Any:
        return perform(self.database, actor, self.client, MONDAY, task, **values)

    def draft(self, *subjects: str) -> int:
        made: int = self.ask(campaigns.create, identity_id=self.identity, name="Autumn")
        for subject in subjects:
            self.ask(steps.add, campaign_id=made, draft=Draft(subject, "Hello {{ first_name }}", wait_minutes=1440))
        return made

    def running(self) -> int:
        made = self.draft("Hi", "")
        with self.database.write() as session:
            for name in ("Marie", "Pierre"):
                makers.lead(session, session.get_one(Campaign, made), first_name=name)
        self.ask(launch, campaign_id=made)
        continue_launch(self.database, made, MONDAY)
        return made

    def positions(self, campaign: int) -> list[tuple[int, str]]:
        return [(each.position, each.draft.subject) for each in self.ask(steps.list_of, campaign_id=campaign)]

    def audited(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(Audit.what).order_by(Audit.id)))


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


def test_a_draft_is_made_renamed_and_duplicated_with_its_steps(scene: Scene) -> None:
    made = scene.draft("One", "Two")
    scene.ask(campaigns.rename, campaign_id=made, name="  Winter   🎉 ")
    copy = scene.ask(campaigns.duplicate, campaign_id=made)
    view = scene.ask(campaign_lists.look_at, campaign_id=copy)
    assert (view.name, view.state, view.step_count, view.leads.total) == ("Winter 🎉 (copy)", CampaignState.DRAFT, 2, 0)
    assert scene.positions(copy) == [(1, "One"), (2, "Two")]
    assert scene.audited() == [
        "campaign.created",
        "step.added",
        "step.added",
        "campaign.renamed",
        "campaign.duplicated",
    ]


def test_a_copied_step_keeps_all_that_was_said_of_it(scene: Scene) -> None:
    made = scene.draft("One")
    own = {"id", "campaign_id"}

    def told(campaign: int) -> dict[str, Any]:
        with scene.database.read() as session:
            row = session.scalars(select(Step).where(Step.campaign_id == campaign)).one()
            return {column.key: getattr(row, column.key) for column in Step.__table__.columns if column.key not in own}

    with scene.database.write() as session:
        step = session.scalars(select(Step)).one()
        step.may_drop_note, step.acceptance_days, step.body_html = True, 12, "<p>Hello</p>"
    assert told(scene.ask(campaigns.duplicate, campaign_id=made)) == told(made)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b"])
def test_a_name_that_can_not_be_kept_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(Problem):
        scene.ask(campaigns.create, identity_id=scene.identity, name=name)


@pytest.mark.parametrize(
    ("moved", "to", "expected"),
    [(1, 3, "BCA"), (3, 1, "CAB"), (2, 2, "ABC"), (1, 99, "BCA"), (3, -5, "CAB"), (2, 1, "BAC")],
)
def test_steps_move_and_stay_numbered(scene: Scene, moved: int, to: int, expected: str) -> None:
    made = scene.draft("A", "B", "C")
    step = scene.ask(steps.list_of, campaign_id=made)[moved - 1]
    scene.ask(steps.move, step_id=step.id, to=to)
    assert scene.positions(made) == list(enumerate(expected, start=1))


def test_removing_a_step_closes_the_gap(scene: Scene) -> None:
    made = scene.draft("A", "B", "C")
    scene.ask(steps.remove, step_id=scene.ask(steps.list_of, campaign_id=made)[0].id)
    assert scene.positions(made) == [(1, "B"), (2, "C")]


def test_a_launched_campaign_keeps_its_steps_but_an_unsent_text_may_change(scene: Scene) -> None:
    made = scene.running()
    first, second = scene.ask(steps.list_of, campaign_id=made)
    for task, values in (
        (steps.add, {"campaign_id": made, "draft": Draft("", "x")}),
        (steps.remove, {"step_id": first.id}),
        (steps.move, {"step_id": first.id, "to": 2}),
    ):
        with pytest.raises(Problem, match="in a draft only"):
            scene.ask(task, **values)
    scene.ask(steps.edit, step_id=first.id, draft=Draft("Hi", "Good day {{ first_name }}", wait_minutes=1440))
    with pytest.raises(Problem, match="already wait for step 1"):
        scene.ask(steps.edit, step_id=first.id, draft=Draft("Hi", "Good day", wait_minutes=0))
    scene.ask(steps.edit, step_id=second.id, draft=Draft("", "Again", wait_minutes=60))
    assert scene.audited()[-2:] == ["step.edited", "step.edited"]


@pytest.mark.parametrize("state", [ActionState.SENDING, ActionState.ACCEPTED, ActionState.PARKED, ActionState.UNKNOWN])
def test_a_text_that_went_to_somebody_stays_as_it_is(scene: Scene, state: ActionState) -> None:
    made = scene.running()
    with scene.database.write() as session:
        session.scalars(select(Action).limit(1)).one().state = state
    first = scene.ask(steps.list_of, campaign_id=made)[0]
    assert (first.planned, first.begun) == (1, 1)
    with pytest.raises(Problem, match="already gone to 1 lead"):
        scene.ask(steps.edit, step_id=first.id, draft=Draft("Other", "Other", wait_minutes=1440))


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (Draft("a\nb", "x"), "line break"),
        (Draft("a" * 501, "x"), "501 characters"),
        (Draft("a", "x\x00"), "control character"),
        (Draft("a", "x" * 50_001), "50,001 characters"),
        (Draft("a", "x", wait_minutes=-1), "wait must be"),
        (Draft("a", "x", wait_minutes=366 * 1440), "wait must be"),
    ],
)
def test_a_step_that_could_never_be_sent_is_refused(scene: Scene, draft: Draft, says: str) -> None:
    with pytest.raises(Problem, match=says):
        scene.ask(steps.add, campaign_id=scene.draft(), draft=draft)


def test_linkedin_steps_need_a_linkedin_connection(scene: Scene) -> None:
    with pytest.raises(Problem, match="Connect LinkedIn"):
        scene.ask(steps.add, campaign_id=scene.draft(), draft=Draft("", "Hi"), kind=ActionKind.LINKEDIN_MESSAGE)


def test_a_preview_shows_the_unsaved_draft_or_why_there_is_none(scene: Scene) -> None:
    made = scene.draft("Hi {{ first_name }}", "")
    with scene.database.write() as session:
        lead = makers.lead(session, session.get_one(Campaign, made), first_name="Zoë").id
    values = {"campaign_id": made, "position": 2, "lead_id": lead}
    shown = scene.ask(steps.preview, draft=Draft("", "Again, {{ first_name }}"), **values)
    assert shown.mail.subject == "Re: Hi Zoë"
    assert shown.mail.text.startswith("Again, Zoë\n\nAda\n")
    assert "deal_size" in scene.ask(steps.preview, draft=Draft("", "{{ deal_size }}"), **values).problem
    assert "Line 1" in scene.ask(steps.preview, draft=Draft("", "{{ x"), **values).problem
    assert [each.draft.body for each in scene.ask(steps.list_of, campaign_id=made)] == ["Hello {{ first_name }}"] * 2


def test_an_inbox_of_another_identity_is_refused(scene: Scene) -> None:
    made = scene.draft("Hi")
    with scene.database.write() as session:
        other = makers.mailbox(session, makers.identity(session, scene.client)).id
    with pytest.raises(Problem, match="another identity"):
        scene.ask(campaigns.set_inbox, campaign_id=made, mailbox_id=other)
    scene.ask(campaigns.set_inbox, campaign_id=made, mailbox_id=scene.mailbox)
    scene.ask(campaigns.set_inbox, campaign_id=made, mailbox_id=None)
    assert scene.audited()[-2:] == ["campaign.inbox_changed", "campaign.inbox_changed"]


def test_states_change_only_along_their_way(scene: Scene) -> None:
    draft = scene.draft("Hi")
    for task in (campaigns.pause, campaigns.resume, campaigns.finish):
        with pytest.raises(Problem):
            scene.ask(task, campaign_id=draft)
    running = scene.running()
    with pytest.raises(Problem):
        scene.ask(campaigns.delete_draft, campaign_id=running)
    scene.ask(campaigns.pause, campaign_id=running)
    view = scene.ask(campaign_lists.look_at, campaign_id=running)
    assert (view.state, view.paused_by) == (CampaignState.PAUSED, OWNER.label)
    scene.ask(campaigns.resume, campaign_id=running)
    scene.ask(campaigns.finish, campaign_id=running)
    assert scene.audited()[-3:] == ["campaign.paused", "campaign.resumed", "campaign.finished"]
    scene.ask(campaigns.delete_draft, campaign_id=draft)
    with scene.database.read() as session:
        assert not session.scalars(select(Step).where(Step.campaign_id == draft)).all()


def test_campaigns_are_found_by_name_state_and_page_within_reach(scene: Scene) -> None:
    with scene.database.write() as session:
        ada, hidden = makers.identity(session, scene.client), makers.identity(session, scene.client)
        for number in range(30):
            makers.campaign(session, ada, 1, name=f"100% {number}")
        makers.campaign(session, hidden, 1, name="Hidden", state=CampaignState.DRAFT)
        makers.campaign(session, makers.identity(session, makers.workspace(session).id), 1, name="Theirs")
        of_one = makers.member(session, scene.client, Role.MANAGER, [ada.id])
    assert scene.ask(campaign_lists.find).total == 31
    assert scene.ask(campaign_lists.find, actor=of_one).total == 30
    second = scene.ask(campaign_lists.find, page=2)
    assert (len(second.rows), second.number, second.pages, second.first, second.last) == (6, 2, 2, 26, 31)
    assert scene.ask(campaign_lists.find, search="100%").total == 30
    assert scene.ask(campaign_lists.find, search="hid").total == 1
    assert scene.ask(campaign_lists.find, state=CampaignState.DRAFT).total == 1


def test_leads_are_found_by_every_word_and_state(scene: Scene) -> None:
    made = scene.draft("Hi")
    with scene.database.write() as session:
        draft = session.get_one(Campaign, made)
        makers.lead(session, draft, first_name="Marie", last_name="Curie", company="100% Radium")
        makers.lead(session, draft, first_name="Pierre", last_name="Curie", state=LeadState.REPLIED)
    assert scene.ask(leads.find, campaign_id=made).total == 2
    assert scene.ask(leads.find, campaign_id=made, search="curie MARIE").total == 1
    assert scene.ask(leads.find, campaign_id=made, search="100%").total == 1
    assert scene.ask(leads.find, campaign_id=made, search="_").total == 0
    assert scene.ask(leads.find, campaign_id=made, state=LeadState.REPLIED).total == 1


def test_a_stopped_lead_gets_nothing_further_and_its_timeline_says_so(scene: Scene) -> None:
    made = scene.running()
    lead = scene.ask(leads.find, campaign_id=made).rows[0]
    scene.ask(leads.stop, lead_id=lead.id)
    with scene.database.read() as session:
        action = session.scalars(select(Action).where(Action.lead_id == lead.id)).one()
        assert (action.state, action.reason) == (ActionState.CANCELLED, Reason.LEAD_STOPPED)
        assert session.get_one(Lead, lead.id).state is LeadState.STOPPED
    story = scene.ask(timelines.of_lead, lead_id=lead.id)
    assert [each.words for each in story][1:] == [
        "Campaign “Autumn” was launched",
        "E-mail of step 1 planned",
        "E-mail of step 1 cancelled",
        "Sequence ended: stopped",
    ]
    assert story[3].action_id == action.id
    with pytest.raises(Problem, match="already ended"):
        scene.ask(leads.stop, lead_id=lead.id)


def test_the_timeline_holds_the_mail_where_it_was_sent(scene: Scene) -> None:
    made = scene.running()
    lead = scene.ask(leads.find, campaign_id=made).rows[0]
    with scene.database.write() as session:
        action = session.scalars(select(Action).where(Action.lead_id == lead.id)).one()
        session.add(
            Event(
                at=MONDAY,
                action_id=action.id,
                workspace_id=scene.client,
                identity_id=scene.identity,
                lane_id=action.lane_id,
                campaign_id=made,
                kind=ActionKind.EMAIL,
                before=ActionState.SENDING,
                after=ActionState.ACCEPTED,
                local_day=MONDAY.date(),
                actor="worker",
                attempt=1,
            )
        )
    story = scene.ask(timelines.of_lead, lead_id=lead.id)
    mails = [each.mail for each in story if each.mail]
    assert [(mail.subject, mail.text.splitlines()[0]) for mail in mails] == [("Hi", "Hello Marie")]


def test_a_draft_whose_import_brought_nobody_can_be_deleted(scene: Scene) -> None:
    made = scene.draft("Hi")
    values = {"file_name": "leads.csv", "content": b"email\nnobody\n", "mapping": {"email": "email"}}
    for content in (b"email\nnobody\n", b"email\nnot yet begun\n"):
        import_id = scene.ask(imports.start_import, campaign_id=made, **{**values, "content": content})
        if content == values["content"]:
            scene.ask(imports.import_more, import_id=import_id)
    scene.ask(campaigns.delete_draft, campaign_id=made)
    with scene.database.read() as session:
        assert session.get(Campaign, made) is None
    long_jobs.carry_on(scene.database, MONDAY)


def test_a_campaign_whose_last_lead_ended_while_it_was_paused_is_finished_when_resumed(scene: Scene) -> None:
    campaign = scene.running()
    scene.ask(campaigns.pause, campaign_id=campaign)
    with scene.database.read() as session:
        people = session.scalars(select(Lead.id).where(Lead.campaign_id == campaign)).all()
    for lead_id in people:
        scene.ask(leads.stop, lead_id=lead_id)
    scene.ask(campaigns.resume, campaign_id=campaign)
    with scene.database.read() as session:
        found = session.get_one(Campaign, campaign)
        assert (found.state, found.finished_at) == (CampaignState.FINISHED, MONDAY)

"""What speaks against a launch, whom it leaves out, how leads are dealt, and that nobody begins twice."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from engine import campaigns, launch_domains, launching, long_jobs, pieces, steps, suppression_list
from engine.dealing import deal
from engine.desk import Problem, perform
from engine.launching import Review, begin_more, continue_launch, launch, launches_waiting, review
from engine.rehearsals import rehearse
from storage.database import Database
from storage.kinds import CampaignState, ImportState, LeadState, MailboxState, Reason, RecordState, Role, SuppressionKind
from storage.tables import (
    Action,
    Audit,
    Campaign,
    DomainCheck,
    Identity,
    Installation,
    Lead,
    LeadImport,
    Mailbox,
    Step,
    Suppression,
)
from tests import makers
from tests.makers import MONDAY, OWNER


class Scene:
    """A client with one identity, two addresses, and a draft of two steps."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            makers.installation(session)
            makers.user(session)
            self.client = makers.workspace(session, name="Own client").id
            ada = makers.identity(session, self.client)
            self.identity = ada.id
            self.mailboxes = [makers.mailbox(session, ada).id for _ in range(2)]
            self.campaign = makers.campaign(session, ada, 2, state=CampaignState.DRAFT, launched_at=None).id

    def add_leads(self, count: int, **values: Any) -> list[int]:
        with self.database.write() as session:
            draft = session.get_one(Campaign, self.campaign)
            return [makers.lead(session, draft, **values).id for _ in range(count)]

    def ask(self, task: Any, actor: Any = OWNER, **values: Any) -> Any:
        return perform(self.database, actor, self.client, MONDAY, task, campaign_id=self.campaign, **values)

    def review(self) -> Review:
        found: Review = self.ask(review)
        return found

    def launch_all(self) -> None:
        self.ask(launch)
        continue_launch(self.database, self.campaign, MONDAY)

    def states(self) -> Counter[LeadState]:
        with self.database.read() as session:
            return Counter(session.scalars(select(Lead.state).where(Lead.campaign_id == self.campaign)))


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


def no_steps(session: Session, scene: Scene) -> None:
    for step in session.scalars(select(Step)):
        session.delete(step)


def empty_text(session: Session, scene: Scene) -> None:
    step(session, 2).body = " "


def no_subject(session: Session, scene: Scene) -> None:
    step(session, 1).subject = ""


def broken_text(session: Session, scene: Scene) -> None:
    step(session, 2).body = "Hello\n{{ first_name"


def no_address(session: Session, scene: Scene) -> None:
    first_lead(session).email, first_lead(session).linkedin_url = "", "linkedin.com/in/ada"


def no_first_name(session: Session, scene: Scene) -> None:
    first_lead(session).first_name = " "


def no_further_field(session: Session, scene: Scene) -> None:
    step(session, 2).body = "About {{ deal_size }}"
    first_lead(session).fields = {"deal_size": "3"}


def line_break_in_subject(session: Session, scene: Scene) -> None:
    step(session, 1).subject = "About {{ topic }}"
    for lead in session.scalars(select(Lead)):
        lead.fields = {"topic": "one"}
    first_lead(session).fields = {"topic": "one\ntwo"}


def addresses_disconnected(session: Session, scene: Scene) -> None:
    for mailbox in session.scalars(select(Mailbox)):
        mailbox.state = MailboxState.RECONNECT_NEEDED


def addresses_paused(session: Session, scene: Scene) -> None:
    for mailbox in session.scalars(select(Mailbox)):
        mailbox.paused_at = MONDAY


def chosen_address_removed(session: Session, scene: Scene) -> None:
    session.get_one(Campaign, scene.campaign).mailbox_id = scene.mailboxes[0]
    session.get_one(Mailbox, scene.mailboxes[0]).removed_at = MONDAY


def archived(session: Session, scene: Scene) -> None:
    session.get_one(Identity, scene.identity).archived_at = MONDAY


def still_importing(session: Session, scene: Scene) -> None:
    session.add(
        LeadImport(
            workspace_id=scene.client,
            campaign_id=scene.campaign,
            file_name="x.csv",
            content_hash="x",
            mapping={},
            state=ImportState.RUNNING,
            created_at=MONDAY,
        )
    )


def step(session: Session, position: int) -> Step:
    return session.scalars(select(Step).where(Step.position == position)).one()


def first_lead(session: Session) -> Lead:
    return session.scalars(select(Lead).order_by(Lead.id).limit(1)).one()


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (no_steps, "The campaign has no steps. Add one."),
        (empty_text, "Step 2: The text is empty; write what the mail says."),
        (no_subject, "Step 1: The first step has no subject; write one."),
        (broken_text, "Step 2: The text: Line 2: a field is not closed"),
        (no_address, "1 lead has no e-mail address, which every e-mail step needs."),
        (no_first_name, "1 lead has no “first_name”, which steps 1 and 2 use without a fallback."),
        (no_further_field, "2 leads have no “deal_size”, which step 2 uses without a fallback."),
        (line_break_in_subject, "1 lead has a line break in a field that a subject uses."),
        (addresses_disconnected, "has no connected e-mail address"),
        (addresses_paused, "has no connected e-mail address"),
        (chosen_address_removed, "can't send now"),
        (archived, "identity is archived"),
        (still_importing, "An import is not done yet."),
    ],
)
def test_what_speaks_against_a_launch_is_said_and_stops_it(scene: Scene, breaks: Any, sentence: str) -> None:
    scene.add_leads(3, row_number=12)
    with scene.database.write() as session:
        breaks(session, scene)
    found = scene.review()
    assert len(found.problems) == 1
    assert sentence in found.problems[0].sentence
    assert all(where.row == 12 for where in found.problems[0].leads)
    with pytest.raises(Problem, match="was not launched"):
        scene.ask(launch)
    assert scene.states() == {LeadState.NEW: 3}


def test_all_problems_are_said_at_once(scene: Scene) -> None:
    scene.add_leads(2)
    with scene.database.write() as session:
        for breaks in (empty_text, no_subject, addresses_paused, no_address):
            breaks(session, scene)
    assert len(scene.review().problems) == 4


def test_a_campaign_without_leads_is_not_launched(scene: Scene) -> None:
    assert [each.sentence for each in scene.review().problems] == ["The campaign has no leads. Import a CSV under Leads."]


def test_a_fallback_makes_up_for_a_missing_field(scene: Scene) -> None:
    scene.add_leads(2, first_name="")
    with scene.database.write() as session:
        for each in session.scalars(select(Step)):
            each.subject, each.body = "Hi", 'Hello {{ first_name | default: "there" }}'
    assert scene.review().may_launch


def test_suppressed_leads_are_shown_and_left_out(scene: Scene) -> None:
    first, second, third = scene.add_leads(3)
    with scene.database.write() as session:
        session.get_one(Lead, second).email = "x@mail.acme.test"
        lead = session.get_one(Lead, first)
        for kind, value in ((SuppressionKind.ADDRESS, lead.email), (SuppressionKind.DOMAIN, "acme.test")):
            session.add(Suppression(workspace_id=scene.client, kind=kind, value=value, since=MONDAY))
    found = scene.review()
    assert (found.begins, [(each.why, each.count) for each in found.left_out]) == (1, [("On the suppression list", 2)])
    scene.launch_all()
    with scene.database.read() as session:
        assert session.get_one(Lead, third).state is LeadState.ACTIVE
        assert session.get_one(Lead, first).state_reason is Reason.SUPPRESSED
        assert session.scalar(select(func.count()).select_from(Action)) == 1


def test_a_lead_that_lacks_something_is_no_problem_when_it_is_left_out_anyway(scene: Scene) -> None:
    lead_id, _ = scene.add_leads(2)
    with scene.database.write() as session:
        lead = session.get_one(Lead, lead_id)
        lead.first_name = ""
        session.add(Suppression(workspace_id=scene.client, kind=SuppressionKind.ADDRESS, value=lead.email, since=MONDAY))
    assert scene.review().may_launch


def test_people_written_to_elsewhere_are_left_out_and_only_own_campaigns_are_named(scene: Scene) -> None:
    scene.add_leads(1)
    with scene.database.write() as session:
        draft = session.get_one(Campaign, scene.campaign)
        own = makers.campaign(session, session.get_one(Identity, scene.identity), name="Autumn")
        other_client = makers.workspace(session, name="Secret client")
        theirs = makers.campaign(session, makers.identity(session, other_client.id), name="Secret campaign")
        finished = makers.campaign(session, session.get_one(Identity, scene.identity), state=CampaignState.FINISHED)
        for number, (of, state) in enumerate(
            [(own, LeadState.ACTIVE), (theirs, LeadState.ACTIVE), (own, LeadState.REPLIED), (finished, LeadState.ACTIVE)]
        ):
            makers.lead(session, of, email=f"p{number}@x.test", state=state)
            makers.lead(session, draft, email=f"p{number}@x.test")
        makers.lead(session, own, email="other@x.test", linkedin_url="linkedin.com/in/p", state=LeadState.ACTIVE)
        makers.lead(session, draft, email="own@x.test", linkedin_url="linkedin.com/in/p")
    found = scene.review()
    assert {(each.why, each.count) for each in found.left_out} == {
        ("Campaign “Autumn” is writing to them", 2),
        ("Somebody else is writing to them", 1),
    }
    assert "Secret" not in repr(found)
    assert found.begins == 3
    scene.launch_all()
    assert scene.states() == {LeadState.ACTIVE: 3, LeadState.LEFT_OUT: 3}


def test_a_hidden_identitys_campaign_is_not_named(scene: Scene) -> None:
    with scene.database.write() as session:
        hidden = makers.campaign(session, makers.identity(session, scene.client), name="Hidden campaign")
        makers.lead(session, hidden, email="p@x.test", state=LeadState.ACTIVE)
        makers.lead(session, session.get_one(Campaign, scene.campaign), email="p@x.test")
        of_one = makers.member(session, scene.client, Role.MANAGER, [scene.identity])
    assert "Hidden" not in repr(scene.ask(review, actor=of_one))
    assert "Hidden" in repr(scene.review())


def test_the_second_of_two_campaigns_leaves_the_same_person_out(scene: Scene) -> None:
    scene.add_leads(1, email="p@x.test")
    with scene.database.write() as session:
        again = makers.campaign(session, session.get_one(Identity, scene.identity), 1, state=CampaignState.DRAFT)
        makers.lead(session, again, email="p@x.test")
    perform(scene.database, OWNER, scene.client, MONDAY, launch, campaign_id=again.id)
    scene.ask(launch)
    long_jobs.carry_on(scene.database, MONDAY)
    with scene.database.read() as session:
        assert Counter(session.scalars(select(Lead.state))) == {LeadState.ACTIVE: 1, LeadState.LEFT_OUT: 1}
        # A campaign with nobody to write to is over.
        states = set(session.scalars(select(Campaign.state)))
        assert states == {CampaignState.RUNNING, CampaignState.FINISHED}


def test_shuffle_deals_evenly_and_one_address_takes_all(scene: Scene) -> None:
    scene.add_leads(11)
    scene.launch_all()
    assert sorted(dealt(scene).values()) == [5, 6]
    with scene.database.write() as session:
        session.get_one(Campaign, scene.campaign).mailbox_id = scene.mailboxes[1]
    scene.add_leads(4)
    long_jobs.carry_on(scene.database, MONDAY)
    assert dealt(scene)[scene.mailboxes[1]] in (9, 10)


def dealt(scene: Scene) -> Counter[int | None]:
    with scene.database.read() as session:
        return Counter(session.scalars(select(Lead.mailbox_id).where(Lead.campaign_id == scene.campaign)))


@given(st.integers(0, 300), st.dictionaries(st.integers(1, 50), st.integers(0, 40), min_size=1, max_size=8))
def test_dealing_evens_out_as_far_as_it_can(count: int, had: dict[int, int]) -> None:
    cards = deal(count, had)
    after = {mailbox: had[mailbox] + cards.count(mailbox) for mailbox in had}
    assert len(cards) == count
    fewest = min(after.values())
    assert all(after[mailbox] <= max(had[mailbox], fewest + 1) for mailbox in had)


def test_a_paused_address_takes_no_new_leads(scene: Scene) -> None:
    with scene.database.write() as session:
        session.get_one(Mailbox, scene.mailboxes[0]).paused_at = MONDAY
    scene.add_leads(3)
    scene.launch_all()
    assert dealt(scene) == {scene.mailboxes[1]: 3}


def test_beginning_in_chunks_by_page_and_worker_begins_nobody_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "CHUNK", 4)
    scene.add_leads(10)
    scene.ask(launch)
    first = scene.ask(begin_more)
    assert (first.begun, first.remaining) == (4, 6)
    with scene.database.read() as session:
        assert launches_waiting(session) == [scene.campaign]
    long_jobs.carry_on(scene.database, MONDAY)
    assert scene.ask(begin_more).remaining == 0
    with scene.database.read() as session:
        assert launches_waiting(session) == []
        assert session.scalar(select(func.count()).select_from(Action)) == 10
        assert session.scalar(select(func.count(Action.lead_id.distinct()))) == 10


def test_leads_added_to_a_running_campaign_begin_and_the_lacking_are_left_out(scene: Scene) -> None:
    scene.add_leads(1)
    scene.launch_all()
    scene.add_leads(2)
    (lacking,) = scene.add_leads(1, first_name="")
    long_jobs.carry_on(scene.database, MONDAY)
    assert scene.states() == {LeadState.ACTIVE: 3, LeadState.LEFT_OUT: 1}
    with scene.database.read() as session:
        assert session.get_one(Lead, lacking).state_reason is Reason.MISSING_FIELD


def test_nothing_begins_while_paused_or_without_an_address(scene: Scene) -> None:
    scene.add_leads(3)
    scene.ask(launch)
    scene.ask(campaigns.pause)
    assert scene.ask(begin_more).begun == 0
    scene.ask(campaigns.resume)
    with scene.database.write() as session:
        addresses_paused(session, scene)
    long_jobs.carry_on(scene.database, MONDAY)
    assert scene.states() == {LeadState.NEW: 3}


def test_a_launch_by_a_review_asks_nothing_of_the_leads_again(scene: Scene) -> None:
    scene.add_leads(1_200)
    found = scene.review()
    statements: list[str] = []
    hear = lambda _c, _u, statement, *_rest: statements.append(statement)  # noqa: E731
    event.listen(scene.database.engine, "before_cursor_execute", hear)
    assert scene.ask(launch, found=found) == 1_200
    event.remove(scene.database.engine, "before_cursor_execute", hear)
    of_leads = [each for each in statements if "FROM lead " in each]
    assert len(of_leads) == 1  # how many there are
    assert "count(" in of_leads[0]


def test_what_changes_after_the_review_holds_its_launch(scene: Scene) -> None:
    scene.add_leads(2)
    found = scene.review()
    with scene.database.write() as session:
        addresses_paused(session, scene)
    with pytest.raises(Problem, match="no connected e-mail address"):
        scene.ask(launch, found=found)
    found = scene.review()
    assert not found.may_launch
    with pytest.raises(Problem, match="no connected e-mail address"):
        scene.ask(launch, found=found)


@pytest.mark.parametrize("change", ["a lead more", "another text"])
def test_leads_or_steps_that_are_others_than_those_reviewed_are_looked_at_again(scene: Scene, change: str) -> None:
    scene.add_leads(2)
    found = scene.review()
    if change == "a lead more":
        scene.add_leads(1, first_name="")
    else:
        with scene.database.read() as session:
            first = step(session, 1).id
        draft = steps.Draft("Hello {{ company }}", "Hello {{ company }}")
        perform(scene.database, OWNER, scene.client, MONDAY, steps.edit, step_id=first, draft=draft)
    with pytest.raises(Problem, match="changed while its leads were checked"):
        scene.ask(launch, found=found)
    again = scene.review()
    assert again.may_launch is (change == "another text")
    if again.may_launch:
        assert scene.ask(launch, found=again) == 2


def test_who_is_suppressed_after_the_review_is_left_out_all_the_same(scene: Scene) -> None:
    scene.add_leads(1)
    (late,) = scene.add_leads(1, email="late@acme.test")
    found = scene.review()
    perform(scene.database, OWNER, scene.client, MONDAY, suppression_list.add, text="late@acme.test", why="asked")
    scene.ask(launch, found=found)
    continue_launch(scene.database, scene.campaign, MONDAY)
    with scene.database.read() as session:
        assert session.get_one(Lead, late).state_reason is Reason.SUPPRESSED
    assert scene.states() == {LeadState.ACTIVE: 1, LeadState.LEFT_OUT: 1}


def test_a_launched_campaign_is_not_launched_again(scene: Scene) -> None:
    scene.add_leads(1)
    scene.launch_all()
    with pytest.raises(Problem, match="Only a draft"):
        scene.ask(launch)


def test_finishing_ends_every_sequence(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "_CHUNK", 2)
    scene.add_leads(5)
    scene.launch_all()
    scene.ask(campaigns.finish)
    assert scene.ask(campaigns.end_more) == 3
    long_jobs.carry_on(scene.database, MONDAY)
    assert scene.states() == {LeadState.STOPPED: 5}
    with scene.database.read() as session:
        assert {str(state) for state in session.scalars(select(Action.state))} == {"cancelled"}


def test_the_rehearsal_sums_up_mails_days_and_the_first_window(scene: Scene) -> None:
    scene.add_leads(412)
    sums = scene.ask(rehearse)
    assert (sums.mails, sums.a_day, sums.addresses, sums.days) == (824, 100, 2, 9)
    assert sums.first_at == MONDAY
    saturday = MONDAY + timedelta(days=5)
    later = perform(scene.database, OWNER, scene.client, saturday, rehearse, campaign_id=scene.campaign)
    assert later.first_at == MONDAY + timedelta(days=6, hours=22)  # the next Monday, 09:00 Madrid


@pytest.mark.slow
def test_fifty_thousand_leads_begin(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LONGEST_REST", 0)  # nobody else writes here
    row = {"workspace_id": scene.client, "campaign_id": scene.campaign, "first_name": "Ada"}
    when = {"state": LeadState.NEW, "state_since": MONDAY, "created_at": MONDAY, "fields": {}}
    with scene.database.write() as session:
        session.execute(insert(Lead), [{**row, **when, "email": f"l{n}@x.test"} for n in range(50_000)])
    began = time.perf_counter()
    scene.launch_all()
    print(f"50,000 leads launched in {time.perf_counter() - began:.1f} s")  # noqa: T201 - a figure to look at
    assert scene.states() == {LeadState.ACTIVE: 50_000}
    assert sorted(dealt(scene).values()) == [25_000, 25_000]


def test_an_import_that_can_not_go_on_holds_up_no_launch(scene: Scene) -> None:
    leads = scene.add_leads(1)
    scene.ask(launching.launch)
    with scene.database.write() as session:
        lost = LeadImport(
            workspace_id=scene.client,
            campaign_id=scene.campaign,
            file_name="lost.csv",
            content_hash="-",
            mapping={},
            state=ImportState.RUNNING,
            created_at=MONDAY,
        )
        session.add(lost)  # its file is gone
    with pytest.raises(ExceptionGroup):
        long_jobs.carry_on(scene.database, MONDAY)
    with scene.database.read() as session:
        assert session.get_one(Lead, leads[0]).state is LeadState.ACTIVE


def checked(scene: Scene, spf: RecordState, domain: str = "alpha.test") -> None:
    good, note = RecordState.PRESENT, "" if spf is RecordState.PRESENT else "Its SPF is not as it should be."
    with scene.database.write() as session:
        session.merge(
            DomainCheck(
                domain=domain,
                checked_at=MONDAY,
                next_check_at=MONDAY,
                **{"mx": good, "dkim": good, "dmarc": good, "spf": spf, "note": note, "learned": {"notes": {"spf": note}}},
            )
        )


@pytest.mark.parametrize("spf", [RecordState.MISSING, RecordState.WRONG])
def test_a_red_domain_holds_the_launch_until_a_person_says_why_and_the_audit_log_keeps_it(
    scene: Scene, spf: RecordState
) -> None:
    scene.add_leads(2)
    checked(scene, spf)
    assert [each.domain for each in scene.review().domains.red] == ["alpha.test"]
    for despite in ("", "   ", "ok"):
        with pytest.raises(Problem, match=r"alpha\.test is not fit to send from: Its SPF .* say why"):
            scene.ask(launch, despite=despite)
    scene.ask(launch, despite=" The record is being set today. ")
    with scene.database.read() as session:
        line = session.scalars(select(Audit).where(Audit.what == "campaign.launched")).one()
    assert (line.actor, line.new["despite"]) == (OWNER.label, "The record is being set today.")  # type: ignore[index]
    assert line.new["red_domains"] == {"alpha.test": "Its SPF is not as it should be."}  # type: ignore[index]


def test_what_is_not_known_or_not_confirmed_is_said_and_holds_nothing(scene: Scene) -> None:
    scene.add_leads(1)
    assert [each.note for each in scene.review().domains.unsure] == ["Its records have not been looked up yet."]
    assert scene.ask(launch_domains.to_check) == ("alpha.test",)
    checked(scene, RecordState.UNCONFIRMED)
    assert (scene.review().domains, scene.ask(launch_domains.to_check)) == (launch_domains.Domains(), ())
    checked(scene, RecordState.UNKNOWN)
    assert ([each.domain for each in scene.review().domains.unsure], scene.review().domains.red) == (["alpha.test"], ())
    assert scene.ask(launch_domains.to_check) == ("alpha.test",)
    scene.ask(launch)


def test_only_the_domains_that_would_send_are_asked_about_and_none_in_practice(scene: Scene) -> None:
    scene.add_leads(1)
    checked(scene, RecordState.MISSING)
    with scene.database.write() as session:
        other = makers.mailbox(session, session.get_one(Identity, scene.identity), address="ada@other.test").id
        session.get_one(Campaign, scene.campaign).mailbox_id = other
    assert [each.domain for each in scene.review().domains.unsure] == ["other.test"]
    assert scene.review().domains.red == ()
    with scene.database.write() as session:
        session.get_one(Campaign, scene.campaign).mailbox_id = None
        session.get_one(Installation, 1).practice = True
    assert (scene.review().domains, scene.ask(launch_domains.to_check)) == (launch_domains.Domains(), ())

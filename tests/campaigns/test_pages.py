"""The campaign pages: what each shows to whom, and what its buttons do."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from engine import clock
from engine.desk import Actor, perform
from engine.launching import begin_more, launch
from engine.letters import WAY_OUT
from engine.suppression_list import add
from storage.kinds import CampaignState, LeadState, Reason, Role
from storage.tables import Campaign, Lead, LeadPause, Step, Suppression
from tests import makers
from tests.panel import Panel

NASTY = '=cmd()|"A1" <script>alert(1)</script> **bold** :smile: عربى 🎉 ' + "x" * 120


@dataclass(frozen=True)
class Scene:
    """A client with one identity, an address, and a draft of two steps with three leads."""

    panel: Panel
    client: int
    manager: Actor
    ops: Actor
    campaign: int

    def open(self, slug: str, actor: Actor | None = None, **query: object) -> AppTest:
        return self.panel.open(slug, actor or self.manager, self.client, **query)


@pytest.fixture
def scene(panel: Panel) -> Scene:
    with panel.database.write() as session:
        client = makers.workspace(session)
        ada = makers.identity(session, client.id)
        makers.mailbox(session, ada, signature="Ada, Head of Growth")
        draft = makers.campaign(session, ada, 2, state=CampaignState.DRAFT, name=NASTY, launched_at=None)
        for name in ("Marie", "Pierre", "<b>Irène</b>"):
            makers.lead(session, draft, first_name=name, company=NASTY)
        manager = makers.member(session, client.id, Role.MANAGER)
        ops = makers.member(session, client.id, Role.OPS)
        return Scene(panel, client.id, manager, ops, draft.id)


def said(page: AppTest) -> str:
    """Everything a page shows, as one text."""
    assert not page.exception, [each.value for each in page.exception]
    kinds = (page.title, page.markdown, page.caption, page.text, page.error, page.warning, page.info, page.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def button(page: AppTest, label: str) -> Any:
    return next(each for each in page.button if each.label == label)


def labels(page: AppTest) -> list[str]:
    return [each.label for each in page.button]


def test_the_list_shows_a_campaign_with_a_nasty_name_as_text(scene: Scene) -> None:
    page = scene.open("campaigns")
    assert page.title[0].value == "Campaigns"
    assert "New campaign" in labels(page)
    assert "<script>" not in said(page).replace("\\<script", "")


def test_an_empty_workspace_says_what_comes_first(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session)
        manager = makers.member(session, client.id, Role.MANAGER)
        ops = makers.member(session, client.id, Role.OPS)
    page = panel.open("campaigns", manager, client.id)
    assert "There is none yet" in said(page)
    assert "Make the first campaign" in labels(page)
    assert not {"Make the first campaign", "New campaign"} & set(labels(panel.open("campaigns", ops, client.id)))


def test_a_step_is_shown_as_the_first_lead_will_read_it(scene: Scene) -> None:
    page = scene.open("campaign", id=scene.campaign)
    assert "Hello Marie, shall we talk?\n\nAda, Head of Growth\n\n" + WAY_OUT in said(page)


def test_saving_a_step_keeps_its_text_and_a_bad_field_is_said_at_once(scene: Scene) -> None:
    page = scene.open("campaign", id=scene.campaign)
    page.text_area[0].set_value("Hello {{ firstname }}").run()
    assert "firstname" in said(page)
    page.text_area[0].set_value("Good day {{ first_name }}").run()
    button(page, "Save step 1").click().run()
    assert not page.exception
    with scene.panel.database.read() as session:
        first = select(Step.body).where(Step.campaign_id == scene.campaign).order_by(Step.position)
        assert session.scalars(first).first() == "Good day {{ first_name }}"


def test_ops_reads_a_campaign_and_changes_nothing(scene: Scene) -> None:
    for tab in ("Steps", "Leads", "Launch"):
        page = scene.open("campaign", scene.ops, id=scene.campaign, tab=tab)
        assert said(page)
        offered = set(labels(page))
        assert not {"Add a follow-up", "Import more leads", "Pause", "Save step 1"} & offered
        assert not [label for label in offered if label.startswith("Launch")]


def test_the_leads_tab_lists_the_leads_and_opens_the_import(scene: Scene) -> None:
    page = scene.open("campaign", id=scene.campaign, tab="Leads")
    assert len(page.dataframe[0].value) == 3
    button(page, "Import more leads").click().run()
    assert not page.exception
    assert "Back to the leads" in labels(page)


@pytest.mark.parametrize(
    ("slug", "query", "sentence", "way_back"),
    [
        ("campaigns", {"find": "nothing like it"}, "No campaign fits these filters.", "Show all campaigns"),
        ("campaigns", {"state": "Paused"}, "No campaign fits these filters.", "Show all campaigns"),
        ("suppressions", {"find": "nobody"}, "No entry fits these filters.", "Show all entries"),
        ("campaign", {"tab": "Leads", "lead": "nobody"}, "No lead fits these filters.", "Show all leads"),
    ],
)
def test_filters_are_read_from_the_url_and_one_button_takes_them_away(
    scene: Scene, slug: str, query: dict[str, str], sentence: str, way_back: str
) -> None:
    given = {**query, "id": scene.campaign} if slug == "campaign" else query
    page = scene.open(slug, **given)
    assert sentence in said(page)
    page = button(page, way_back).click().run()
    assert sentence not in said(page)
    assert way_back not in labels(page)


def test_a_csv_is_mapped_checked_and_imported(scene: Scene) -> None:
    page = scene.open("campaign", id=scene.campaign, tab="Leads")
    button(page, "Import more leads").click().run()
    content = "Vorname;E-Mail\nZoë;zoe@bravo.test\nMax;max\nUwe;uwe@bravo.test\n".encode("cp1252")
    page.file_uploader[0].upload("leads.csv", content, "text/csv").run()
    assert "1 row can't be imported" in said(page)
    button(page, "Import 2 leads").click().run()
    assert not page.exception
    with scene.panel.database.read() as session:
        count = select(func.count()).where(Lead.campaign_id == scene.campaign)
        assert session.scalar(count) == 5
        assert session.scalar(select(Lead.first_name).where(Lead.email == "zoe@bravo.test")) == "Zoë"


def test_the_launch_tab_lists_what_is_missing(scene: Scene) -> None:
    with scene.panel.database.write() as session:
        session.scalars(select(Lead)).first().first_name = ""
    page = scene.open("campaign", id=scene.campaign, tab="Launch")
    assert "1 lead has no" in said(page)
    assert not [label for label in labels(page) if label.startswith("Launch")]


def test_launching_begins_every_lead(scene: Scene) -> None:
    page = scene.open("campaign", id=scene.campaign, tab="Launch")
    button(page, "Launch for 3 leads").click().run()
    assert not page.exception
    with scene.panel.database.read() as session:
        assert session.get_one(Campaign, scene.campaign).state is CampaignState.RUNNING
        assert set(session.scalars(select(Lead.state))) == {LeadState.ACTIVE}


def test_a_running_campaign_is_paused_and_resumed(scene: Scene) -> None:
    begin(scene)
    page = scene.open("campaign", id=scene.campaign)
    button(page, "Pause").click().run()
    assert "Resume" in labels(page)
    button(page, "Resume").click().run()
    assert "Pause" in labels(page)


def test_a_leads_page_tells_its_story_as_text(scene: Scene) -> None:
    begin(scene)
    with scene.panel.database.read() as session:
        lead_id = session.scalars(select(Lead.id).where(Lead.first_name == "<b>Irène</b>")).one()
    page = scene.open("lead", id=lead_id)
    text = said(page)
    assert "step 1 planned" in text
    assert "<b>" not in text.replace("\\<b", "")
    assert "Stop this lead" in labels(page)
    assert "Stop this lead" not in labels(scene.open("lead", scene.ops, id=lead_id))


def test_a_paused_lead_says_why_and_goes_on_with_one_click(scene: Scene) -> None:
    with scene.panel.database.write() as session:
        lead = session.scalars(select(Lead).limit(1)).one()
        lead.state = LeadState.ACTIVE
        session.add(LeadPause(lead_id=lead.id, reason=Reason.SOFT_BOUNCES, since=makers.MONDAY))
        lead_id = lead.id
    assert "Continue" not in labels(scene.open("lead", scene.ops, id=lead_id))
    page = scene.open("lead", id=lead_id)
    assert "Three mails to this lead came back undelivered" in said(page)
    button(page, "Continue").click().run()
    assert "came back undelivered, so it is paused until a person lets it go on. Paused" not in said(page)
    assert {"Continue", "Stop this lead"} & set(labels(page)) == {"Stop this lead"}


@pytest.mark.parametrize("slug", ["campaign", "lead"])
@pytest.mark.parametrize("given", ["", "0", "999999", "abc", "9" * 30, "-1"])
def test_what_does_not_exist_is_said_calmly(scene: Scene, slug: str, given: str) -> None:
    assert "does not exist" in said(scene.open(slug, id=given))


def test_another_clients_campaign_and_lead_do_not_exist(scene: Scene) -> None:
    with scene.panel.database.write() as session:
        other = makers.workspace(session)
        stranger = makers.member(session, other.id, Role.ADMIN)
        lead_id = session.scalars(select(Lead.id)).first()
    for slug, given in (("campaign", scene.campaign), ("lead", lead_id)):
        page = scene.panel.open(slug, stranger, other.id, id=given)
        assert "does not exist" in said(page)
        assert "Marie" not in said(page)


def test_the_suppression_list_shows_its_entries_and_adds_pasted_ones(scene: Scene) -> None:
    page = scene.open("suppressions")
    assert "Nobody is on the list" in said(page)
    button(page, "Add to the list").click().run()
    page.text_area[0].set_value("ada@acme.test\nacme.test\nnonsense")
    button(page, "Add to the list").click()
    button(page, "Add and end their sequences").click().run()
    assert not page.exception
    with scene.panel.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 2
    ask(scene, add, text="\n".join(f"p{number}@acme.test" for number in range(120)), why="asked")
    page = scene.open("suppressions")
    assert len(page.dataframe[0].value) == 50
    assert "Add to the list" not in labels(scene.open("suppressions", scene.ops))


def begin(scene: Scene) -> None:
    ask(scene, launch, campaign_id=scene.campaign)
    ask(scene, begin_more, campaign_id=scene.campaign)


def ask(scene: Scene, task: Any, **values: Any) -> None:
    perform(scene.panel.database, scene.manager, scene.client, clock.now(), task, **values)


def test_a_list_is_imported_by_the_column_that_holds_it(scene: Scene) -> None:
    page = scene.open("suppressions")
    button(page, "Import a CSV").click().run()
    content = b"Name;Contact;Note\nAda;ada@acme.test;left\nBob;bob@acme.test;\nCorp;corp.test;competitor\nEve;nobody;\n"
    page.file_uploader[0].upload("list.csv", content, "text/csv").run()
    assert page.selectbox(key="of-value").value == 1
    assert list(page.dataframe[0].value["Taken for"]) == ["Address", "Address", "Domain", "nothing"]
    page.selectbox(key="of-why").select(2).run()
    button(page, "Add 4 rows and end their sequences").click().run()
    assert "3 added." in said(page)
    assert "1 line was not taken." in said(page)
    with scene.panel.database.read() as session:
        kept = dict(session.execute(select(Suppression.value, Suppression.why)).all())
    assert kept == {"ada@acme.test": "left", "bob@acme.test": "", "corp.test": "competitor"}


def test_a_list_of_domains_without_a_heading_loses_none(scene: Scene) -> None:
    page = scene.open("suppressions")
    button(page, "Import a CSV").click().run()
    page.file_uploader[0].upload("list.txt", b"acme.test\ncorp.test\n", "text/plain").run()
    button(page, "Add 2 rows and end their sequences").click().run()
    assert "2 added." in said(page)

"""LinkedIn's steps in the editor: how a lead reads them, how long they may be from which account, and on which channel."""

from dataclasses import dataclass
from typing import Any

import pytest

from engine import launch_checks, linkedin_accounts, linkedin_texts, step_channels, steps
from engine.desk import Problem, perform
from engine.steps import Draft
from storage.database import Database
from storage.kinds import ActionKind, CampaignState, Channel, LinkedInState, Role
from storage.tables import Audit, Campaign, Identity
from tests import makers
from tests.makers import LONG_AGO, MONDAY, OWNER
from tests.panel import Panel

REQUEST, MESSAGE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE
NAME = "{{ first_name }}"


@dataclass
class Desk:
    database: Database
    client: int
    identity: int
    campaign: int
    lead: int

    def ask(self, task: Any, **values: Any) -> Any:
        return perform(self.database, OWNER, self.client, MONDAY, task, **values)

    def read(self, body: str, kind: ActionKind = REQUEST) -> linkedin_texts.Shown:
        given = {"campaign_id": self.campaign, "kind": kind, "body": body, "lead_id": self.lead}
        shown: linkedin_texts.Shown = self.ask(linkedin_texts.preview, **given)
        return shown

    def add(self, body: str, kind: ActionKind = REQUEST) -> int:
        made: int = self.ask(steps.add, campaign_id=self.campaign, draft=Draft("", body), kind=kind)
        return made

    def has(self, **what: bool) -> None:
        with self.database.write() as session:
            account = linkedin_accounts.account_of(session, self.identity)
            assert account is not None
            for name, value in what.items():
                setattr(account, name, value)


@pytest.fixture
def desk(database: Database) -> Desk:
    with database.write() as session:
        makers.installation(session)
        makers.user(session)
        client = makers.workspace(session).id
        ada = makers.identity(session, client, linkedin_state=LinkedInState.CONNECTED)
        linkedin_accounts.account_for(session, ada, LONG_AGO)
        draft = makers.campaign(session, ada, steps=0, state=CampaignState.DRAFT)
        marie = makers.lead(session, draft, last_name="Curie", linkedin_url="linkedin.com/in/marie")
        return Desk(database, client, ada.id, draft.id, marie.id)


def test_a_lead_reads_the_note_and_the_message_with_their_fields_and_nothing_added(desk: Desk) -> None:
    note = desk.read(f"Hello {NAME} of {{{{ company }}}} ")
    assert (note.lead_name, note.text, note.length, note.longest) == ("Marie Curie", "Hello Marie of Radium Ltd", 25, 200)
    message = desk.read(f"{NAME},\n\nthank you", MESSAGE)
    assert (message.text, message.longest, message.problem) == ("Marie,\n\nthank you", 8_000, "")


def test_a_request_without_a_note_is_no_problem_and_an_empty_message_is(desk: Desk) -> None:
    assert desk.read("").problem == ""
    assert "empty" in desk.read(" ", MESSAGE).problem


def test_a_missing_field_is_named_as_for_a_mail(desk: Desk) -> None:
    assert "deal_size" in desk.read("{{ deal_size }}").problem


def test_a_note_over_the_limit_is_refused_with_the_count_and_how_much_to_cut(desk: Desk) -> None:
    over = desk.read(NAME + "x" * 200)
    assert (over.text, over.length) == ("", 205)
    assert "205 characters; this account's limit is 200. Shorten it by 5" in over.problem
    assert "Premium" in over.problem


@pytest.mark.parametrize("by", ["has_premium", "has_seat"])
def test_premium_and_a_sales_navigator_seat_take_300(desk: Desk, by: str) -> None:
    desk.has(**{by: True})
    assert desk.read("x" * 300).problem == ""
    assert "301 characters; this account's limit is 300. Shorten it by 1." in desk.read("x" * 301).problem


def test_an_emoji_counts_as_linkedin_s_own_counter_counts_it(desk: Desk) -> None:
    assert desk.read("🤖" * 100).length == 200
    assert "202 characters" in desk.read("🤖" * 101).problem


@pytest.mark.parametrize(("kind", "most"), [(REQUEST, 200), (MESSAGE, 8_000)])
def test_what_is_too_long_for_everybody_is_not_kept(desk: Desk, kind: ActionKind, most: int) -> None:
    made = desk.add(NAME + "x" * most, kind)
    with pytest.raises(Problem, match=f"{most + 1:,} characters before any field"):
        desk.ask(steps.edit, step_id=made, draft=Draft("", "x" * (most + 1)))
    with pytest.raises(Problem, match="Shorten it by 7"):
        desk.add("x" * (most + 7), kind)


def test_the_launch_names_the_leads_for_whom_a_note_is_too_long(desk: Desk) -> None:
    desk.add(NAME + "x" * 195)
    with desk.database.write() as session:
        campaign = session.get_one(Campaign, desk.campaign)
        makers.lead(session, campaign, first_name="Maximiliane", last_name="Muster", linkedin_url="linkedin.com/in/max")
    with desk.database.read() as session:
        campaign = session.get_one(Campaign, desk.campaign)
        found = launch_checks.lead_problems(session, campaign)
        left = launch_checks.lead_problems(session, campaign, frozenset({desk.lead + 1}))
    said = next(one for one in found if "step 1" in one.sentence)
    assert said.sentence == "For 1 lead the text of step 1 is longer than 200 characters, this account's limit."
    assert [lead.name for lead in said.leads] == ["Maximiliane Muster"]
    assert not [one for one in left if "step 1" in one.sentence]


def test_a_step_whose_channel_is_missing_is_refused_with_what_to_connect(desk: Desk) -> None:
    with pytest.raises(Problem, match=r"no e-mail address\. Connect one under Email"):
        desk.add("Hello", ActionKind.EMAIL)
    assert list(desk.ask(step_channels.missing, campaign_id=desk.campaign)) == [Channel.EMAIL]
    desk.add("Hello")
    with desk.database.write() as session:
        session.get_one(Identity, desk.identity).linkedin_state = LinkedInState.LOGGED_OUT
    with pytest.raises(Problem, match="Connect LinkedIn first"):
        desk.add("Hello", MESSAGE)
    standing = desk.ask(steps.list_of, campaign_id=desk.campaign)[0]
    assert "Connect LinkedIn first" in standing.problems[0]


def test_who_says_that_the_account_has_premium_is_audited_once(desk: Desk) -> None:
    for _ in range(2):
        desk.ask(linkedin_accounts.say_premium, identity_id=desk.identity, has_premium=True)
    with desk.database.read() as session:
        lines = [(line.what, line.new) for line in session.query(Audit)]
    assert lines == [("linkedin.premium_said", {"premium": True})]


def test_the_editor_shows_the_note_and_keeps_the_missing_channel_s_button_off(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session)
        ada = makers.identity(session, client.id, first_name="Ada", linkedin_state=LinkedInState.CONNECTED)
        linkedin_accounts.account_for(session, ada, LONG_AGO)
        draft = makers.campaign(session, ada, steps=0, state=CampaignState.DRAFT)
        makers.lead(session, draft, last_name="**Curie**", linkedin_url="linkedin.com/in/marie")
        manager = makers.member(session, client.id, Role.MANAGER)
    note = Draft("", "Hello {{ first_name }}, may we *talk*?")
    perform(panel.database, OWNER, client.id, MONDAY, steps.add, campaign_id=draft.id, draft=note, kind=REQUEST)
    page = panel.open("campaign", manager, client.id, id=draft.id, tab="Steps")
    assert not page.exception
    assert "Hello Marie, may we *talk*?" in [text.value for text in page.text]
    off = {button.label: button.disabled for button in page.button if button.label.startswith("Add a")}
    assert off == {"Add a follow-up": True, "Add a connection request": False, "Add a LinkedIn message": False}

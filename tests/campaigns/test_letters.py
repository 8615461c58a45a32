"""The letter of an action: its text, its way out, and the thread it answers."""

import pytest
from sqlalchemy.orm import Session

from engine.letters import WAY_OUT, MissingField, UnsendableText, letter_for
from engine.sequence import message_id
from storage.database import Database
from storage.kinds import ActionState
from storage.tables import Campaign, Lane, Lead, Mailbox, Step
from tests import makers


class Story:
    """A lead of a campaign whose steps have the given subjects, with an action for each step."""

    def __init__(self, session: Session, subjects: list[str], body: str = "Hello {{ first_name }}", **lead: object) -> None:
        client = makers.workspace(session)
        ada = makers.identity(session, client.id)
        self.mailbox: Mailbox = makers.mailbox(session, ada, signature="Ada\nHead of Growth")
        self.campaign: Campaign = makers.campaign(session, ada, 0)
        self.lead: Lead = makers.lead(session, self.campaign, mailbox_id=self.mailbox.id, **lead)
        lane = session.query(Lane).filter_by(mailbox_id=self.mailbox.id).one()
        self.steps, self.actions = [], []
        for position, subject in enumerate(subjects, start=1):
            step = Step(campaign_id=self.campaign.id, position=position, subject=subject, body=body)
            session.add(step)
            session.flush()
            named = message_id("mark", self.lead.id, step.id, self.mailbox.address)
            about = {"campaign_id": self.campaign.id, "lead_id": self.lead.id, "step_id": step.id, "message_id": named}
            self.steps.append(step)
            self.actions.append(makers.action(session, lane, state=ActionState.ACCEPTED, **about))


def test_a_letter_has_text_signature_way_out_and_the_same_as_html(database: Database) -> None:
    with database.write() as session:
        story = Story(session, ["A question, {{ first_name }}"], first_name="Zoë <b>")
        letter = letter_for(session, story.actions[0])
    assert letter.subject == "A question, Zoë <b>"
    assert letter.text == f"Hello Zoë <b>\n\nAda\nHead of Growth\n\n{WAY_OUT}\n"
    assert "<p>Hello Zoë &lt;b&gt;</p>" in letter.html
    assert "no thanks" in letter.html
    assert letter.recipient == story.lead.email
    assert letter.message_id == story.actions[0].message_id
    assert (letter.in_reply_to, letter.references, letter.headers) == ("", (), ())


def test_html_of_its_own_keeps_its_tags_and_escapes_the_lead(database: Database) -> None:
    with database.write() as session:
        story = Story(session, ["Hi"], first_name="<i>Zoë</i>")
        story.steps[0].body_html = "<html><body><h1>{{ first_name }}</h1></body></html>"
        html = letter_for(session, story.actions[0]).html
    assert "<h1>&lt;i&gt;Zoë&lt;/i&gt;</h1>" in html
    assert html.index("no thanks") < html.index("</body>")


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (["Hi", "", ""], ["Hi", "Re: Hi", "Re: Hi"]),
        (["Re: Hi", ""], ["Re: Hi", "Re: Hi"]),
        (["RE:Hi", ""], ["RE:Hi", "RE:Hi"]),
        (["AW: Hallo", ""], ["AW: Hallo", "AW: Hallo"]),
        (["Report", ""], ["Report", "Re: Report"]),
        (["Hi", "Other", ""], ["Hi", "Other", "Re: Other"]),
    ],
)
def test_subjects_of_a_thread(database: Database, subjects: list[str], expected: list[str]) -> None:
    with database.write() as session:
        story = Story(session, subjects)
        assert [letter_for(session, action).subject for action in story.actions] == expected


def test_every_follow_up_answers_the_last_and_refers_to_all(database: Database) -> None:
    with database.write() as session:
        story = Story(session, ["Hi", "", "", ""])
        ids = [action.message_id for action in story.actions]
        for place, action in enumerate(story.actions):
            letter = letter_for(session, action)
            assert list(letter.references) == ids[:place]
            assert letter.in_reply_to == (ids[place - 1] if place else "")


@pytest.mark.parametrize("state", [ActionState.SKIPPED, ActionState.CANCELLED, ActionState.FAILED_PERMANENT])
def test_a_step_that_did_not_go_out_is_not_answered(database: Database, state: ActionState) -> None:
    with database.write() as session:
        story = Story(session, ["Hi", "", ""])
        story.actions[1].state = state
        session.flush()
        letter = letter_for(session, story.actions[2])
    assert letter.references == (story.actions[0].message_id,)
    assert letter.in_reply_to == story.actions[0].message_id


def test_another_leads_mails_are_not_in_the_thread(database: Database) -> None:
    with database.write() as session:
        one, other = Story(session, ["Hi", ""]), Story(session, ["Hi", ""])
        assert other.actions[0].message_id not in letter_for(session, one.actions[1]).references


def test_a_missing_field_is_named_at_send_time(database: Database) -> None:
    with database.write() as session:
        story = Story(session, ["Hi"], first_name="")
        with pytest.raises(MissingField, match="first_name"):
            letter_for(session, story.actions[0])


@pytest.mark.parametrize("value", ["a\nBcc: x@y.test", "a\rb", "a\r\nb", "a\x00b", "a\u2028b", "a\x85b"])
def test_a_value_that_would_break_the_subject_is_refused(database: Database, value: str) -> None:
    with database.write() as session:
        story = Story(session, ["About {{ topic }}"], fields={"topic": value})
        with pytest.raises(UnsendableText, match="control character"):
            letter_for(session, story.actions[0])


@pytest.mark.parametrize(
    "value", ["=cmd()|' /C calc'!A0", "🎉 عربى‏", "x" * 300, "<script>alert(1)</script>", "{{ last_name }}", "a; b, c"]
)
def test_nasty_values_are_text_in_subject_and_body(database: Database, value: str) -> None:
    with database.write() as session:
        story = Story(session, ["About {{ first_name }}"], first_name=value)
        letter = letter_for(session, story.actions[0])
    assert letter.subject == f"About {value}"
    assert f"Hello {value}" in letter.text
    assert "<script>" not in letter.html


@pytest.mark.parametrize(("subjects", "says"), [([""], "no subject"), (['{{ x | default: "." | strip }}'], "")])
def test_a_sequence_without_a_subject_can_not_be_sent(database: Database, subjects: list[str], says: str) -> None:
    with database.write() as session:
        story = Story(session, subjects)
        if says:
            with pytest.raises(UnsendableText, match=says):
                letter_for(session, story.actions[0])
        else:
            assert letter_for(session, story.actions[0]).subject == "."


def test_a_lead_without_an_address_can_not_be_sent_to(database: Database) -> None:
    with database.write() as session:
        story = Story(session, ["Hi"], email="", linkedin_url="linkedin.com/in/zoe")
        with pytest.raises(UnsendableText, match="no e-mail address"):
            letter_for(session, story.actions[0])

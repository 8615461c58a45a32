"""For whom a LinkedIn text is too long: the database says who may be, and nobody is missed by it."""

from random import Random

import pytest

from engine import linkedin_texts
from engine.desk import Problem
from engine.letters import fields_of
from engine.texts import render
from storage.database import Database
from storage.kinds import ActionKind, LeadState
from storage.tables import Lead, Step
from tests import makers

VALUES = ("", " ", "Ada", "Zoë", "Þórður", "李小龍", "👩🏽\u200d🚀", "Straße", "ΐΐΐ", "ﬃﬃ", "Maximiliane-Sophie", "x" * 40)
BODIES = (
    "Hello {{ first_name }}",
    '{{ first_name | default: "there" | upcase }} and {{ company | default: "your company" }}',
    "{{ linkedin_url }} {{ last_name | capitalize }}{{ last_name | strip }} 👋",
    '  {{ city | default: "your town" }}, {{ first_name | downcase }}  ',
    "Nothing of theirs",
    "{{ first_name | nonsense }}",
)


@pytest.mark.parametrize("body", BODIES)
def test_exactly_those_are_found_whose_rendered_text_is_too_long(database: Database, body: str) -> None:
    chance = Random(body)
    with database.write() as session:
        makers.installation(session)
        ada = makers.identity(session, makers.workspace(session).id)
        campaign = makers.campaign(session, ada, steps=0)
        step = Step(campaign_id=campaign.id, position=1, kind=ActionKind.CONNECTION_REQUEST, body=body)
        session.add(step)
        for number in range(80):
            first, last, company, city = (chance.choice(VALUES) for _ in range(4))
            known = {"first_name": first, "last_name": last, "company": company, "fields": {"city": city}}
            state = LeadState.NEW if number % 9 else LeadState.FINISHED
            makers.lead(session, campaign, email="", linkedin_url=f"linkedin.com/in/p{number}", state=state, **known)
        session.flush()
        leads = session.query(Lead).order_by(Lead.id).all()
        for most in (0, 5, 12, 25, 40, 90):
            wanted = [lead.id for lead in leads if lead.state is LeadState.NEW and _length(body, lead) > most]
            assert [lead.id for lead in linkedin_texts.exceeding(session, step, most)] == wanted, most


def _length(body: str, lead: Lead) -> int:
    try:
        return len(render(body, fields_of(lead)).strip().encode("utf-16-le")) // 2
    except Problem:
        return 0

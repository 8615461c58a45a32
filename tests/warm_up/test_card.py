"""Warm-up on an address's card: what starting and stopping will do, how it goes, and who may touch it."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from engine import clock, warm_up
from engine.desk import Actor, Desk
from storage.kinds import CampaignState, Role
from storage.tables import WarmUp, WarmUpMember
from tests import makers
from tests.panel import Panel


@dataclass
class Team:
    panel: Panel
    workspace: int
    identity: int
    box: int
    manager: Actor
    ops: Actor

    def card(self, actor: Actor | None = None) -> Any:
        who = actor or self.manager
        return self.panel.open("identity", who, self.workspace, id=self.identity, section="email")

    def start(self) -> None:
        with self.panel.database.write() as session:
            warm_up.start(Desk(session, self.manager, self.workspace, clock.now()), mailbox_id=self.box)


@pytest.fixture
def team(panel: Panel) -> Team:
    with panel.database.write() as session:
        client = makers.workspace(session)
        ada, grace = makers.identity(session, client.id), makers.identity(session, makers.workspace(session).id)
        box = makers.mailbox(session, ada, address="ada@acme.test")
        for number in range(6):
            makers.mailbox(session, grace, address=f"grace@partner{number}.test")
        makers.checked(session)
        makers.lead(session, makers.campaign(session, ada, name="Autumn *star*"))
        makers.campaign(session, ada, name="Winter", state=CampaignState.PAUSED)
        manager, ops = (makers.member(session, client.id, role) for role in (Role.MANAGER, Role.OPS))
        return Team(panel, client.id, ada.id, box.id, manager, ops)


def said(page: Any) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.get("html")]).replace("\\", "")


def test_the_dialog_names_what_it_pauses_with_whom_and_until_when(team: Team) -> None:
    page = team.card()
    page.button(key=f"warm-{team.box}").click().run()
    assert "Autumn *star*" in said(page)
    assert "Winter" not in said(page)
    assert "6 other addresses of this installation" in said(page)
    assert "About 5 mails on the first day" in said(page)
    assert "planned until Thursday 10 December 2026" in said(page)
    assert page.button(key=f"warm-start-{team.box}").label == "Pause 1 campaign and start"


def test_the_card_shows_how_it_goes_and_stop_names_what_comes_back(team: Team) -> None:
    team.start()
    page = team.card()
    assert "0 / 5" in said(page)
    assert "1 campaign paused" in said(page)
    assert "Next mail" in said(page)
    page.button(key=f"warm-stop-{team.box}").click().run()
    assert "Autumn *star*" in said(page)
    assert page.button(key=f"warm-end-{team.box}").label == "Stop and resume 1 campaign"


def test_a_pause_is_shown_and_ended_and_ops_may_only_look(team: Team) -> None:
    team.start()
    team.card().button(key=f"warm-pause-{team.box}").click().run()
    page = team.card()
    assert "Paused by" in said(page)
    page.button(key=f"warm-resume-{team.box}").click().run()
    seen = team.card(team.ops)
    assert not [one for one in seen.button if str(one.key).startswith("warm-")]
    assert not [one for one in seen.toggle if str(one.key).startswith("warm-")]
    with team.panel.database.read() as session:
        assert session.scalars(select(WarmUp)).one().paused_at is None


def test_an_address_switched_out_on_its_card_is_refused_a_start(team: Team) -> None:
    page = team.card()
    page.toggle(key=f"warm-part-{team.box}-True").set_value(False).run()
    with team.panel.database.read() as session:
        assert session.get_one(WarmUpMember, team.box).takes_part is False
    page = team.card()
    page.button(key=f"warm-{team.box}").click().run()
    assert "switched out of the warm-up pool" in page.warning[0].value.replace("\\", "")

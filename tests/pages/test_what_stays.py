"""What a page keeps of what was typed: nothing of one identity or workspace stands in another's page, and errors stay."""

from typing import Any

import pytest

from engine import linkedin_accounts
from engine.desk import Actor
from engine.warm_up import BulkResult
from storage.kinds import LinkedInSignInState, Role
from storage.tables import LinkedInSignIn
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel


@pytest.fixture
def office(panel: Panel) -> tuple[int, Actor]:
    """A client with Ada (1) and Grace (2), neither connected, and a manager."""
    with panel.database.write() as session:
        client = makers.workspace(session)
        for name in ("Ada", "Grace"):
            linkedin_accounts.account_for(session, makers.identity(session, client.id, first_name=name), MONDAY)
        return client.id, makers.member(session, client.id, Role.MANAGER)


def labelled(fields: Any, label: str) -> Any:
    return next(field for field in fields if field.label == label)


def ask_for_a_code(panel: Panel, client: int) -> None:
    with panel.database.write() as session:
        common = {"workspace_id": client, "identity_id": 1, "email": "ada@acme.test", "asked": {"kind": "sms"}}
        begun = {"started_by": "a manager", "started_at": MONDAY, "ends_at": MONDAY.replace(hour=23)}
        session.add(LinkedInSignIn(state=LinkedInSignInState.CODE, asked_number=1, **common, **begun))


def test_a_password_and_a_consent_never_stand_in_another_identity_s_form(panel: Panel, office: tuple[int, Actor]) -> None:
    client, manager = office
    page = panel.open("identity", manager, client, id=1, section="linkedin")
    page.checkbox[0].check()
    labelled(page.text_input, "LinkedIn password").set_value("hers alone")
    labelled(page.button, "Connect LinkedIn").click().run()  # refused: there is no address
    assert page.error
    assert page.checkbox[0].value  # what was typed is not lost
    page.query_params["id"] = "2"
    page.run()
    assert page.title[0].value.startswith("Grace")
    assert not page.checkbox[0].value
    assert labelled(page.text_input, "LinkedIn password").value == ""


def test_what_is_wrong_with_a_code_stands_until_the_next_answer(panel: Panel, office: tuple[int, Actor]) -> None:
    client, manager = office
    ask_for_a_code(panel, client)
    page = panel.open("identity", manager, client, id=1, section="linkedin")
    labelled(page.text_input, "Code").set_value("12")
    labelled(page.button, "Give LinkedIn the code").click().run()
    assert "Type the code as LinkedIn sent it" in page.error[0].value
    page.run()
    assert "Type the code as LinkedIn sent it" in page.error[0].value


def test_what_came_of_many_warm_ups_is_told_in_their_own_workspace_only(panel: Panel, office: tuple[int, Actor]) -> None:
    client, manager = office
    with panel.database.write() as session:
        makers.mailbox(session, makers.identity(session, client))
        other = makers.workspace(session)
        makers.mailbox(session, makers.identity(session, other.id))
        admin = Actor(manager.user_id, manager.label, is_owner=True)
    came = (client, "started", (BulkResult("ada@acme.test", ""),))
    for workspace, told in ((client, True), (other.id, False)):
        page = panel.open("warm-up", admin, client)
        page.session_state["warm-up-results"] = came
        page.query_params["w"] = str(workspace)
        page.run()
        assert any("1 of 1 started" in one.value for one in page.markdown) is told

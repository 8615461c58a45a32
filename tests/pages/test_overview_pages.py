"""Today, Parked and Why as a person uses them."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from engine.desk import Actor
from storage.kinds import ActionState, LeadState, MailboxState, Reason, Role, StopScope
from storage.tables import Action, Heartbeat, Lane, Step, Stop
from tests import makers
from tests.makers import MONDAY
from tests.pages.test_identities_pages import press, written
from tests.panel import Panel


@dataclass
class Client:
    id: int
    manager: Actor
    ops: Actor
    owner: Actor


@pytest.fixture
def client(panel: Panel) -> Client:
    with panel.database.write() as session:
        user = makers.user(session, is_owner=True)
        made = makers.workspace(session, name="Acme")
        manager, ops = (makers.member(session, made.id, role) for role in (Role.MANAGER, Role.OPS))
        session.add(Heartbeat(name="worker", boot="b", pid=1, host="h", started_at=MONDAY, at=MONDAY + timedelta(hours=1)))
        return Client(made.id, manager, ops, Actor(user.id, user.email, is_owner=True))


def planned(panel: Panel, client: Client, state: ActionState = ActionState.PLANNED, **values: object) -> Action:
    """One e-mail of Ada's running campaign to Marie Curie."""
    with panel.database.write() as session:
        ada = makers.identity(session, client.id, first_name="Ada", last_name="Lovelace")
        box = makers.mailbox(session, ada, address="ada@acme.test")
        campaign = makers.campaign(session, ada, name="Autumn")
        marie = makers.lead(session, campaign, last_name="Curie", state=LeadState.ACTIVE, mailbox_id=box.id)
        lane = session.scalars(select(Lane).where(Lane.mailbox_id == box.id)).one()
        step_id = session.scalars(select(Step.id).where(Step.campaign_id == campaign.id)).one()
        about = {"campaign_id": campaign.id, "lead_id": marie.id, "step_id": step_id}
        return makers.action(session, lane, state=state, attempt=1, **about, **values)


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_today_of_an_empty_workspace_says_what_to_do_first(panel: Panel, client: Client) -> None:
    page = panel.open("today", client.manager, client.id)
    assert "Nothing runs yet" in written(page)
    assert "Needs you" not in written(page)
    assert press(page, "Add the first identity").title[0].value == "Add an identity manually"


def test_today_shows_what_acts_what_needs_a_person_and_that_the_worker_lives(panel: Panel, client: Client) -> None:
    planned(panel, client)
    with panel.database.write() as session:
        broken = makers.identity(session, client.id, first_name="Alan", last_name="")
        makers.mailbox(
            session, broken, address="alan@acme.test", state=MailboxState.RECONNECT_NEEDED, state_note="Wrong password."
        )
        session.scalars(select(Lane)).first().wake_at = MONDAY  # type: ignore[union-attr]
    page = panel.open("today", client.ops, client.id)
    shown = written(page)
    for part in ("Needs you (1)", "Wrong password.", "Ada Lovelace", "runs now", "0 / 50", "worker ok"):
        assert part in shown
    assert figures(page)["Acting now"] == "1"
    assert figures(page)["Sent today"] == "0 / 100"
    assert press(page, "Reconnect").title[0].value == "Alan"


def test_a_worker_that_does_not_answer_is_the_first_thing_that_needs_a_person(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        session.get_one(Heartbeat, "worker").at = MONDAY - timedelta(minutes=5)
    shown = written(panel.open("today", client.ops, client.id))
    assert "Needs you (1)" in shown
    assert "The worker does not answer" in shown
    assert "worker down" in shown


def test_stop_says_what_it_holds_then_when_the_last_action_began_and_release_undoes_it(panel: Panel, client: Client) -> None:
    planned(panel, client)
    with panel.database.write() as session:
        session.scalars(select(Lane)).one().last_effect_at = MONDAY - timedelta(seconds=12)
    page = press(panel.open("today", client.manager, client.id), "Stop everything")
    assert "No new action of 1 identity begins after this, in 1 running campaign." in written(page)
    page = press(page, "Stop Acme")
    assert "Acme is stopped. No new action begins." in written(page)
    assert re.search(r"Last action: \d+ s ago", written(page))  # the clock goes on while the pages run
    assert figures(page)["Stopped"] == "1"
    page = press(page, "Release Acme")
    assert figures(page)["Stopped"] == "0"
    with panel.database.read() as session:
        assert session.scalars(select(Stop)).one().released_by == client.manager.user_id


def test_ops_press_stop_and_a_manager_releases_it(panel: Panel, client: Client) -> None:
    planned(panel, client)
    page = press(press(panel.open("today", client.ops, client.id), "Stop everything"), "Stop Acme")
    assert "Release Acme" not in [button.label for button in page.button]
    assert "A manager or an admin can release it." in written(page)


def test_only_an_owner_is_offered_the_whole_installation(panel: Panel, client: Client) -> None:
    page = press(panel.open("today", client.manager, client.id), "Stop everything")
    assert not page.radio
    page = press(panel.open("today", client.owner, client.id), "Stop everything")
    page.radio[0].set_value(1).run()
    page = press(page, "Stop the whole installation")
    with panel.database.read() as session:
        assert session.scalars(select(Stop)).one().scope is StopScope.INSTALLATION


def test_an_identity_is_stopped_on_its_own_page(panel: Panel, client: Client) -> None:
    action = planned(panel, client)
    page = press(panel.open("identity", client.ops, client.id, id=action.identity_id), "Stop")
    page = press(page, "Stop Ada Lovelace")
    assert "Ada Lovelace is stopped." in written(page)
    for actor, label in ((client.manager, "Release"), (client.ops, "About the stop")):
        again = [each.label for each in panel.open("identity", actor, client.id, id=action.identity_id).button]
        assert label in again  # the way back stands where Stop stood
        assert "Stop" not in again


def test_nothing_parked_is_said_in_one_sentence(panel: Panel, client: Client) -> None:
    assert "Nothing is parked" in written(panel.open("parked", client.ops, client.id))


def parked(panel: Panel, client: Client) -> Action:
    return planned(
        panel,
        client,
        ActionState.PARKED,
        message_id="<7@acme.test>",
        sending_at=MONDAY - timedelta(minutes=9),
        reason=Reason.NO_EVIDENCE,
        note="reset by peer",
    )


@pytest.mark.parametrize(
    ("button", "after"),
    [
        ("It went out", ActionState.ACCEPTED),
        ("It did not: send it", ActionState.DUE),
        ("Give it up", ActionState.CANCELLED),
    ],
)
def test_a_parked_action_shows_its_evidence_and_is_decided_with_one_click(
    panel: Panel, client: Client, button: str, after: ActionState
) -> None:
    action = parked(panel, client)
    page = panel.open("parked", client.manager, client.id)
    shown = written(page)
    for part in ("E-mail to Marie Curie", "&lt;7@acme.test&gt;", "reset by peer", "9 min ago"):
        assert part in shown
    page = press(page, button)
    assert not page.error
    assert "Nothing is parked" in written(page)
    with panel.database.read() as session:
        assert session.get_one(Action, action.id).state is after


def test_ops_see_what_is_parked_and_decide_nothing(panel: Panel, client: Client) -> None:
    parked(panel, client)
    page = panel.open("parked", client.ops, client.id)
    assert "Marie Curie" in written(page)
    assert "It went out" not in [button.label for button in page.button]


def test_why_names_the_first_gate_that_fails_and_the_next_possible_time(panel: Panel, client: Client) -> None:
    action = planned(panel, client)
    panel.move_to(MONDAY + timedelta(hours=10))  # 21:00 in Madrid
    shown = written(panel.open("why", client.ops, client.id, id=action.id))
    for part in ("Why did this not run?", "nobody pressed Stop", "Outside the identity", "next possible: ", "09:00 Madrid"):
        assert part in shown


def test_why_of_what_may_run_says_so(panel: Panel, client: Client) -> None:
    shown = written(panel.open("why", client.ops, client.id, id=planned(panel, client).id))
    assert "runs now" in shown
    assert "next possible" not in shown


def test_why_of_an_action_out_of_reach_says_nothing_of_it(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        other = makers.workspace(session)
    theirs = planned(panel, Client(other.id, client.manager, client.ops, client.owner))
    for asked in (theirs.id, 999_999, "x", ""):
        page = panel.open("why", client.ops, client.id, id=asked)
        assert not page.exception
        assert "This action does not exist, or you have no access to it." in written(page)
        assert "Curie" not in written(page)


def test_many_needs_are_five_until_more_are_asked_for(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        for number in range(8):
            broken = makers.identity(session, client.id)
            makers.mailbox(session, broken, address=f"box{number}@a.test", state=MailboxState.RECONNECT_NEEDED)
    page = panel.open("today", client.ops, client.id)
    assert "Needs you (8)" in written(page)
    assert written(page).count("now]") == 5
    page = press(page, "Show 3 more")
    assert written(page).count("now]") == 8
    assert written(press(page, "Show fewer")).count("now]") == 5

"""The screens: a domain's records on the address's card, and a launch that asks for a reason."""

from streamlit.testing.v1 import AppTest

from engine import domain_checks
from engine.connections.domain_records import Records, asker, look
from engine.desk import Actor
from pages import badges
from storage.kinds import ActionState, CampaignState, RecordState, Role
from storage.tables import Campaign, DomainCheck
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel

GOOD, BAD = RecordState.PRESENT, RecordState.MISSING


def house(panel: Panel, spf: RecordState | None) -> tuple[Actor, int, int, int]:
    """A manager, the client, an identity with an address, and a draft with one lead."""
    with panel.database.write() as session:
        client = makers.workspace(session).id
        ada = makers.identity(session, client)
        makers.mailbox(session, ada, address="ada@acme.test")
        draft = makers.campaign(session, ada, state=CampaignState.DRAFT, launched_at=None)
        makers.lead(session, draft)
        manager = makers.member(session, client, Role.MANAGER)
    if spf is not None:
        note = "acme.test has *no* SPF record; add it." if spf is BAD else ""
        records = Records(spf, GOOD, GOOD, GOOD, {"spf": note})
        domain_checks.check_now(panel.database, lambda _domain, _selectors: records, ["acme.test"], MONDAY)
    return manager, client, ada.id, draft.id


def said(page: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*page.error, *page.warning, *page.success, *page.markdown, *page.caption))


def launch_button(page: AppTest) -> list[object]:
    return [each for each in page.button if each.label.startswith("Launch for")]


def test_a_red_domain_asks_for_a_reason_at_the_launch(panel: Panel) -> None:
    manager, client, _, draft = house(panel, BAD)
    page = panel.open("campaign", manager, client, id=draft, tab="Launch")
    assert "acme.test is not fit to send from" in said(page)
    assert "Nothing speaks against it" not in said(page)
    launch_button(page)[0].click()  # type: ignore[attr-defined]
    page.run()
    assert "say why to launch all the same" in said(page)
    page.text_input(key="launch-despite-1").set_value("The record is being set today.")
    launch_button(page)[0].click()  # type: ignore[attr-defined]
    page.run()
    with panel.database.read() as session:
        assert session.get_one(Campaign, draft).state is CampaignState.RUNNING


def test_a_domain_never_looked_up_is_looked_up_at_once_and_not_taken_for_good(panel: Panel) -> None:
    manager, client, _, draft = house(panel, None)
    page = panel.open("campaign", manager, client, id=draft, tab="Launch")
    assert "acme.test is not known to be fit" in said(page)
    with panel.database.read() as session:
        assert session.get_one(DomainCheck, "acme.test").spf is RecordState.UNKNOWN
    assert launch_button(page)


def test_this_machine_s_resolver_is_never_asked_for_names_that_exist_nowhere() -> None:
    found = look("acme.test", (), asker(), seconds=2)
    assert {found.mx, found.spf, found.dkim, found.dmarc} == {RecordState.UNKNOWN}


def test_a_record_that_nobody_knows_looks_like_that_and_not_like_an_unknown_outcome() -> None:
    assert badges.look(RecordState.UNKNOWN).word == "not known"
    assert badges.look(ActionState.UNKNOWN).word == "outcome unknown"


def test_the_card_says_what_to_change_and_takes_a_selector(panel: Panel) -> None:
    manager, client, ada, _ = house(panel, BAD)
    page = panel.open("identity", manager, client, id=ada, section="email")
    assert not page.exception
    assert ":red-badge[:material/error: missing] **SPF · who may send**" in said(page)
    assert "has *no* SPF record" in "".join(str(each.proto.body) for each in page.get("html"))
    own = next(each for each in page.button if each.label == "Send a mail to itself")
    own.click()
    page.run()
    assert not page.exception
    assert any("A mail to itself was asked for" in str(each.value) for each in page.info)

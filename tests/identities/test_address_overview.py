"""Every address in one list: those that need somebody first, of one's own workspace, of all of them for owners."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine import address_overview, alerts, disconnecting
from engine.desk import Denied, perform
from storage.database import Database
from storage.kinds import AlertKind, LeadState, MailboxState, RecordState, Role
from storage.tables import DomainCheck, Identity, MailReading
from tests import makers
from tests.makers import MONDAY, OWNER
from tests.panel import Panel


@pytest.fixture
def ada(database: Database) -> Identity:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, id=OWNER.user_id)
        ada = makers.identity(session, makers.workspace(session).id, last_name="Lovelace")
        well = makers.mailbox(session, ada, address="ada@well.test", last_good_at=MONDAY)
        session.add(MailReading(mailbox_id=well.id, next_at=MONDAY, last_at=MONDAY - timedelta(minutes=3), failures=0))
        makers.mailbox(
            session, ada, address="ada@zebra.test", state=MailboxState.RECONNECT_NEEDED, state_note="Sign in again."
        )
        session.add(
            DomainCheck(
                domain="well.test",
                checked_at=MONDAY,
                next_check_at=MONDAY,
                spf=RecordState.PRESENT,
                dkim=RecordState.PRESENT,
                dmarc=RecordState.MISSING,
                note="well.test has no DMARC record.",
            )
        )
        other = makers.identity(session, makers.workspace(session).id)
        makers.mailbox(session, other, address="zoe@other.test")
        return ada


@pytest.fixture
def do(database: Database, ada: Identity) -> Callable[..., Any]:
    def act(task: Callable[..., Any], actor: Any = OWNER, **values: Any) -> Any:
        return perform(database, actor, ada.workspace_id, MONDAY, task, **values)

    return act


def addresses(page: Any) -> list[str]:
    return [line.address for line in page.rows]


def test_what_needs_somebody_comes_first_and_says_what_to_do(do: Callable[..., Any]):
    first, second = do(address_overview.of_workspace).rows
    assert (first.address, first.to_do, first.domain) == ("ada@zebra.test", "Sign in again.", None)
    assert (second.to_do, second.last_good_at, second.last_read_at) == ("", MONDAY, MONDAY - timedelta(minutes=3))
    assert (second.domain.is_red, second.today.limit) == (True, 50)


def test_it_is_narrowed_by_words_by_state_and_by_need(do: Callable[..., Any]):
    assert addresses(do(address_overview.of_workspace, text="love zebra")) == ["ada@zebra.test"]
    assert addresses(do(address_overview.of_workspace, text="%")) == []
    assert addresses(do(address_overview.of_workspace, state=MailboxState.OK)) == ["ada@well.test"]
    assert addresses(do(address_overview.of_workspace, needs=True)) == ["ada@zebra.test"]


def test_nobody_sees_another_workspace_but_an_owner(database: Database, do: Callable[..., Any], ada: Identity):
    with database.write() as session:
        admin = makers.member(session, ada.workspace_id, Role.ADMIN)
        hidden = makers.identity(session, ada.workspace_id)
        makers.mailbox(session, hidden, address="hidden@well.test")
        some = makers.member(session, ada.workspace_id, Role.OPS, [ada.id])
    assert "zoe@other.test" in addresses(do(address_overview.of_installation))
    assert addresses(do(address_overview.of_workspace, some)) == ["ada@zebra.test", "ada@well.test"]
    assert "zoe@other.test" not in addresses(do(address_overview.of_workspace, admin))
    with pytest.raises(Denied):
        do(address_overview.of_installation, admin)


def test_a_disconnected_address_says_who_would_come_back(database: Database, do: Callable[..., Any], ada: Identity):
    with database.write() as session:
        gone = makers.mailbox(session, session.merge(ada), address="gone@well.test", state=MailboxState.DISCONNECTED)
        campaign = makers.campaign(session, ada)
        makers.lead(session, campaign, state=LeadState.ACTIVE, mailbox_id=gone.id)
        disconnecting.fail_leads(session, gone.id, "olga", MONDAY)
    (line,) = do(address_overview.of_workspace, text="gone").rows
    assert line.to_do == "Connect it again; 1 lead comes back."


def test_what_to_do_is_told_in_whole_sentences_the_first_five_at_once(panel: Panel):
    note = "The server refused the password of <b>this</b> address. " * 8
    with panel.database.write() as session:
        client = makers.workspace(session)
        for number in range(7):
            box = {"address": f"ada{number}@well.test", "state": MailboxState.RECONNECT_NEEDED, "state_note": note}
            makers.mailbox(session, makers.identity(session, client.id), **box)
        ops = makers.member(session, client.id, Role.OPS)
    page = panel.open("addresses", ops, client.id)
    assert not page.exception
    shown = [str(each.proto.body) for each in page.main.get("html") if "refused the password" in str(each.proto.body)]
    assert [text.count(html.escape(note)) for text in shown] == [5, 2]
    assert "ada0@well.test" in shown[0]
    assert page.expander[0].label == "2 more on this page"


def test_a_narrow_column_tells_times_by_their_largest_unit(panel: Panel):
    away = {
        "a": timedelta(hours=20, minutes=40),
        "b": timedelta(minutes=9, seconds=30),
        "c": timedelta(days=121),
        "d": timedelta(days=400),
    }
    with panel.database.write() as session:
        client = makers.workspace(session)
        ada = makers.identity(session, client.id)
        for name, since in away.items():
            makers.mailbox(session, ada, address=f"{name}@well.test", state_since=MONDAY - since)
        ops = makers.member(session, client.id, Role.OPS)
    page = panel.open("addresses", ops, client.id)
    assert not page.exception
    assert list(page.dataframe[0].value["Since"]) == ["20 h ago", "9 min ago", "25 Jul", "19 Oct 2025"]
    assert set(page.dataframe[0].value["Provider"]) == {"IMAP"}


def test_without_any_address_it_says_where_to_connect_one_in_this_workspace_and_in_all(panel: Panel):
    with panel.database.write() as session:
        client = makers.workspace(session)
        makers.user(session, id=OWNER.user_id, is_owner=True)
    page = panel.open("addresses", OWNER, client.id)
    where = "connect one on an identity's page, under Email."
    assert any(each.value == f"No e-mail address is connected yet; {where}" for each in page.markdown)
    page.toggle(key="all").set_value(True).run()
    assert any(each.value == f"No e-mail address is connected yet in any workspace; {where}" for each in page.markdown)
    assert [each.label for each in page.main.get("button")] == ["Show the identities"]
    page.text_input(key="find").set_value("ada").run()
    assert any(each.value == "No e-mail address fits these filters." for each in page.markdown)
    page.button[0].click().run()
    assert (page.text_input(key="find").value, page.toggle(key="all").value) == ("", True)


def test_the_pages_show_addresses_and_alerts(panel: Panel):
    with panel.database.write() as session:
        client = makers.workspace(session)
        makers.mailbox(session, makers.identity(session, client.id), address="ada@well.test")
        ops = makers.member(session, client.id, Role.OPS)
    page = panel.open("addresses", ops, client.id)
    assert not page.exception
    assert list(page.dataframe[0].value["Address"]) == ["ada@well.test"]
    page = panel.open("alerts", ops, client.id)
    assert not page.exception
    assert "There has been no alert yet. Today lists what needs you now." in [each.value for each in page.markdown]
    with panel.database.write() as session:
        alerts.raise_alert(session, AlertKind.WORKER, "Worker", "It stands still.", client.id, None, MONDAY, "worker")
    for shown, new in (("identities", True), ("alerts", True), ("identities", False)):
        links = "".join(str(each.proto.body) for each in panel.open(shown, ops, client.id).sidebar.get("html"))
        assert ("Alerts (1 new)" in links) is new

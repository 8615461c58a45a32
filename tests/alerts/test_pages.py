"""The screens: choosing what comes by mail, the mail server of the installation, and the workspace's webhook."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import networks
from engine.connections.trust import trusted
from engine.desk import Actor, perform
from storage.kinds import AlertKind, Role
from storage.tables import AlertChoice, AlertMail, Webhook
from tests import makers
from tests.alerts.receiver import Receiver
from tests.makers import MONDAY
from tests.panel import Panel


@pytest.fixture
def owner(panel: Panel) -> Actor:
    with panel.database.write() as session:
        user = makers.user(session, is_owner=True, name="Olga")
    return Actor(user.id, user.email, is_owner=True)


@pytest.fixture
def client(panel: Panel) -> int:
    with panel.database.write() as session:
        return makers.workspace(session, name="Acme *&* <b>").id


def said(page: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*page.error, *page.success, *page.warning, *page.info, *page.markdown))


def test_a_user_chooses_what_comes_by_mail(panel: Panel, owner: Actor, client: int) -> None:
    page = panel.open("alerts", owner, client)
    page.button(key="by-mail").click().run()
    assert "No mail is sent yet" in said(page)
    page.checkbox(key=f"tell-{AlertKind.BOUNCES}").check()
    page.button(key="tell-save").click().run()
    assert not page.exception
    with panel.database.read() as session:
        assert session.get_one(AlertChoice, (owner.user_id, client)).kinds == ["bounces"]


def test_the_owner_sets_the_mail_server_and_the_test_says_why_it_did_not_go(panel: Panel, owner: Actor, client: int) -> None:
    page = panel.open("installation", owner, client)
    fields = {each.label: each for each in page.text_input}
    for label, value in (
        ("Mail server", "127.0.0.1"),
        ("User name", "u"),
        ("Password", "secret words"),
        ("From", "o@x.test"),
    ):
        fields[label].set_value(value)
    next(each for each in page.button if each.label == "Save the mail server").click()
    page.run()
    assert not page.exception
    with panel.database.read() as session:
        assert session.get_one(AlertMail, 1).host == "127.0.0.1"
    assert "secret words" not in [field.value for field in page.text_input]
    page.button(key="alert-mail-test").click().run()
    assert "private or reserved network" in said(page)
    page.button(key="alert-mail-forget").click().run()
    with panel.database.read() as session:
        assert session.get(AlertMail, 1) is None


def test_an_admin_sets_a_webhook_sees_its_secret_once_and_the_answer_of_a_test(
    panel: Panel, owner: Actor, client: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", receiver.ca_file)
    trusted.cache_clear()
    perform(panel.database, owner, None, MONDAY, networks.set_allowed_networks, networks=["127.0.0.0/8"])
    with panel.database.write() as session:
        admin = makers.member(session, client, Role.ADMIN)
    page = panel.open("webhook", admin, client)
    assert "Nothing is posted yet" in said(page)
    page.text_input[0].set_value("ftp://x")
    save = next(each for each in page.button if each.label == "Save the webhook")
    save.click()
    page.run()
    assert "whole address; it begins with" in said(page)
    page.text_input[0].set_value(receiver.address)
    next(each for each in page.button if each.label == "Save the webhook").click()
    page.run()
    assert page.code[0].value.startswith("whsec_")
    secret = page.code[0].value
    page.run()
    assert secret not in str([each.value for each in page.code])
    page.button(key="webhook-test").click().run()
    assert 'It answered 200 and said: "taken"' in said(page)
    assert len(receiver.got) == 1
    trusted.cache_clear()
    page.button(key="webhook-forget").click().run()
    with panel.database.read() as session:
        assert session.query(Webhook).count() == 0


def test_who_has_named_identities_only_is_told_why_there_is_no_webhook_for_them(panel: Panel, client: int) -> None:
    with panel.database.write() as session:
        ada = makers.identity(session, client)
        admin = makers.member(session, client, Role.ADMIN, [ada.id])
        manager = makers.member(session, client, Role.MANAGER)
    assert "Ask another admin" in said(panel.open("webhook", admin, client))
    assert "does not open this page" in said(panel.open("webhook", manager, client))

"""The apps that ask at Google and Microsoft: what is refused, what is kept sealed, whose app a workspace uses, the page."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import provider_apps
from engine.desk import Actor, Problem
from engine.provider_apps import AppForm
from storage.database import Database
from storage.kinds import MailboxState, Provider, Role
from storage.tables import Audit, Mailbox, MailGrant, ProviderApp
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel

VAULT = Vault({1: new_key()})
GUID = "0f5e7c1a-3b7d-4e0b-9a51-6d2f1c8b7a90"
GOOGLE = AppForm(Provider.GOOGLE, "12-ab.apps.googleusercontent.com", "GOCSPX-secret")
MICROSOFT = AppForm(Provider.MICROSOFT, GUID, "abc~secret.value", "organizations")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (AppForm(Provider.GOOGLE, "  ", "s"), "Enter the client id"),
        (AppForm(Provider.GOOGLE, "12-ab.apps.googleusercontent.com"), "Enter the client secret"),
        (AppForm(Provider.GOOGLE, "ada@acme.test", "s"), "ends with .apps.googleusercontent.com"),
        (AppForm(Provider.GOOGLE, "12-ab.apps.googleusercontent.com", "two words"), "without spaces"),
        (AppForm(Provider.GOOGLE, "x" * 400, "s"), "too long"),
        (AppForm(Provider.MICROSOFT, "Outpost", "s"), "32 letters and digits with dashes"),
        (AppForm(Provider.MICROSOFT, GUID, GUID), "secret's ID; copy its Value"),
        (AppForm(Provider.MICROSOFT, GUID, "s", "common"), "“common” does not work"),
        (AppForm(Provider.MICROSOFT, GUID, "s", "acme"), "“organizations” for every company"),
        (AppForm(Provider.MICROSOFT, GUID, "s", "a\nb.test"), "without spaces"),
    ],
    ids=lambda value: value if isinstance(value, str) else "form",
)
def test_each_wrong_field_has_a_sentence_and_nothing_is_kept(database: Database, form: AppForm, sentence: str) -> None:
    with database.write() as session, pytest.raises(Problem, match=sentence):
        provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)
    with database.read() as session:
        assert session.scalars(select(ProviderApp)).all() == []


def test_a_secret_is_sealed_never_shown_and_never_audited(database: Database) -> None:
    with database.write() as session:
        makers.user(session, is_owner=True)
        provider_apps.set_installation_app(makers.desk(session), form=GOOGLE, vault=VAULT)
        shown = provider_apps.installation_apps(makers.desk(session))
    with database.read() as session:
        row = session.scalars(select(ProviderApp)).one()
        assert row.secret
        assert b"GOCSPX" not in row.secret
        assert provider_apps.opened(row, VAULT).secret == "GOCSPX-secret"
        assert "GOCSPX" not in str([line.new for line in session.scalars(select(Audit))])
    assert "GOCSPX" not in str(shown)
    assert "GOCSPX" not in repr(GOOGLE)


def test_an_empty_secret_keeps_the_one_that_is_stored(database: Database) -> None:
    with database.write() as session:
        makers.user(session, is_owner=True)
        for form in (MICROSOFT, AppForm(Provider.MICROSOFT, GUID, "", "acme.test")):
            provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)
        row = session.scalars(select(ProviderApp)).one()
        app = provider_apps.opened(row, VAULT)
    assert (app.secret, app.tenant) == ("abc~secret.value", "acme.test")


def test_a_workspaces_own_app_stands_before_the_installations(database: Database) -> None:
    with database.write() as session:
        makers.user(session, is_owner=True)
        ours, theirs = makers.workspace(session), makers.workspace(session)
        provider_apps.set_installation_app(makers.desk(session), form=GOOGLE, vault=VAULT)
        own = AppForm(Provider.GOOGLE, "own.apps.googleusercontent.com", "own")
        provider_apps.set_workspace_app(makers.desk(session, ours.id), form=own, vault=VAULT)
        found = [provider_apps.apps_in_use(makers.desk(session, one.id))[Provider.GOOGLE] for one in (ours, theirs)]
    assert [(view.client_id.split(".")[0], view.is_of_workspace) for view in found] == [("own", True), ("12-ab", False)]


def granted_mailbox(session: object, workspace_id: int, app_id: int, state: MailboxState) -> Mailbox:
    ada = makers.identity(session, workspace_id)  # type: ignore[arg-type]
    grant = MailGrant(
        workspace_id=workspace_id,
        provider_app_id=app_id,
        provider=Provider.GOOGLE,
        address="ada@acme.test",
        granted_at=MONDAY,
        rotated_at=MONDAY,
        retry_at=MONDAY + timedelta(minutes=30),
    )
    session.add(grant)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    return makers.mailbox(session, ada, grant_id=grant.id, state=state, provider=Provider.GOOGLE)  # type: ignore[arg-type]


def test_a_mended_secret_is_tried_at_once_and_another_app_needs_new_sign_ins(database: Database) -> None:
    with database.write() as session:
        makers.user(session, is_owner=True)
        client = makers.workspace(session)
        app_id = provider_apps.set_installation_app(makers.desk(session), form=GOOGLE, vault=VAULT)
        mailbox = granted_mailbox(session, client.id, app_id, MailboxState.DEGRADED)
        mended = AppForm(Provider.GOOGLE, GOOGLE.client_id, "new")
        provider_apps.set_installation_app(makers.desk(session), form=mended, vault=VAULT)
        session.refresh(mailbox)
        grant = session.get_one(MailGrant, mailbox.grant_id)
        session.refresh(grant)
        assert (grant.retry_at, mailbox.next_probe_at, mailbox.state) == (None, MONDAY, MailboxState.DEGRADED)
        other = AppForm(Provider.GOOGLE, "other.apps.googleusercontent.com", "new")
        provider_apps.set_installation_app(makers.desk(session), form=other, vault=VAULT)
        session.refresh(mailbox)
        session.refresh(grant)
        assert (grant.ended_at, mailbox.state) == (MONDAY, MailboxState.RECONNECT_NEEDED)
        assert "another app" in mailbox.state_note


def test_the_page_shows_the_exact_redirect_addresses_and_says_what_is_wrong(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session)
        admin = makers.member(session, client.id, Role.ADMIN)
    page = panel.open("providers", admin, client.id)
    assert not page.exception
    assert "only for the name localhost" in page.warning[0].value
    url = panel.outpost.config.public_url
    assert [code.value for code in page.code] == [
        f"{url}/connect/google/return",
        f"{url}/connect/microsoft/return",
        f"{url}/connect/microsoft/approval",
    ]
    page.text_input(key="id-google-own").set_value("nonsense")
    page.text_input(key="secret-google-own").set_value("GOCSPX-1")
    page.button[0].click().run()
    assert "ends with .apps.googleusercontent.com" in page.error[0].value
    page.text_input(key="id-google-own").set_value(GOOGLE.client_id)
    page.button[0].click().run()
    assert not page.error
    assert "GOCSPX-1" not in [field.value for field in page.text_input]  # it is kept, so it is gone from the page
    with panel.database.read() as session:
        assert session.scalars(select(ProviderApp.workspace_id)).all() == [client.id]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://panel.agency.test", ""),
        ("http://localhost:8501", ""),
        ("http://127.0.0.1:8501", "only for the name localhost"),
        ("http://panel.agency.test", "no redirect address without https"),
        ("http://192.168.7.4:8501", "no redirect address without https"),
    ],
)
def test_an_address_that_no_provider_takes_is_said_beforehand(url: str, sentence: str) -> None:
    said = provider_apps.redirect_problem(url)
    assert sentence in said
    assert bool(said) is bool(sentence)


def test_an_owner_enters_the_app_of_the_whole_installation_and_a_manager_none(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session)
        row = makers.user(session, is_owner=True)
        manager = makers.member(session, client.id, Role.MANAGER)
    page = panel.open("providers", Actor(row.id, row.email, is_owner=True), client.id)
    page.text_input(key="id-microsoft-all").set_value(GUID)
    page.text_input(key="secret-microsoft-all").set_value("abc~1")
    page.button[1].click().run()
    assert not page.exception
    with panel.database.read() as session:
        assert session.scalars(select(ProviderApp.workspace_id)).all() == [None]
    refused = panel.open("providers", manager, client.id)
    assert "does not open this page" in refused.error[0].value

"""The settings pages through AppTest: what each role finds there, and what they do."""

import re
from dataclasses import dataclass

import pyotp
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from engine import clock, passwords, sessions
from engine.desk import Actor
from storage.kinds import Role
from storage.tables import Audit, Invitation, Membership, Setting, User, Workspace
from tests import makers
from tests.panel import Panel

PASSWORD = "nineteen violet otters hum"


@dataclass(frozen=True)
class Office:
    panel: Panel
    workspace_id: int
    owner: Actor
    admin: Actor
    ops: Actor


@pytest.fixture
def office(panel: Panel) -> Office:
    with panel.database.write() as session:
        owner = makers.user(session, is_owner=True, name="Olga", password_hash=passwords.hashed(PASSWORD))
        client = makers.workspace(session, name="Acme *&* <b>Söhne</b>")
        makers.identity(session, client.id, first_name="Ada", last_name="Lovelace")
        admin, ops = makers.member(session, client.id, Role.ADMIN), makers.member(session, client.id, Role.OPS)
    return Office(panel, client.id, Actor(owner.id, owner.email, is_owner=True), admin, ops)


def open_page(office: Office, slug: str, actor: Actor | None = None) -> AppTest:
    page = office.panel.open(slug, actor or office.owner, office.workspace_id)
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.error, *page.success, *page.info, *page.title, *page.subheader]
    return "\n".join(str(one.value) for one in shown)


@pytest.mark.parametrize("slug", ["users", "audit-log", "workspaces", "installation", "account"])
def test_every_settings_page_opens_for_the_owner(office: Office, slug: str) -> None:
    page = open_page(office, slug)
    assert page.title
    assert "broke" not in texts(page)


@pytest.mark.parametrize("slug", ["users", "workspaces", "installation"])
def test_ops_is_told_that_the_role_does_not_open_it(office: Office, slug: str) -> None:
    page = open_page(office, slug, office.ops)
    assert "Your role in this workspace does not open this page" in page.error[0].value
    assert not page.title


def test_the_sidebar_offers_what_the_role_opens(office: Office) -> None:
    def offered(actor: Actor) -> set[str]:
        drawn = "".join(str(part.proto.body) for part in open_page(office, "account", actor).sidebar.get("html"))
        return set(re.findall("<span>([^<]+)</span></a>", drawn))

    assert {"Users", "Installation", "Workspaces"} <= offered(office.owner)
    assert "Installation" not in offered(office.admin)
    assert not {"Users", "Installation", "Workspaces"} & offered(office.ops)
    assert "Audit log" in offered(office.ops)


def test_a_workspace_out_of_reach_in_the_url_shows_nothing_and_is_audited(office: Office) -> None:
    with office.panel.database.write() as session:
        theirs = makers.workspace(session, name="Secret client")
    page = office.panel.open("audit-log", office.ops, theirs.id)
    assert page.title[0].value == "Not within reach"
    assert "Secret" not in texts(page)
    with office.panel.database.read() as session:
        assert session.scalars(select(Audit.subject).where(Audit.what == "access.denied")).all() == [
            f"workspace:{theirs.id}"
        ]


def test_an_invitation_s_link_is_shown_once(office: Office) -> None:
    page = open_page(office, "users", office.admin)
    page.button(key="invite").click().run()
    page.text_input(key="invite-email").set_value("nora@agency.test")
    page.button(key="invite-make").click().run()
    link = page.code[0].value
    token = link.rsplit("/", 1)[1]
    with office.panel.database.read() as session:
        assert session.get(Invitation, sessions.digest(token)) is not None
    page.run()
    assert not page.code
    assert token not in repr(page.session_state)


def test_a_user_is_edited_and_removed(office: Office) -> None:
    page = open_page(office, "users", office.admin)
    key = f"user-{office.ops.user_id}"
    page.button(key=f"edit-{office.ops.user_id}").click().run()
    page.radio(key=f"{key}-role").set_value(Role.MANAGER)
    page.button(key=f"{key}-save").click().run()
    with office.panel.database.read() as session:
        assert session.get_one(Membership, (office.ops.user_id, office.workspace_id)).role is Role.MANAGER
    page.button(key=f"edit-{office.ops.user_id}").click().run()
    page.button(key=f"{key}-remove").click().run()
    with office.panel.database.read() as session:
        assert session.get(Membership, (office.ops.user_id, office.workspace_id)) is None


def test_a_workspace_is_made_and_opened(office: Office) -> None:
    page = open_page(office, "workspaces")
    next(field for field in page.text_input if field.label == "New workspace").set_value("Bravo GmbH")
    next(button for button in page.button if button.label == "Make the workspace").click().run()
    with office.panel.database.read() as session:
        made = session.scalars(select(Workspace).where(Workspace.name == "Bravo GmbH")).one()
    assert page.query_params["w"] in (str(made.id), [str(made.id)])


def test_allowed_networks_are_kept_and_nonsense_gets_a_sentence(office: Office) -> None:
    page = open_page(office, "installation")
    page.text_area[0].set_value("192.168.7.0/24\n10.0.0.5")
    save = next(button for button in page.button if button.label == "Save networks")
    save.click().run()
    with office.panel.database.read() as session:
        assert session.get_one(Setting, "allowed_networks").value == ["192.168.7.0/24", "10.0.0.5/32"]
    page.text_area[0].set_value("everything")
    next(button for button in page.button if button.label == "Save networks").click().run()
    assert "is not a network" in page.error[0].value


def test_an_authenticator_is_set_up_on_the_account_page(office: Office) -> None:
    page = open_page(office, "account")
    page.button(key="totp-set-up").click().run()
    secret = page.code[0].value.replace(" ", "")
    code = next(field for field in page.text_input if "six digits" in field.label)
    code.set_value("000000")
    next(button for button in page.button if button.label == "Turn it on").click().run()
    assert "not right" in page.error[0].value
    next(field for field in page.text_input if "six digits" in field.label).set_value(pyotp.TOTP(secret).at(clock.now()))
    next(button for button in page.button if button.label == "Turn it on").click().run()
    with office.panel.database.read() as session:
        assert session.get_one(User, office.owner.user_id).totp_confirmed_at is not None
    assert secret not in texts(page)


def test_signing_out_in_the_sidebar_ends_the_session(office: Office) -> None:
    page = open_page(office, "account")
    page.button(key="sign-out").click().run()
    assert page.title[0].value == "You are signed out"


def test_a_page_that_breaks_says_a_reference_and_no_secret(office: Office) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2hunter2")

    office.panel.patch.setattr("engine.health.look", broken)
    page = open_page(office, "installation")
    assert "reference" in page.error[0].value
    assert "hunter2" not in texts(page)

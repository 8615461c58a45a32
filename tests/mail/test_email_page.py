"""The section Email › Manage, on real mail servers: connecting, what a failure says, settings, pausing, disconnecting."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from engine.connections.trust import trusted
from engine.desk import WORKER, Desk
from engine.networks import set_allowed_networks
from storage.kinds import LeadState, MailboxState, Role
from storage.tables import Identity, LimitSetting, Mailbox
from tests import makers
from tests.bed.bed import PASSWORD, Bed
from tests.makers import MONDAY
from tests.panel import Panel

pytestmark = pytest.mark.bed


@dataclass
class Desktop:
    """Ada's page as her manager sees it, and what is in the database."""

    panel: Panel
    bed: Bed
    ada: Identity
    manager: Any

    def open(self) -> AppTest:
        return self.panel.open("identity", self.manager, self.ada.workspace_id, id=self.ada.id, section="email")

    def connect(self, page: AppTest, address: str, password: str = PASSWORD) -> AppTest:
        """Fill in both steps of the form; the bed's domains publish nothing, so hosts and ports are typed."""
        page.button(key="connect-imap").click().run()
        field(page, "E-mail address").set_value(address)
        button(page, "Find its servers").click().run()
        return self.fill(page, password)

    def fill(self, page: AppTest, password: str) -> AppTest:
        field(page, "Password or app password").set_value(password)
        field(page, "IMAP host").set_value("localhost")
        field(page, "SMTP host").set_value("localhost")
        number(page, "IMAP port").set_value(self.bed.ports.imaps)
        number(page, "SMTP port").set_value(self.bed.ports.submission)
        return button(page, "Connect").click().run()

    def rows(self) -> list[Mailbox]:
        with self.panel.database.read() as session:
            return list(session.scalars(select(Mailbox).order_by(Mailbox.id)))


@pytest.fixture
def desktop(panel: Panel, bed: Bed, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    monkeypatch.setenv("SSL_CERT_FILE", bed.ca_file)
    trusted.cache_clear()
    with panel.database.write() as session:
        client = makers.workspace(session)
        ada = makers.identity(session, client.id, last_name="Lovelace")
        manager = makers.member(session, client.id, Role.MANAGER)
        set_allowed_networks(Desk(session, WORKER, None, MONDAY), ["127.0.0.0/8", "::1"])
    return Desktop(panel, bed, ada, manager)


def field(page: AppTest, label: str) -> Any:
    return next(one for one in page.text_input if one.label == label)


def number(page: AppTest, label: str) -> Any:
    return next(one for one in page.number_input if one.label == label)


def button(page: AppTest, label: str) -> Any:
    return next(one for one in page.button if one.label.startswith(label))


def said(page: AppTest) -> str:
    elements = [*page.error, *page.warning, *page.info, *page.markdown, *page.caption]
    return "\n".join(str(one.value) for one in elements).replace("\\", "").replace("\u2060", "")


def test_an_address_is_connected_on_real_servers_and_shown(desktop: Desktop) -> None:
    page = desktop.open()
    assert "No e-mail address is connected" in said(page)
    address = desktop.bed.new_address()
    desktop.connect(page, address)
    assert not page.exception
    (kept,) = desktop.rows()
    assert (kept.address, kept.state, kept.sent_folder, kept.junk_folder) == (address, MailboxState.OK, "Sent", "Junk")
    assert f"**{address}**" in said(page)
    assert PASSWORD not in repr(page.session_state)


def test_a_wrong_password_is_told_for_both_sides_and_what_was_entered_stays(desktop: Desktop) -> None:
    page = desktop.open()
    address = desktop.bed.new_address()
    desktop.connect(page, address, "wrong")
    assert [str(error.value).split(":")[0].replace("\\", "") for error in page.error] == ["IMAP (reading)", "SMTP (sending)"]
    assert desktop.rows() == []
    assert field(page, "IMAP host").value == "localhost"
    assert number(page, "SMTP port").value == desktop.bed.ports.submission
    field(page, "Password or app password").set_value(PASSWORD)
    button(page, "Connect").click().run()
    assert [row.address for row in desktop.rows()] == [address]


def test_a_network_that_is_not_allowed_is_named(desktop: Desktop) -> None:
    with desktop.panel.database.write() as session:
        set_allowed_networks(Desk(session, WORKER, None, MONDAY), [])
    page = desktop.connect(desktop.open(), desktop.bed.new_address())
    assert said(page).count("an owner of this installation must allow that network first") == 2
    assert desktop.rows() == []


def test_microsoft_is_refused_with_the_reason_and_no_password_field(desktop: Desktop) -> None:
    page = desktop.open()
    page.button(key="connect-imap").click().run()
    field(page, "E-mail address").set_value("ada@outlook.com")
    button(page, "Find its servers").click().run()
    assert "Microsoft switched password sign-in off" in said(page)
    assert not any(one.label.startswith("Password") for one in page.text_input)


def test_settings_are_kept_and_a_limit_above_the_recommended_wants_a_reason(desktop: Desktop) -> None:
    page = desktop.open()
    desktop.connect(page, desktop.bed.new_address())
    number(page, "Minutes between two mails").set_value(15).run()
    button(page, "Set the gap").click().run()
    next(one for one in page.text_area).set_value("Ada\nActuary")
    button(page, "Save name and signature").click().run()
    (kept,) = desktop.rows()
    assert (kept.gap_seconds, kept.signature) == (900, "Ada\nActuary")
    number(page, "E-mails a day").set_value(80).run()
    assert "file mails of an address as spam" in said(page)
    assert "80 e-mails × 15 min need 20 h" in said(page)
    button(page, "Set the limit to 80").click().run()
    assert "Say why the limit goes above" in said(page)
    field(page, "Why").set_value("A launch week")
    button(page, "Set the limit to 80").click().run()
    assert not page.exception
    with desktop.panel.database.read() as session:
        newest = session.scalars(select(LimitSetting).order_by(LimitSetting.id.desc())).first()
        assert newest is not None
        assert (newest.value, newest.why) == (80, "A launch week")
        assert newest.until is not None


def test_pause_disconnect_and_reconnect_from_the_card(desktop: Desktop) -> None:
    page = desktop.open()
    address = desktop.bed.new_address()
    desktop.connect(page, address)
    (kept,) = desktop.rows()
    button(page, "Pause this address").click().run()
    assert desktop.rows()[0].paused_at is not None
    with desktop.panel.database.write() as session:
        spring = makers.campaign(session, session.get_one(Identity, desktop.ada.id), name="Spring")
        makers.lead(session, spring, state=LeadState.ACTIVE, mailbox_id=kept.id)
    page = desktop.open()
    assert "1 lead that is mid-sequence on this address will fail (Spring)" in said(page)
    button(page, "Disconnect and fail 1 lead").click().run()
    assert desktop.rows()[0].state is MailboxState.DISCONNECTED
    button(page, "Reconnect").click().run()
    field(page, "Password or app password").set_value(PASSWORD)
    button(page, "Connect").click().run()
    (back,) = desktop.rows()
    assert (back.id, back.state) == (kept.id, MailboxState.OK)


def test_ops_see_the_addresses_and_no_buttons(desktop: Desktop) -> None:
    desktop.connect(desktop.open(), desktop.bed.new_address())
    with desktop.panel.database.write() as session:
        desktop.manager = makers.member(session, desktop.ada.workspace_id, Role.OPS)
    page = desktop.open()
    assert desktop.rows()[0].address in said(page)
    labels = [one.label for one in page.button]
    assert not any(label.startswith(("IMAP", "Pause", "Disconnect", "Set", "Save name")) for label in labels)

"""Email › Manage for granted addresses, through AppTest: each state with its badge, its sentence and its one way on."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from engine import consents, grants, provider_apps
from engine.connections.oauth import Granted
from engine.desk import Actor
from practice.oauth_book import MICROSOFT_ID
from storage.kinds import MailboxState, Provider, Role
from storage.tables import Identity, Mailbox, ProviderApp
from tests import makers
from tests.makers import MONDAY
from tests.oauth.office import FORMS
from tests.panel import Panel

GRANTED = Granted("an-access-token", "a-refresh-token", 3600)


@dataclass
class Card:
    panel: Panel
    ada: Identity
    manager: Actor

    def open(self, actor: Actor | None = None) -> AppTest:
        page = self.panel.open("identity", actor or self.manager, self.ada.workspace_id, id=self.ada.id, section="email")
        assert not page.exception
        return page

    def add(self, state: MailboxState, provider: Provider = Provider.MICROSOFT, **values: object) -> Mailbox:
        with self.panel.database.write() as session:
            owner = session.get_one(Identity, self.ada.id)
            given = {"address": "ada@acme.test", "state_note": f"A sentence about {state.name.title()}.", **values}
            return makers.mailbox(session, owner, provider=provider, state=state, **given)  # type: ignore[arg-type]


@pytest.fixture
def card(panel: Panel) -> Card:
    with panel.database.write() as session:
        makers.user(session, is_owner=True)
        client = makers.workspace(session)
        ada = makers.identity(session, client.id, last_name="Lovelace")
        manager = makers.member(session, client.id, Role.MANAGER)
        for form in FORMS:
            provider_apps.set_installation_app(makers.desk(session), form=form, vault=panel.outpost.vault)
    return Card(panel, ada, manager)


def links(page: AppTest) -> list[str]:
    return [str(one.proto.body) for one in page.get("html")]


def texts(page: AppTest) -> str:
    return "\n".join([*(str(one.value) for one in [*page.markdown, *page.caption]), *links(page)])


def buttons(page: AppTest) -> list[str]:
    return [one.label for one in page.button]


def test_a_new_address_begins_at_either_provider_in_the_same_tab(card: Card) -> None:
    shown = "\n".join(links(card.open()))
    for provider in ("google", "microsoft"):
        assert f'href="/connect/{provider}?w={card.ada.workspace_id}&amp;identity={card.ada.id}" target="_self"' in shown


def test_who_may_not_manage_is_offered_nothing(card: Card) -> None:
    card.add(MailboxState.RECONNECT_NEEDED)
    with card.panel.database.write() as session:
        ops = makers.member(session, card.ada.workspace_id, Role.OPS)
    page = card.open(ops)
    assert not [link for link in links(page) if "/connect/" in link]
    assert "A sentence about Reconnect" in texts(page)


@pytest.mark.parametrize(
    ("state", "provider", "word", "has_link", "asks"),
    [
        (MailboxState.OK, Provider.GOOGLE, "connected", False, False),
        (MailboxState.DEGRADED, Provider.GOOGLE, "unsteady", False, False),
        (MailboxState.RECONNECT_NEEDED, Provider.GOOGLE, "reconnect needed", True, False),
        (MailboxState.DISCONNECTED, Provider.GOOGLE, "disconnected", True, False),
        (MailboxState.RECONNECT_NEEDED, Provider.MICROSOFT, "reconnect needed", True, False),
        (MailboxState.WAITING_FOR_APPROVAL, Provider.MICROSOFT, "waiting for approval", True, True),
        (MailboxState.REFUSED, Provider.MICROSOFT, "refused", True, True),
        (MailboxState.DISABLED_BY_TENANT, Provider.MICROSOFT, "disabled by tenant", False, False),
    ],
)
def test_each_state_has_its_word_its_sentence_and_its_way_on(
    card: Card, state: MailboxState, provider: Provider, word: str, has_link: bool, asks: bool
) -> None:
    card.add(state, provider)
    page = card.open()
    assert word in texts(page)
    assert ("A sentence about" in texts(page)) is (state is not MailboxState.OK)
    assert any("address=ada%40acme.test" in link for link in links(page)) is has_link
    assert ("Ask the administrator" in buttons(page)) is asks
    assert "Reconnect" not in buttons(page)  # that one is for passwords


def test_the_kit_is_made_shown_and_dated_on_the_card(card: Card) -> None:
    card.add(MailboxState.WAITING_FOR_APPROVAL)
    page = card.open()
    next(one for one in page.button if one.label == "Ask the administrator").click().run()
    assert not page.exception
    message, link = (one.value for one in page.code)
    assert link.startswith("https://login.microsoftonline.com/organizations/v2.0/adminconsent?")
    assert link in message
    assert MICROSOFT_ID in message
    assert "asked " in texts(page)
    assert "Ask the administrator" not in buttons(page)
    with card.panel.database.write() as session:
        state = link.split("state=")[1]
        consents.answered(session, {"state": state, "error": "access_denied"}, MONDAY)
    page = card.open()
    assert "refused " in texts(page)
    assert "Ask again with a new link" in buttons(page)
    assert not page.code


def test_an_app_in_testing_counts_down_to_its_end(card: Card) -> None:
    with card.panel.database.write() as session:
        testing = replace(FORMS[0], in_testing=True)
        provider_apps.set_installation_app(makers.desk(session), form=testing, vault=card.panel.outpost.vault)
        app = session.get_one(ProviderApp, 1)
        place = (card.ada.workspace_id, "ada@acme.test", GRANTED, MONDAY - timedelta(hours=36))
        grant_id = grants.keep(session, card.panel.outpost.vault, app, *place)
    card.add(MailboxState.OK, Provider.GOOGLE, grant_id=grant_id)
    assert "Google ends this sign-in (the app is in “Testing”): in 5 days · " in texts(card.open())
    with card.panel.database.write() as session:
        provider_apps.set_installation_app(makers.desk(session), form=FORMS[0], vault=card.panel.outpost.vault)
    shown = texts(card.open())
    assert "“Testing”" not in shown
    assert "Google ends this sign-in if nothing uses it (last used " in shown

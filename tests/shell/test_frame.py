"""The frame of every page: who visits, which workspace, what the sidebar offers."""

from engine import clock
from storage.kinds import Role
from storage.tables import User
from tests import makers
from tests.panel import Panel


def test_a_page_without_a_session_shows_nothing_but_the_way_in(panel: Panel) -> None:
    panel.patch.setattr("pages.shell.session_token", lambda: "")
    page = panel.open("identities")
    assert [title.value for title in page.title] == ["You are signed out"]
    assert not page.sidebar.button


def test_a_session_that_ends_ends_the_live_tab_at_its_next_run(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session)
        manager = makers.member(session, client.id, Role.MANAGER)
    page = panel.open("identities", manager, client.id)
    assert page.title[0].value == "Identities"
    with panel.database.write() as session:
        session.get_one(User, manager.user_id).disabled_at = clock.now()
    page.run()
    assert [title.value for title in page.title] == ["You are signed out"]

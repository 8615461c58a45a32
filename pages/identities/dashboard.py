"""The dashboard: a workspace's identities, searched, filtered and paged in SQL, as cards or as a table."""

import streamlit as st

from engine.identity_lists import Narrowing, list_page
from engine.photos import faces
from pages import empty, filters, shell
from pages.identities import cards, paging, table
from pages.parts import part
from storage.kinds import Permission

_WAYS = {
    "Credentials (LinkedIn login)": "new-by-login",
    "Manually": "new-identity",
    "Share (generate link)": "new-by-share",
}
_FILTERS = {
    "Connected": Narrowing.CONNECTED,
    "Needs attention": Narrowing.NEEDS_ATTENTION,
    "Warming up": Narrowing.WARMING_UP,
    "Stopped": Narrowing.STOPPED,
    "Not connected": Narrowing.NOT_CONNECTED,
    "Archived": Narrowing.ARCHIVED,
}
_CARDS, _TABLE = "Cards", "Table"


def show() -> None:
    visit = shell.visit()
    _title(visit)
    part(_list)


def _list(visit: shell.Visit) -> None:
    text, narrowing, mine, view = _filters()
    page = shell.ask(list_page, text=text, narrowing=narrowing, mine=mine, number=paging.asked())
    if not page.total:
        if text or narrowing or mine:
            filters.nothing("No identity fits these filters.", "Show all identities", find="", state=None, mine=False)
        else:
            _nothing(visit)
        return
    if view == _TABLE:
        table.show(visit, page)
    else:
        pictured = [card.id for card in page.cards if card.face_changed_at]
        cards.show(visit, page, shell.ask(faces, of=pictured) if pictured else {})
    paging.show(page)


def _title(visit: shell.Visit) -> None:
    with shell.header("Identities"):
        if visit.may(Permission.MANAGE):
            way = st.menu_button("Add new identity", list(_WAYS), icon=":material/add:", type="primary", key="add")
            if way:
                shell.go(_WAYS[way])


def _filters() -> tuple[str, Narrowing | None, bool, str]:
    """The filters in one row; each is kept in the URL, and changing one goes back to the first page."""
    with filters.row():
        text = filters.search("Name or e-mail address")
        state = filters.choice("State", list(_FILTERS), "state", "Any state")
        mine = st.toggle("Mine", key="mine", bind="query-params", help="Identities that you added.", on_change=paging.first)
        st.space("stretch")
        view = st.segmented_control(
            "View",
            [_CARDS, _TABLE],
            default=_CARDS,
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
    return text, _FILTERS[state] if state else None, mine, view or _CARDS


def _nothing(visit: shell.Visit) -> None:
    if visit.may(Permission.MANAGE):
        words = "An identity is the person your messages come from. There is none in this workspace yet."
        empty.leads_to(words, "new-identity", "Add the first identity", ":material/person_add:", "primary")
    else:
        with empty.place("There is no identity that you have access to; a manager can add one."):
            pass


show()

"""The frame of every page: who visits, asking use cases for them, links that keep the workspace, and the title's row.

`visit()` stands at the top of each page. The router looks at the session row as every run begins, and what asks more than a
moment later looks again: a live tab keeps its websocket after its session has ended, and must show nothing more.
"""

import copy
import functools
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine import clock, sessions, visits
from engine.accounts import Mine
from engine.desk import Denied, Desk, Problem, perform
from engine.installation import current
from engine.visits import Visit
from pages import drawings, notices, person_texts
from pages.plain import cookies
from pages.plain.keys import key
from pages.registry import FIRST, PAGES, Page
from storage.kinds import Permission

__all__ = ["Denied", "Problem", "Visit", "address", "ask", "attempt", "go", "header", "link", "mine", "visit"]

P = ParamSpec("P")
T = TypeVar("T")

_WORKSPACE = "w"
_LAST_WORKSPACE = "last-workspace"
# One run asks a dozen times within some milliseconds; each has a thread of its own.
_LOOK_IS_GOOD_FOR = timedelta(seconds=1)
_looked = threading.local()


def session_token() -> str:
    """The session cookie as it was when the page was opened; tests put another function here."""
    return str(st.context.cookies.get(cookies.session_name(current().config), ""))


def arrive(*, without_workspace: bool) -> Visit:
    """The visit of a run that begins: nothing seen before counts."""
    _looked.__dict__.clear()
    return visit(without_workspace=without_workspace)


def visit(*, without_workspace: bool = False) -> Visit:
    """Who is here, in which workspace; the page ends here for everybody who may not see it."""
    found = _look(touch=True)
    if found.workspace_id is None:
        if not without_workspace:
            _no_workspace(found)
            st.stop()
    else:
        _keep_workspace(found.workspace_id)
    return found


def require(page_needs: Permission, who: Visit) -> None:
    """End the page with a sentence for a role that may not open it."""
    if not who.may(page_needs):
        notices.error("Your role in this workspace does not open this page. An admin can change it under Users.")
        back = FIRST if who.workspace_id is not None else "account"
        link(back, label=f"Go to {PAGES[back].title}", icon=PAGES[back].icon)
        st.stop()


def ask(task: Callable[Concatenate[Desk, P], T], *args: P.args, **values: P.kwargs) -> T:
    """The use case's answer for the visitor, in a transaction of its own; Problem when it can't be done."""
    who = _look(touch=False)
    return perform(current().database, who.actor, who.workspace_id, clock.now(), task, *args, **values)


def attempt(task: Callable[Concatenate[Desk, P], T], *args: P.args, **values: P.kwargs) -> T | None:
    """The same, with a Problem shown to the visitor; None then."""
    try:
        return ask(task, *args, **values)
    except Problem as problem:
        notices.error(problem)
        return None


def mine() -> Mine:
    """The visitor's own account, for `engine.accounts`."""
    who, here = _look(touch=False), current()
    assert who.actor.user_id is not None
    return Mine(here.database, here.vault, who.actor.user_id, who.token_hash, who.now)


def link(
    slug: str,
    *,
    label: str | None = None,
    icon: str | None = None,
    width: int | Literal["content"] = "content",
    **query: Any,
) -> None:
    """A link to a page, in this workspace."""
    page = PAGES[slug]
    st.page_link(_known(page), label=label or page.title, icon=icon or "", width=width, query_params=_query(query))


def go(slug: str, **query: Any) -> None:
    """Leave for another page, in this workspace."""
    st.switch_page(PAGES[slug].file, query_params=_query(query))


def leave(label: str, path: str, *, icon: str = "", is_primary: bool = False) -> None:
    """A button that leaves for a plain page in this tab; Streamlit's own link button opens another one.

    `icon` is of Material symbols; `pages/in_app_links.py` holds the look.
    """
    look = f"outpost-button{' primary' if is_primary else ''}"
    link = f'<a class="{look}" href="{escape(path)}" target="_self">{drawings.symbol(icon)}{escape(label)}</a>'
    st.html(link, width="content")


def address(slug: str, **query: Any) -> str:
    """The path of a page, in this workspace, for a column of links."""
    return f"/{'' if slug == FIRST else slug}?{urlencode(_query(query))}"


def choose_workspace(workspace_id: int) -> None:
    """From the sidebar: the first page of another workspace, since this page's subject is not in it."""
    st.session_state[_LAST_WORKSPACE] = workspace_id
    go(FIRST)


def leave_workspace(slug: str) -> None:
    """To a page without the workspace in hand, which was just put away."""
    st.session_state.pop(_LAST_WORKSPACE, None)
    st.switch_page(PAGES[slug].file)


def sign_out(who: Visit) -> None:
    with current().database.write() as session:
        sessions.end(session, who.token_hash, who.now)
    st.rerun()


def header(title: str, about: str = "") -> DeltaGenerator:
    """The title at the left; answers the place at the right for the page's main action."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        place = st.container(horizontal=True, vertical_alignment="center", width="content")
    if about:
        st.caption(about)
    return place


def open_page(page: Page) -> Any:
    """The page as Streamlit's navigation knows it: one object a run, for navigation marks which one may run."""
    return copy.copy(_known(page))


@functools.cache
def _known(page: Page) -> Any:
    """Made once: Streamlit asks the disk for the file whenever it makes one or links to a path."""
    return st.Page(
        page.file,
        title=page.title,
        icon=page.icon,
        url_path=page.slug,
        default=page.slug == FIRST,
        visibility="hidden" if page.hidden else "visible",
    )


def _look(*, touch: bool) -> Visit:
    token, wanted, now = session_token(), _wanted_workspace(), clock.now()
    seen: Visit | None = getattr(_looked, "visit", None)
    if seen and _looked.asked == (token, wanted) and timedelta(0) <= now - seen.now < _LOOK_IS_GOOD_FOR:
        return replace(seen, now=now)
    found = _look_anew(token, wanted, now, touch)
    _looked.visit, _looked.asked = found, (token, found.workspace_id if wanted is None else wanted)
    return found


def _look_anew(token: str, wanted: int | None, now: datetime, touch: bool) -> Visit:
    here = current()
    found = visits.look(here.database, token, wanted, now, touch=touch)
    if found is None:
        _signed_out()
        st.stop()
    if wanted is not None and wanted != found.workspace_id and _WORKSPACE in st.query_params:
        visits.note_denied(here.database, found, wanted)
        _out_of_reach(found)
        st.stop()
    return found


def _wanted_workspace() -> int | None:
    asked = st.query_params.get(_WORKSPACE) or str(st.session_state.get(_LAST_WORKSPACE, ""))
    if not asked:
        return None
    wanted = key(asked)
    return -1 if wanted is None else wanted


def _keep_workspace(workspace_id: int) -> None:
    st.session_state[_LAST_WORKSPACE] = workspace_id
    if st.query_params.get(_WORKSPACE) != str(workspace_id):
        st.query_params[_WORKSPACE] = str(workspace_id)


def _query(values: dict[str, Any]) -> dict[str, str]:
    kept = {_WORKSPACE: st.session_state.get(_LAST_WORKSPACE)}
    return {key: str(value) for key, value in {**kept, **values}.items() if value is not None}


def _signed_out() -> None:
    st.title("You are signed out", anchor=False)
    st.markdown("Your session has ended: after a while without use, or because somebody ended it. Nothing was lost.")
    st.html('<a href="/sign-in" target="_self">Sign in</a>')  # a Markdown link would open another tab


def _out_of_reach(who: Visit) -> None:
    st.session_state.pop(_LAST_WORKSPACE, None)
    st.title("Not within reach", anchor=False)
    st.markdown("This workspace does not exist, or you have no access to it.")
    # Not Streamlit's own links: to the page in hand they would leave this workspace in the URL.
    for client in who.workspaces[:10]:
        st.html(f'<a href="/?{_WORKSPACE}={client.id}" target="_self">Open {escape(person_texts.cut(client.name, 120))}</a>')


def _no_workspace(who: Visit) -> None:
    st.title("No workspace yet", anchor=False)
    if who.actor.is_owner:
        st.markdown("A workspace holds one client's identities and campaigns. Make the first one.")
        link("workspaces", label="Make a workspace", icon=":material/add:")
    else:
        st.markdown("You have no access to a workspace any more. Ask an admin to invite you.")

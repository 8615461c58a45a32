"""The sidebar: the workspace, any identity within two clicks, the pages by section, and whether the worker is well."""

from itertools import groupby

import streamlit as st

from engine.alerts import count_new
from engine.identity_lists import search
from engine.overview import Health, foot
from pages import accents, badges, drawings, in_app_links, shell
from pages.registry import PAGES, SECTIONS, Page
from pages.shell import Visit

_WORKER = {
    Health.OK: (":green[:material/check_circle:] Worker ok", "Due actions are carried out."),
    Health.LATE: (":orange[:material/warning:] Worker is late", "It has not given a sign of life for a while."),
    Health.DOWN: (":red[:material/error:] Worker does not answer", "Nothing is sent until it is back."),
}


def show(visit: Visit, page: Page) -> None:
    with st.sidebar:
        if visit.workspace_id is not None:
            _workspace(visit)
            _find()
        _pages(visit, page)
        st.divider()
        _foot(visit)


def _workspace(visit: Visit) -> None:
    names = {client.id: client.name for client in visit.workspaces}
    # Set before the widget: the URL decides, also after somebody came by a link.
    st.session_state["workspace"] = visit.workspace_id
    st.selectbox(
        "Workspace",
        list(names),
        key="workspace",
        format_func=lambda id_: names.get(id_, ""),
        on_change=_change,
        disabled=len(names) == 1,
    )


def _change() -> None:
    shell.choose_workspace(int(st.session_state["workspace"]))


def _find() -> None:
    text = st.text_input(
        "Find an identity", key="find-anywhere", placeholder="Find an identity", label_visibility="collapsed"
    )
    if not text:
        return
    found = shell.ask(search, text=text)
    # Not Streamlit's own links: from one identity's page to another's they leave the first one in the URL, and the next
    # click would be about the first one again.
    links = [in_app_links.drawn("identity", badges.cut(one.name, 60), icon="person", id=one.id) for one in found]
    if found:
        st.html(drawings.below(links, "1rem"))
    else:
        st.caption("No identity has these words.")


def _pages(visit: Visit, here: Page) -> None:
    """All links as one piece: as Streamlit's own they are a message each, at every run of every page."""
    seen = [page for page in PAGES.values() if not page.hidden and _may_open(visit, page)]
    parts = []
    for section, pages in groupby(sorted(seen, key=lambda page: SECTIONS.index(page.section)), lambda page: page.section):
        links = [in_app_links.drawn(page.slug, _label(page), icon=_symbol(page), here=page == here) for page in pages]
        parts.append(drawings.below([drawings.quiet(section), *links], "1rem"))
    st.html(f'<nav aria-label="Pages">{drawings.below(parts, ".875rem")}</nav>')


def _symbol(page: Page) -> str:
    return page.icon.removeprefix(":material/").removesuffix(":")


def _label(page: Page) -> str:
    new = shell.ask(count_new) if page.slug == "alerts" else 0
    return f"{page.title} ({new:,} new)" if new else page.title


def _may_open(visit: Visit, page: Page) -> bool:
    return visit.may(page.needs) and (page.without_workspace or visit.workspace_id is not None)


def _foot(visit: Visit) -> None:
    if visit.workspace_id is not None:
        shown = shell.ask(foot)
        if shown.stopped_by is not None:
            by = f"By {badges.plain(shown.stopped_by)}"
            st.badge("Stopped: nothing new begins", icon=":material/stop_circle:", color="red", help=by)
        words, help_ = _WORKER[shown.worker]
        st.caption(words, help=help_)
    st.caption(badges.plain(visit.user_name, 60))
    if st.button("Sign out", icon=":material/logout:", key="sign-out", width="stretch"):
        shell.sign_out(visit)
    in_app_links.install()
    accents.install()

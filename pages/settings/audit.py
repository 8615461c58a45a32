"""The audit log: who did what, when, from what to what; filtered in the URL, paged, exported."""

import json
from datetime import date
from typing import Any

import streamlit as st

from engine import audits
from engine.audits import Page, Wanted
from pages import empty, reader, shell
from pages.identities import paging
from pages.plain import downloads
from storage.kinds import Permission


def show() -> None:
    visit = shell.visit()
    place = shell.header(
        "Audit log", "Every change, and every attempt that was refused. Nobody can change or delete a line."
    )
    wanted = _filters(visit)
    page = shell.ask(audits.list_lines, wanted=wanted, number=int(st.session_state.get("page") or 1))
    with place:
        st.link_button("CSV", _export(visit, wanted), icon=":material/download:", disabled=not page.total)
    if page.total:
        _table(page, wanted.zone)
        _paging(page)
    else:
        _nothing(wanted)


def _nothing(wanted: Wanted) -> None:
    if wanted == Wanted(zone=wanted.zone):
        words = "Nothing has been changed in this workspace yet."
        empty.leads_to(words, "identities", "Show the identities", ":material/group:")
        return
    # The days stand in no URL, so the page alone knows how to forget them.
    with empty.place("No line fits these filters."):
        st.button("Show all lines", icon=":material/filter_alt_off:", on_click=_clear)


def _clear() -> None:
    st.session_state.update({"text": "", "who": None, "what": None, "days": [], "installation": False})
    _first_page()


def _filters(visit: shell.Visit) -> Wanted:
    actors, verbs = shell.ask(audits.words)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input("Search", key="text", bind="query-params", type="search", width=160, on_change=_first_page)
        who = _choice("Who", "who", actors)
        what = _choice("What", "what", verbs)
        days = st.date_input("Days", value=[], key="days", format="YYYY-MM-DD", width=215, on_change=_first_page)
        installation = visit.may(Permission.OWN) and st.toggle(
            "Installation",
            key="installation",
            help="Sign-ins, networks and what else belongs to no workspace.",
            on_change=_first_page,
        )
    first, last = _span(days)
    zone = reader.zone()
    return Wanted(who or "", what or "", text or "", first, last, zone, installation)


def _choice(label: str, key: str, options: tuple[str, ...]) -> str | None:
    return st.selectbox(
        label, options, index=None, key=key, bind="query-params", placeholder="Any", width=138, on_change=_first_page
    )


def _first_page() -> None:
    st.session_state["page"] = 1


def _span(days: Any) -> tuple[date | None, date | None]:
    chosen = days if isinstance(days, tuple | list) else (days,)
    return (chosen[0], chosen[-1]) if chosen else (None, None)


def _table(page: Page, zone: str) -> None:
    rows = [
        {
            "When": line.at,
            "Who": line.who,
            "What": line.what,
            "Subject": line.subject,
            "Old": _words(line.old),
            "New": _words(line.new),
        }
        for line in page.lines
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={
            "When": st.column_config.DatetimeColumn(f"When ({zone})", format="YYYY-MM-DD HH:mm:ss", timezone=zone),
            # Widths that leave both values on the screen; a cell that is cut shows all of it when it is clicked.
            "Who": st.column_config.TextColumn(width=155),
            "What": st.column_config.TextColumn(width=135),
            "Subject": st.column_config.TextColumn(width=135),
            "Old": st.column_config.TextColumn(width=140),
            "New": st.column_config.TextColumn(width=270),
        },
    )


def _words(values: dict[str, Any] | None) -> str:
    """`limit: 50 · until: –`, so that a line is read and not parsed."""
    return " · ".join(f"{key}: {_one(value)}" for key, value in (values or {}).items())


def _one(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _paging(page: Page) -> None:
    first = (page.number - 1) * audits.PAGE
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{first + 1:,}–{first + len(page.lines):,} of {page.total:,}", width="content")
        st.space("stretch")
        if page.pages > 1:
            st.pagination(page.pages, key="page", bind="query-params", width=paging.width(page.pages))


def _export(visit: shell.Visit, wanted: Wanted) -> str:
    assert visit.workspace_id is not None
    return downloads.address(
        "audit-log.csv",
        visit.workspace_id,
        who=wanted.who,
        what=wanted.what,
        text=wanted.text,
        first=wanted.first_day,
        last=wanted.last_day,
        zone=wanted.zone,
        installation="1" if wanted.installation else None,
    )


show()

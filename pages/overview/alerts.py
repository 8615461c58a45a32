"""Alerts: what people should know of, the newest first; what is solved stays, without its colour."""

import streamlit as st

from engine.alerts import AlertLine, find, see
from pages import badges, shell
from pages.identities import paging
from storage.kinds import AlertKind

_UP = badges.Look("red", "notifications_active", "needs you")
_OVER = badges.Look("gray", "check", "over")
_SECTIONS = {
    AlertKind.CONNECTION: "email",
    AlertKind.CONSENT: "email",
    AlertKind.WARM_UP: "email",
    AlertKind.BOUNCES: "email",
}


def show() -> None:
    visit = shell.visit()
    shell.header(
        "Alerts", "Addresses that need you, bounces and complaints over the line. Each is told once while it lasts."
    )
    up_only = st.toggle("Only those that still need somebody", key="up", bind="query-params", on_change=paging.first)
    found = shell.ask(find, page=paging.asked(), up_only=up_only)
    if not found.rows:
        _nothing(up_only)
        return
    for alert in found.rows:
        _alert(visit, alert)
    paging.show(found)
    shell.ask(see)  # after they were shown: the next run knows them


def _nothing(up_only: bool) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        words = "Nothing needs anybody." if up_only else "There has been no alert yet."
        st.markdown(words, text_alignment="center")
        shell.link("today", label="Back to Today", icon=":material/today:")


def _alert(visit: shell.Visit, alert: AlertLine) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            badges.badge(_OVER if alert.cleared_at else _UP)
            new = " :orange-badge[new]" if alert.is_new else ""
            st.markdown(f"**{badges.plain(alert.subject, 80)}**{new}", width="content")
            badges.when(alert.at, alert.zone, visit.now)
            st.space("stretch")
            if alert.identity_id is not None:
                section = _SECTIONS.get(alert.kind, "")
                label = badges.plain(alert.identity_name, 50)
                shell.link("identity", label=label, icon=":material/person:", id=alert.identity_id, section=section or None)
        st.markdown(badges.plain(alert.sentence, 500))


show()

"""Alerts: what people should know of, the newest first; what is solved stays, without its colour."""

import streamlit as st

from engine.alerts import AlertLine, find, see
from pages import badges, empty, shell
from pages.identities import paging
from pages.overview import alert_choice
from storage.kinds import AlertKind, Permission

_UP = badges.Look("red", "notifications_active", "needs you")
_OVER = badges.Look("gray", "check", "over")
_SECTIONS = {
    AlertKind.RESTRICTION: "linkedin",
    AlertKind.CONSENT: "email",
    AlertKind.WARM_UP: "email",
    AlertKind.BOUNCES: "email",
}


def show() -> None:
    visit = shell.visit()
    with shell.header(
        "Alerts",
        "Addresses and LinkedIn accounts that need you, readings that stopped, bounces and complaints over the line. Each "
        "is told once while it lasts.",
    ):
        if st.button("Tell me by mail", icon=":material/outgoing_mail:", key="by-mail"):
            alert_choice.open_drawer()
        if visit.may(Permission.ADMINISTER) and visit.all_identities:
            shell.link("webhook", icon=":material/webhook:")
    alert_choice.show(visit)
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
    words = "No alert still needs somebody." if up_only else "There has been no alert yet."
    # Alerts tell what happened; what waits for a person now is counted on Today, whether or not anything told of it.
    empty.leads_to(f"{words} Today lists what needs you now.", "today", "Back to Today", ":material/today:")


def _section(alert: AlertLine) -> str:
    """A connection is an address's, which is its subject, or LinkedIn's."""
    if alert.kind is AlertKind.CONNECTION:
        return "email" if "@" in alert.subject else "linkedin"
    return _SECTIONS.get(alert.kind, "")


def _alert(visit: shell.Visit, alert: AlertLine) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            badges.badge(_OVER if alert.cleared_at else _UP)
            new = " :orange-badge[new]" if alert.is_new else ""
            st.markdown(f"**{badges.plain(alert.subject, 80)}**{new}", width="content")
            badges.when(alert.at, alert.zone, visit.now)
            st.space("stretch")
            if alert.identity_id is not None:
                section = _section(alert)
                label = badges.plain(alert.identity_name, 50)
                shell.link("identity", label=label, icon=":material/person:", id=alert.identity_id, section=section or None)
        st.markdown(badges.plain(alert.sentence, 500))


show()

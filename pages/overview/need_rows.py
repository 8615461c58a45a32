"""The list *Needs you*: one row for each thing that waits for a person, with the one button that comes next."""

import streamlit as st

from engine.overview import MOST_NEEDS, Need, Remedy, Urgency
from pages import accents, badges, shell

_SHOWN = 5
_ALL = "needs-all"
_NOW = badges.Look("red", "error", "now")
_SOON = badges.Look("orange", "warning", "soon")
_BUTTONS = {
    Remedy.RECONNECT: ("Reconnect", ":material/link:"),
    Remedy.SIGN_IN: ("Open LinkedIn", ":material/login:"),
    Remedy.LOOK: ("Look", ":material/visibility:"),
    Remedy.DECIDE: ("Decide", ":material/rule:"),
    Remedy.RELEASE: ("Release", ":material/play_arrow:"),
    Remedy.CHECK: ("Check", ":material/monitor_heart:"),
}


def show(found: tuple[Need, ...]) -> None:
    if not found:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**Needs you ({len(found)}{'+' if len(found) == MOST_NEEDS else ''})**")
        # Rows behind a closed expander would be sent all the same, every five seconds.
        shown = len(found) if st.session_state.get(_ALL) else _SHOWN
        for number, need in enumerate(found[:shown]):
            _row(need, number)
        if len(found) > _SHOWN:
            label = "Show fewer" if shown > _SHOWN else f"Show {len(found) - _SHOWN} more"
            st.button(label, key="needs-more", type="tertiary", on_click=_toggle)


def _toggle() -> None:
    st.session_state[_ALL] = not st.session_state.get(_ALL)


def _row(need: Need, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tag = badges.tag(_NOW if need.urgency is Urgency.NOW else _SOON)
        with st.container(key=f"{accents.LEADING}-need-{number}"):
            st.markdown(f"{tag} **{badges.plain(need.who, 60)}** {badges.plain(need.what, 200)}")
        label, icon = _BUTTONS[need.remedy]
        if st.button(label, icon=icon, key=f"need-{number}", type="tertiary"):
            _go(need)


def _go(need: Need) -> None:
    if need.remedy is Remedy.DECIDE:
        shell.go("parked")
    elif need.remedy is Remedy.SIGN_IN and need.identity_id:
        shell.go("identity", id=need.identity_id, section="linkedin")
    elif need.remedy in (Remedy.RECONNECT, Remedy.LOOK) and need.identity_id:
        shell.go("identity", id=need.identity_id, section="email")
    elif need.identity_id:
        shell.go("identity", id=need.identity_id)
    elif need.remedy is Remedy.CHECK:
        shell.go("installation")
    else:
        st.session_state["stop-drawer"] = True
        st.rerun()

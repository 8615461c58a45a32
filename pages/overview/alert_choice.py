"""The drawer in which a user chooses which of this workspace's alerts reach them by mail."""

import streamlit as st

from engine import alert_choices
from pages import badges, notices, shell
from storage.kinds import TOLD_KINDS, Permission

_OPEN = "alert-choice"


def open_drawer() -> None:
    st.session_state[_OPEN] = True


def show(visit: shell.Visit) -> None:
    if st.session_state.get(_OPEN):
        _drawer(visit)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Tell me by mail", position="right", width="small", icon=":material/outgoing_mail:", on_dismiss=_close)
def _drawer(visit: shell.Visit) -> None:
    choice = shell.ask(alert_choices.look)
    st.markdown(f"Alerts of **{badges.plain(visit.workspace_name)}** that go to **{badges.plain(visit.actor.label)}**:")
    if not choice.has_server:
        notices.warning("No mail is sent yet: an owner enters a mail server under Installation › Alerts by mail.")
        if visit.may(Permission.OWN):
            shell.link("installation", label="Enter a mail server", icon=":material/dns:")
    wanted = [kind for kind in TOLD_KINDS if st.checkbox(kind.label, kind in choice.kinds, key=f"tell-{kind}")]
    if st.button("Save my choice", type="primary", width="stretch", key="tell-save"):
        shell.ask(alert_choices.choose, kinds=wanted)
        notices.toast("Saved." if wanted else "Saved: no alert of this workspace comes by mail.")
        _close()
        st.rerun()
    st.caption("You are told of identities that you may see; of the same trouble once an hour at most.")

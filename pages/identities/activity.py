"""The section *Activity*: what the identity did, and what people changed about it."""

import streamlit as st

from engine.activities import PAGE, Change, Line, changes, lines
from engine.identities import IdentityView
from pages import action_looks, badges, shell


def show(visit: shell.Visit, identity: IdentityView) -> None:
    what = st.segmented_control(
        "Show", ["Actions", "Changes"], default="Actions", required=True, label_visibility="collapsed"
    )
    if what == "Changes":
        _changes(visit, identity)
    else:
        _actions(visit, identity)


def _actions(visit: shell.Visit, identity: IdentityView) -> None:
    before = st.session_state.get(f"lines-before-{identity.id}")
    shown = shell.ask(lines, identity_id=identity.id, before=before)
    if not shown:
        st.caption("Nothing yet: what this identity does appears here, line by line.")
    for line in shown:
        _line(visit, identity, line)
    with st.container(horizontal=True):
        if before and st.button("Newest", icon=":material/first_page:"):
            st.session_state.pop(f"lines-before-{identity.id}")
            st.rerun()
        if len(shown) == PAGE and st.button("Older", icon=":material/navigate_next:"):
            st.session_state[f"lines-before-{identity.id}"] = shown[-1].id
            st.rerun()


def _line(visit: shell.Visit, identity: IdentityView, line: Line) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        whom = f"to {line.lead}" if line.lead else f"of {line.read}" if line.read else ""
        campaign = f" · :gray[{badges.plain(line.campaign, 40)}]" if line.campaign else ""
        told = f"{action_looks.tag(line.kind, line.state)} {line.kind.label} {badges.plain(whom, 70)}"
        st.markdown(f"{told.rstrip()}{campaign}", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            badges.when(line.at, identity.zone, visit.now)
            shell.link("why", label="Why", id=line.action_id)


def _changes(visit: shell.Visit, identity: IdentityView) -> None:
    shown = shell.ask(changes, identity_id=identity.id)
    if not shown:
        st.caption("Nobody changed anything about this identity yet.")
    for change in shown:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{_verb(change)} :gray[by {badges.plain(change.actor, 60)}]{_differences(change)}", width="stretch")
            badges.when(change.at, identity.zone, visit.now)


def _verb(change: Change) -> str:
    words = change.what.replace(".", " ").replace("_", " ").capitalize()
    return f"**{words.replace('Linkedin', 'LinkedIn').replace('linkedin', 'LinkedIn')}**"


def _differences(change: Change) -> str:
    fields = sorted({*change.old, *change.new})
    parts = [f"{_word(field)}: {_value(change.old, field)} → {_value(change.new, field)}" for field in fields]
    return f"  \n{' · '.join(parts)}" if parts else ""


def _word(field: str) -> str:
    return badges.plain(field.replace("_", " "))


def _value(values: dict[str, object], field: str) -> str:
    value = values.get(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return badges.plain(str(value), 60) if value not in (None, "") else "–"

"""Workspaces: one a client; renaming the one in hand, and for an owner making, archiving and restoring them."""

import streamlit as st

from engine import workspaces
from engine.workspaces import WorkspaceLine
from pages import badges, notices, shell
from storage.kinds import Permission

_ARCHIVED = badges.Look("gray", "inventory_2", "archived")
_HERE = badges.Look("blue", "location_on", "you are here")


def show() -> None:
    visit = shell.visit(without_workspace=True)
    shell.header("Workspaces", "A workspace is one client. Nobody sees anything of a workspace they have no access to.")
    if visit.workspace_id is not None:
        _rename(visit)
    if visit.may(Permission.OWN):
        _create()
        _all(visit)


def _rename(visit: shell.Visit) -> None:
    with st.form("rename", border=True):
        name = st.text_input("Name of this workspace", value=visit.workspace_name, max_chars=300)
        if st.form_submit_button("Rename"):
            try:
                shell.ask(workspaces.rename, name=name)
            except shell.Problem as problem:
                notices.error(problem)
            else:
                st.rerun()


def _create() -> None:
    with st.form("create", border=True, clear_on_submit=False):
        name = st.text_input("New workspace", placeholder="The client's name", max_chars=300)
        if st.form_submit_button("Make the workspace", type="primary", icon=":material/add:"):
            made = shell.attempt(workspaces.create, name=name)
            if made:
                shell.choose_workspace(made)


def _all(visit: shell.Visit) -> None:
    st.subheader("All workspaces", anchor=False)
    for line in shell.ask(workspaces.list_all):
        with st.container(border=True):
            words, buttons = st.columns([5, 3], vertical_alignment="center")  # below each other on a phone
            with words, st.container(gap=None):
                st.markdown(f"**{badges.plain(line.name)}** {_tag(visit, line)}")
                st.caption(
                    f"{_count(line.identities, 'identity', 'identities')} · "
                    f"{_count(line.running_campaigns, 'running campaign', 'running campaigns')} · "
                    f"{_count(line.users, 'user', 'users')} · since {line.created_at.day} {line.created_at:%b %Y}"
                )
            with buttons, st.container(horizontal=True, horizontal_alignment="right"):
                _buttons(visit, line)


def _tag(visit: shell.Visit, line: WorkspaceLine) -> str:
    if line.archived_at:
        return badges.tag(_ARCHIVED)
    return badges.tag(_HERE) if line.id == visit.workspace_id else ""


def _buttons(visit: shell.Visit, line: WorkspaceLine) -> None:
    if line.archived_at:
        if st.button("Restore", key=f"restore-{line.id}", icon=":material/unarchive:"):
            shell.ask(workspaces.restore, archived_id=line.id)
            st.rerun()
        return
    if line.id != visit.workspace_id and st.button("Open", key=f"open-{line.id}", icon=":material/login:"):
        shell.choose_workspace(line.id)
    if st.button(
        "Archive",
        key=f"archive-{line.id}",
        icon=":material/archive:",
        help="Nobody opens it any more, nothing is lost, and you can restore it.",
    ):
        _archive(visit, line)


def _archive(visit: shell.Visit, line: WorkspaceLine) -> None:
    try:
        shell.ask(workspaces.archive, archived_id=line.id)
    except shell.Problem as problem:
        notices.error(problem)
        return
    if line.id == visit.workspace_id:
        shell.leave_workspace("workspaces")
    st.rerun()


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


show()

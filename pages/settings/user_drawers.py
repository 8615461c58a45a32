"""The drawers of the users page: inviting by a link that is shown once, and editing or removing a user."""

from collections.abc import Callable, Mapping
from typing import Concatenate

import streamlit as st

from engine import invitations, people
from engine.desk import Desk
from engine.installation import current
from engine.people import Member
from pages import badges, notices, shell
from pages.settings import access_fields
from storage.kinds import Permission, Role

_OPEN = "users-drawer"
_INVITE = "invite"


def open_invite() -> None:
    st.session_state[_OPEN] = _INVITE


def open_edit(user_id: int) -> None:
    st.session_state[_OPEN] = user_id


def show(visit: shell.Visit, members: Mapping[int, Member]) -> None:
    wanted = st.session_state.get(_OPEN)
    if wanted == _INVITE:
        _invite()
    elif isinstance(wanted, int) and wanted in members:
        _edit(visit, members[wanted])


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Invite a user", position="right", width="small", icon=":material/person_add:", on_dismiss=_close)
def _invite() -> None:
    st.markdown("Each person gets a user of their own: users don't share one account.")
    email = st.text_input("E-mail address", key="invite-email", max_chars=254)
    role = access_fields.role(Role.MANAGER, "invite")
    named = access_fields.reach(None, shell.ask(people.list_choices), "invite")
    if not st.button("Make the link", type="primary", icon=":material/link:", width="stretch", key="invite-make"):
        return
    token = shell.attempt(invitations.invite, email=email or "", role=role, identity_ids=named)
    if token:
        # Never kept, not even in the session's state: this run shows it, and no other.
        notices.success("Send this link. It works once, for seven days, and is not shown again.", icon=":material/link:")
        st.code(f"{current().config.public_url}/invitation/{token}", language=None, wrap_lines=True)


@st.dialog("Edit a user", position="right", width="small", icon=":material/manage_accounts:", on_dismiss=_close)
def _edit(visit: shell.Visit, member: Member) -> None:
    key = f"user-{member.user_id}"
    st.markdown(f"**{badges.plain(member.name)}**  \n{badges.plain(member.email)}")
    role = access_fields.role(member.role, key)
    named = access_fields.reach(member.identity_ids, shell.ask(people.list_choices), key)
    if st.button("Save", type="primary", width="stretch", key=f"{key}-save") and _saved(member, role, named):
        _close()
        st.rerun()
    st.divider()
    if st.button("Remove from this workspace", icon=":material/person_remove:", width="stretch", key=f"{key}-remove"):
        _do(people.remove, member)
    st.caption("They lose this workspace at once, and invitations they sent to it end; their other workspaces stay.")
    if visit.may(Permission.OWN):
        _owner_only(member, key)


def _saved(member: Member, role: Role, named: list[int] | None) -> bool:
    try:
        if role is not member.role:
            shell.ask(people.change_role, user_id=member.user_id, role=role)
        if (None if named is None else tuple(sorted(named))) != member.identity_ids:
            shell.ask(people.change_access, user_id=member.user_id, identity_ids=named)
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return True


def _owner_only(member: Member, key: str) -> None:
    if member.disabled_at:
        if st.button("Let sign in again", icon=":material/lock_open:", width="stretch", key=f"{key}-enable"):
            _do(people.enable, member)
    else:
        if st.button("Disable the user", icon=":material/block:", width="stretch", key=f"{key}-disable"):
            _do(people.disable, member)
        st.caption("They are signed out everywhere at once and can't sign in to any workspace; invitations they sent end.")
    if st.button("Give a new password", icon=":material/key:", width="stretch", key=f"{key}-password"):
        given = shell.attempt(people.give_password, user_id=member.user_id)
        if given:
            notices.success("Tell them this password; it is not shown again. They change it under Your account.")
            st.code(given, language=None)
    st.caption("For a lost password: their sessions end.")
    if member.has_code:
        if st.button("Remove the authenticator", icon=":material/phonelink_erase:", width="stretch", key=f"{key}-code"):
            _do(people.remove_code, member)
        st.caption("For a lost phone: their sessions end, and the password alone signs in until they set up a new one.")


def _do(task: Callable[Concatenate[Desk, ...], None], member: Member) -> None:
    try:
        shell.ask(task, user_id=member.user_id)
    except shell.Problem as problem:
        notices.error(problem)
        return
    _close()
    st.rerun()

"""Users of the workspace: who they are, what they may do and see, when they signed in last; inviting and removing them."""

import streamlit as st

from engine import invitations, people
from engine.invitations import OpenInvitation
from engine.people import Member
from pages import badges, empty, reader, shell
from pages.campaigns.doing import done
from pages.settings import user_drawers
from pages.settings.access_fields import ROLES

_OWNER = badges.Look("gray", "key", "owner")
_DISABLED = badges.Look("red", "block", "disabled")
_REFUSED = " (refused)"
_NO_CODE = badges.Look("gray", "lock_open", "no authenticator")
_CODE = badges.Look("green", "lock", "authenticator")


def show() -> None:
    visit = shell.visit()
    with shell.header(
        "Users", "Users don't share one account: invite each person, so that the audit log says who did what."
    ):
        if st.button("Invite a user", icon=":material/person_add:", type="primary", key="invite"):
            user_drawers.open_invite()
    members = shell.ask(people.list_members)
    if not members:
        with empty.place("Nobody but the owners opens this workspace yet. Invite the people who work for this client."):
            if st.button("Invite the first user", icon=":material/person_add:", type="primary"):
                user_drawers.open_invite()
    for member in members:
        _member(visit, member)
    _invitations(visit, shell.ask(invitations.list_open))
    user_drawers.show(visit, {member.user_id: member for member in members})


def _member(visit: shell.Visit, member: Member) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.markdown(f"**{badges.plain(member.name)}** {_tags(member)}")
            st.caption(f"{badges.plain(member.email)} · {ROLES[member.role]} · {_reach(member)}")
            _last_sign_ins(visit, member)
        if st.button("Edit", key=f"edit-{member.user_id}", icon=":material/edit:"):
            user_drawers.open_edit(member.user_id)


def _tags(member: Member) -> str:
    shown = [badges.tag(_CODE if member.has_code else _NO_CODE)]
    if member.is_owner:
        shown.insert(0, badges.tag(_OWNER))
    if member.disabled_at:
        shown.insert(0, badges.tag(_DISABLED))
    return " ".join(shown)


def _reach(member: Member) -> str:
    if member.identity_ids is None:
        return "all identities"
    return "1 identity" if len(member.identity_ids) == 1 else f"{len(member.identity_ids)} identities"


def _last_sign_ins(visit: shell.Visit, member: Member) -> None:
    if not member.sign_ins:
        st.caption("Has not signed in yet.")
        return
    zone = reader.zone()
    told = [
        f"{badges.moment(one.at, zone, visit.now).text} from {badges.plain(one.address)}{'' if one.succeeded else _REFUSED}"
        for one in member.sign_ins
    ]
    st.caption(f"Last sign-ins: {'; '.join(told)}")


def _invitations(visit: shell.Visit, waiting: list[OpenInvitation]) -> None:
    if not waiting:
        return
    st.subheader("Invited, not here yet", anchor=False)
    zone = reader.zone()
    for one in waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown(f"**{badges.plain(one.email)}** · {ROLES[one.role]}")
                until = badges.moment(one.expires_at, zone, visit.now).text
                st.caption(f"Invited by {badges.plain(one.invited_by)} · the link works until {until}")
            pressed = st.button("Revoke", key=f"revoke-{one.key[:12]}", icon=":material/link_off:")
            if pressed and done(invitations.revoke, key=one.key):
                st.rerun()


show()

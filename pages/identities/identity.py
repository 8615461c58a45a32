"""One identity's page: its state and Stop at the top, and one section at a time under it."""

from zoneinfo import ZoneInfo

import streamlit as st

from engine.identities import IdentityView, get
from engine.identity_lists import card
from engine.photos import photo
from pages import asked, badges, shell
from pages.identities import activity, contact, email, linkedin, now_line, share
from pages.overview import stop_drawer
from pages.person_texts import isolated
from storage.kinds import Permission

_SECTIONS = {
    "contact": (":material/contact_page: Contact details", contact.show),
    "linkedin": (":material/work: LinkedIn", linkedin.show),
    "email": (":material/mail: Email", email.show),
    "share": (":material/share: Share identity link", share.show),
    "activity": (":material/history: Activity", activity.show),
}


def show() -> None:
    visit = shell.visit()
    identity = asked.one(get, "identity_id")
    if identity is None:
        asked.missing("identity", "identities")
        return
    _header(visit, identity)
    _SECTIONS[_section()][1](visit, identity)


def _section() -> str:
    """The chosen section; the URL holds it, so that others can link to it."""
    named = st.query_params.get("section", "")
    st.session_state["section"] = named if named in _SECTIONS else next(iter(_SECTIONS))
    chosen = st.segmented_control(
        "Section",
        list(_SECTIONS),
        required=True,
        key="section",
        format_func=lambda name: _SECTIONS[name][0],
        on_change=_keep_section,
        label_visibility="collapsed",
    )
    return chosen or next(iter(_SECTIONS))


def _keep_section() -> None:
    st.query_params["section"] = st.session_state["section"]


def _header(visit: shell.Visit, identity: IdentityView) -> None:
    now = shell.ask(card, identity_id=identity.id)
    picture = shell.ask(photo, identity_id=identity.id) if now.face_changed_at else None
    left, right = st.columns(2, vertical_alignment="center")
    with left, st.container(horizontal=True, vertical_alignment="center", wrap=False):
        badges.avatar(identity.name, picture, 64)
        with st.container(gap=None):
            st.title(badges.plain(identity.name, 80), anchor=False)
            local = visit.now.astimezone(ZoneInfo(identity.zone))
            title = f"{isolated(identity.contact.job_title, 80)} · " if identity.contact.job_title else ""
            badges.quiet(f"{title}{local:%H:%M} in {badges.city(ZoneInfo(identity.zone))}")
    with right, st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        now_line.show(now, visit.now)
        if visit.may(Permission.PRESS_STOP):
            stop_drawer.button(visit, identity)
    if spent := now_line.spent(now.standing):
        badges.meters(spent)


show()

"""What the LinkedIn profile says otherwise than the identity does: taken over with a click, or declined."""

import streamlit as st

from engine import linkedin_profiles
from engine.identities import IdentityView
from engine.linkedin_profiles import Offer
from pages import badges, drawings, shell
from pages.campaigns.doing import done


def show(identity: IdentityView, may: bool) -> None:
    found = shell.ask(linkedin_profiles.offer, identity_id=identity.id) if may else None
    if found is None:
        return
    with st.container(border=True):
        st.markdown("**The LinkedIn profile says something else**")
        with st.container(horizontal=True, vertical_alignment="center"):
            if found.photo:
                badges.avatar(found.name or identity.name, found.photo, 56)
            st.html(drawings.facts(_said(identity, found)), width="content")
        with st.container(horizontal=True):
            take = st.button("Take it over from LinkedIn", type="primary", icon=":material/sync_alt:", key="profile-take")
            if take and done(linkedin_profiles.take_over, identity_id=identity.id):
                st.rerun()
            keep = st.button("Keep what is here", key="profile-keep")
            if keep and done(linkedin_profiles.decline, identity_id=identity.id):
                st.rerun()


def _said(identity: IdentityView, found: Offer) -> dict[str, str]:
    here = identity.contact
    pairs = {"Name": (found.name, here.name), "Job title": (found.title, here.job_title)}
    facts = {
        label: f"{badges.cut(new, 200)} (here: {badges.cut(old, 200) or 'empty'})"
        for label, (new, old) in pairs.items()
        if new
    }
    return {**facts, **({"Photo": "at the left; another one is shown here"} if found.photo else {})}

"""What the workspace's other identities may read with this identity's Sales Navigator seat: its part of the shared pool."""

import streamlit as st

from engine import linkedin_limits, seats
from engine.identities import IdentityView
from pages import badges, notices, shell
from pages.campaigns.doing import done


def show(identity: IdentityView, may: bool) -> None:
    """Nothing for an account without a seat."""
    share = shell.ask(seats.share_of, identity_id=identity.id)
    if share is None:
        return
    with st.container(border=True):
        st.markdown("**Shared pool of the workspace**")
        badges.meters([("used by others today", share.used_today, share.value)])
        badges.quiet(
            f"Of this seat’s {share.limit:,} scrapings a day, {share.value:,} are shared: campaigns of the workspace’s "
            "other identities may read with them. Its own campaigns may use all that is left of the seat."
        )
        if may:
            _change(identity, share.value)


def _change(identity: IdentityView, shared: int) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        value = int(
            st.number_input(
                "Shared a day", 0, linkedin_limits.MOST_A_DAY, shared, key=f"share-{identity.id}-{shared}", width=160
            )
        )
        words = f"Share {value:,} a day" if value else "Share nothing"
        is_pressed = st.button(words, key="share-set", disabled=value == shared)
    if is_pressed and done(seats.share, identity_id=identity.id, value=value):
        notices.toast(f"{value:,} {'scraping' if value == 1 else 'scrapings'} a day shared with the workspace.")
        st.rerun()

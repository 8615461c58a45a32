"""The tab *Withdrawals*: off or after N days, what that costs, what would go today, and whom nobody may invite yet."""

import streamlit as st

from engine import linkedin_withdrawals
from engine.identities import IdentityView
from engine.linkedin_withdrawals import Overview
from pages import badges, notices, shell


def show(visit: shell.Visit, identity: IdentityView, may: bool) -> None:
    found = shell.ask(linkedin_withdrawals.overview, identity_id=identity.id)
    with st.container(border=True):
        state = f"after {found.after_days} days" if found.after_days else "off"
        st.markdown(f"**Withdrawals: {state}**")
        oldest = f", the oldest for {found.oldest_days} days" if found.pending else ""
        badges.quiet(f"{found.pending:,} invitations are pending{oldest}; {found.planned:,} are planned to be withdrawn.")
        if may:
            _change(identity, found)
    _history(visit, identity, found)


def _change(identity: IdentityView, found: Overview) -> None:
    on = st.toggle("Withdraw invitations that nobody accepts", value=found.after_days is not None, key="withdraw-on")
    days: int | None = None
    if on:
        least, most = linkedin_withdrawals.LEAST_DAYS, linkedin_withdrawals.MOST_DAYS
        usual = found.after_days or linkedin_withdrawals.USUAL_DAYS
        days = int(st.number_input("After so many days", least, most, value=usual, key="withdraw-days", width=240))
        st.markdown(badges.plain(shell.ask(linkedin_withdrawals.rehearse, identity_id=identity.id, after_days=days), 400))
    if days != found.after_days:
        label = "Switch withdrawals off" if days is None else f"Withdraw after {days} days"
        if st.button(label, type="primary", key="withdraw-save"):
            shell.attempt(linkedin_withdrawals.set_after, identity_id=identity.id, after_days=days)
            notices.toast("Withdrawals are off." if days is None else f"Invitations are withdrawn after {days} days.")
            st.rerun()


def _history(visit: shell.Visit, identity: IdentityView, found: Overview) -> None:
    if not found.history:
        st.caption("Nothing was withdrawn yet. After a withdrawal nobody here can invite that person for 21 days.")
        return
    st.markdown("**Withdrawn, and when they may be invited again**")
    for one in found.history:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(badges.plain(one.name or one.profile, 80), width="content")
            badges.when(one.withdrawn_at, identity.zone, visit.now, "withdrawn ")
            st.space("stretch")
            badges.when(one.until, identity.zone, visit.now, "again from " if one.until > visit.now else "free since ")

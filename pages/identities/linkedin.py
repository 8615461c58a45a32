"""The section *LinkedIn*: how the account stands, connecting it, its limits and its withdrawals."""

import streamlit as st

from engine import linkedin_accounts, linkedin_consent, linkedin_sign_ins
from engine.identities import IdentityView
from engine.linkedin_accounts import AccountView
from pages import badges, notices, shell
from pages.campaigns.doing import done
from pages.identities import linkedin_connect, linkedin_limits, linkedin_withdrawals, profile_offer
from pages.person_texts import isolated
from storage.kinds import LinkedInState, Permission


def show(visit: shell.Visit, identity: IdentityView) -> None:
    account = shell.ask(linkedin_accounts.view, identity_id=identity.id)
    may = visit.may(Permission.MANAGE)
    going = shell.ask(linkedin_sign_ins.progress, identity_id=identity.id)
    is_asked = going is not None and going.state.is_under_way  # what LinkedIn asks is said where it is answered
    with st.container(border=True):
        _head(visit, identity, account, may)
        if account.note and not is_asked:
            st.markdown(badges.plain(account.note, 600))
        _consent(visit, identity, may)
        if account.email and not account.has_seat:
            _premium(identity, account, may)
    profile_offer.show(identity, may)
    if may and account.state is not LinkedInState.CONNECTED:
        linkedin_connect.show(identity, account, going)
    limits, withdrawals = st.tabs(["Rate limits", "Withdrawals"])
    with limits:
        linkedin_limits.show(visit, identity, may)
    with withdrawals:
        linkedin_withdrawals.show(visit, identity, may)


def _head(visit: shell.Visit, identity: IdentityView, account: AccountView, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**LinkedIn**", width="content")
        badges.badge(account.state)
        if account.has_seat:
            badges.badge(badges.Look("blue", "travel_explore", "Sales Navigator"))
        if account.since:
            badges.when(account.since, identity.zone, visit.now, "since ")
        st.space("stretch")
        if may and account.state is LinkedInState.CONNECTED:
            _menu(identity)
    facts = [fact for fact in (account.name, account.profile, account.email) if fact]
    if facts:
        badges.quiet(" · ".join(map(isolated, facts)))


def _menu(identity: IdentityView) -> None:
    with st.popover("More", icon=":material/more_horiz:", key=f"linkedin-menu-{identity.id}", help="Disconnect"):
        st.markdown("What is planned on LinkedIn waits until the account is connected again. E-mail goes on.")
        pressed = st.button("Disconnect LinkedIn", key="linkedin-disconnect", type="primary", width="stretch")
        if pressed and done(linkedin_accounts.disconnect, identity_id=identity.id):
            st.rerun()


def _premium(identity: IdentityView, account: AccountView, may: bool) -> None:
    said = st.toggle(
        "This account has LinkedIn Premium: its notes take 300 characters instead of 200, and are not counted",
        value=account.has_premium,
        key=f"premium-{identity.id}-{account.has_premium}",  # anew once somebody else has said it
        disabled=not may,
    )
    changed = may and said != account.has_premium
    if changed and done(linkedin_accounts.say_premium, identity_id=identity.id, has_premium=said):
        st.rerun()


def _consent(visit: shell.Visit, identity: IdentityView, may: bool) -> None:
    given = shell.ask(linkedin_consent.of_identity, identity_id=identity.id)
    if given is None:
        notices.warning("The account's owner has not accepted the risk notice, so nothing is done on LinkedIn.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        when = badges.moment(given.accepted_at, identity.zone, visit.now)
        badges.quiet(
            f"Risk notice accepted by {isolated(given.accepted_by)}, {when.text} (wording {given.version})", when.help
        )
        st.space("stretch")
        said = "Nothing is done on LinkedIn then."
        pressed = may and st.button("Take it back", key="consent-back", type="tertiary", help=said)
        if pressed and done(linkedin_consent.take_back, identity_id=identity.id):
            st.rerun()

"""Connecting an address by IMAP: the address first, then its servers as found, then the password and a real sign-in."""

import streamlit as st

from engine import mailboxes
from engine.connections.discovery import Proposal
from engine.desk import Problem
from engine.identities import IdentityView
from engine.installation import current
from engine.mailboxes import Address, ImapForm
from pages import badges, notices, shell
from pages.identities import email_fields, email_sign_in
from pages.identities.email_fields import Draft


def begin(identity: IdentityView) -> None:
    st.session_state[_slot(identity)] = Draft(_next_turn())


def again(identity: IdentityView, address: Address) -> None:
    """The form as it was filled in for this address, without the password."""
    proposal = Proposal(address.imap, address.smtp, address.username, "the servers used before")
    st.session_state[_slot(identity)] = Draft(_next_turn(), address.address, address.display_name, proposal)


def show(visit: shell.Visit, identity: IdentityView) -> None:
    draft = st.session_state.get(_slot(identity))
    if not isinstance(draft, Draft):
        return
    with st.container(border=True):
        if draft.proposal is None:
            _ask_address(identity, draft)
        else:
            _ask_password(visit, identity, draft, draft.proposal)
        if st.button("Close", key=f"connect-close-{draft.turn}", type="tertiary"):
            _close(identity)


def _ask_address(identity: IdentityView, draft: Draft) -> None:
    with st.form(f"address-{draft.turn}", border=False):
        address = st.text_input("E-mail address", key=f"address-field-{draft.turn}", placeholder="ada@acme.io")
        pressed = st.form_submit_button("Find its servers", type="primary")
    if not pressed:
        return
    permit = shell.attempt(mailboxes.may_connect, identity_id=identity.id, address=address)
    if permit is not None:
        with st.spinner("Looking for the mail servers of this address…"):
            proposal = mailboxes.propose(permit)
        st.session_state[_slot(identity)] = Draft(_next_turn(), permit.address, identity.name, proposal)
        st.rerun()


def _ask_password(visit: shell.Visit, identity: IdentityView, draft: Draft, proposal: Proposal) -> None:
    st.markdown(f"**{badges.plain(draft.address)}** · :gray[servers from: {badges.plain(proposal.source, 200)}]")
    if proposal.refused:
        notices.warning(proposal.refused, ":material/block:")
        email_sign_in.instead(visit, identity, draft.address, proposal.imap.host)
        return
    if proposal.hint:
        notices.info(proposal.hint, ":material/key:")
        email_sign_in.instead(visit, identity, draft.address, proposal.imap.host)
    with st.form(f"imap-{draft.turn}", border=False):
        form = email_fields.fields(draft, proposal)
        pressed = st.form_submit_button("Connect", type="primary")
    if pressed:
        _connect(identity, form)


def _connect(identity: IdentityView, form: ImapForm) -> None:
    """Permit, sign-in to both sides, and only then the row; what was entered stays in the form until it worked."""
    permit = shell.attempt(mailboxes.may_connect, identity_id=identity.id, address=form.address)
    if permit is None:
        return
    try:
        with st.spinner(f"Signing in to {form.imap.host} and {form.smtp.host}…"):
            found = mailboxes.check(permit, form)
    except Problem as problem:
        notices.error(problem)
        return
    for sentence in found.sentences:
        notices.error(sentence)
    if not found.is_good or found.folders is None:
        return
    vault = current().vault
    kept = shell.attempt(mailboxes.connect_imap, identity_id=identity.id, form=form, folders=found.folders, vault=vault)
    if kept is not None:
        notices.toast(f"{form.address} is connected.", icon=":material/check:")
        _close(identity)


def _close(identity: IdentityView) -> None:
    draft = st.session_state.pop(_slot(identity), None)
    if isinstance(draft, Draft):
        st.session_state.pop(f"password-{draft.turn}", None)
    st.rerun()


def _next_turn() -> int:
    st.session_state["connect-turn"] = st.session_state.get("connect-turn", 0) + 1
    return int(st.session_state["connect-turn"])


def _slot(identity: IdentityView) -> str:
    return f"connect-{identity.id}"

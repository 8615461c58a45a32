"""The authenticator code on the account page: set up by QR, confirmed by a first code, removed by password."""

import streamlit as st

from engine import accounts
from engine.accounts import Account
from engine.totp import Setup
from pages import badges, notices, shell

_ON = badges.Look("green", "lock", "on")
_OFF = badges.Look("gray", "lock_open", "off")


def show(account: Account) -> None:
    with st.container(border=True):
        st.markdown(f"**Authenticator code** {badges.tag(_ON if account.has_code else _OFF)}")
        st.caption("With it, a password alone signs nobody in. Any authenticator app does.")
        if account.has_code:
            _remove()
        elif account.setup:
            _confirm(account.setup)
        elif st.button("Set up an authenticator", icon=":material/qr_code:", key="totp-set-up"):
            accounts.set_up_code(shell.mine())
            st.rerun()


def _confirm(setup: Setup) -> None:
    st.markdown("1. Scan this with your authenticator app, or type the key.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(setup.svg, width=180)
        st.code(" ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4)), language=None)
    with st.form("totp-confirm", border=False):
        code = st.text_input("2. Type the six digits it shows", max_chars=9, autocomplete="one-time-code")
        if st.form_submit_button("Turn it on", type="primary") and _done(code or ""):
            st.rerun()


def _done(code: str) -> bool:
    try:
        accounts.confirm_code(shell.mine(), code)
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return True


def _remove() -> None:
    with st.form("totp-remove", border=False):
        present = st.text_input("Your password, to remove it", type="password", max_chars=200)
        if st.form_submit_button("Remove the authenticator"):
            try:
                accounts.remove_code(shell.mine(), present or "")
            except shell.Problem as problem:
                notices.error(problem)
            else:
                st.rerun()

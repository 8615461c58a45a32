"""Adding an identity by its LinkedIn login: a name, then the sign-in on the identity's own page."""

import streamlit as st

from engine.contact_details import Contact
from engine.identities import create
from pages import notices, reader, shell
from storage.kinds import Permission


def show() -> None:
    visit = shell.visit()
    shell.header(
        "Add an identity by its LinkedIn login",
        "The person is here and has a direct LinkedIn password. Next comes the sign-in, and whatever LinkedIn asks.",
    )
    if not visit.may(Permission.MANAGE):
        notices.info("Identities are added by a manager or an admin of this workspace; ask one of them.")
        return
    with st.form("new-by-login", border=True):
        left, right = st.columns(2)
        first = left.text_input("First name")
        last = right.text_input("Last name")
        pressed = st.form_submit_button("Go on to the LinkedIn login", type="primary", icon=":material/login:")
    if pressed:
        made = shell.attempt(create, contact=Contact(first_name=first, last_name=last), zone=reader.zone())
        if made is not None:
            shell.go("identity", id=made, section="linkedin")


show()

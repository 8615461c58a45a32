"""Adding an identity manually: a form that asks for a name, and for what else is at hand."""

import streamlit as st

from engine.identities import create
from pages import notices, reader, shell
from pages.identities import contact_form
from storage.kinds import Permission


def show() -> None:
    visit = shell.visit()
    shell.header(
        "Add an identity manually",
        "An identity is the person your messages come from. Everything but the first name can follow later.",
    )
    if not visit.may(Permission.MANAGE):
        notices.info("Identities are added by a manager or an admin of this workspace; ask one of them.")
        return
    with st.form("new-identity", border=True):
        contact = contact_form.fields("new")
        zone = contact_form.zone("new", reader.zone())
        saved = st.form_submit_button("Add identity", type="primary", icon=":material/person_add:")
    if saved:
        made = shell.attempt(create, contact=contact, zone=zone)
        if made is not None:
            shell.go("identity", id=made)


show()

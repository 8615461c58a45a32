"""Adding an identity by a share link: a name, then a link for the person, who does the rest."""

import streamlit as st

from engine import share_links
from engine.contact_details import Contact
from pages import badges, notices, reader, shell
from pages.identities import contact_form, share
from storage.kinds import Permission


def show() -> None:
    visit = shell.visit()
    shell.header(
        "Add an identity by a share link",
        "The person has no Outpost user. They open the link, and sign in to LinkedIn or fill in their details there.",
    )
    if not visit.may(Permission.MANAGE):
        notices.info("Identities are added by a manager or an admin of this workspace; ask one of them.")
        return
    with st.form("new-by-share", border=True):
        left, right = st.columns(2)
        first = left.text_input("First name", help="As you know it; the person can correct it.")
        last = right.text_input("Last name")
        zone = contact_form.zone("share", reader.zone())
        pressed = st.form_submit_button("Make the link", type="primary", icon=":material/add_link:")
    if pressed:
        made = shell.attempt(share_links.make_for_new, contact=Contact(first_name=first, last_name=last), zone=zone)
        if made is not None:
            identity_id, token = made
            share.hand_over(token)
            shell.link(
                "identity",
                label=f"Open {badges.plain(first, 80)}",
                icon=":material/person:",
                id=identity_id,
                section="share",
            )


show()

"""The section *Share identity link*: make a link for the account's owner, see who opened it, revoke it."""

import streamlit as st

from engine import share_links
from engine.identities import IdentityView
from engine.installation import current
from engine.share_links import LinkView
from pages import badges, notices, shell
from pages.campaigns.doing import done
from pages.devices import device
from storage.kinds import Permission


def show(visit: shell.Visit, identity: IdentityView) -> None:
    may = visit.may(Permission.MANAGE)
    st.markdown(
        "The person whose LinkedIn account this is connects it by a link, without an Outpost user. It is valid for 24 "
        "hours, works once, and shows nothing of this workspace but its name. Until LinkedIn was connected for the first "
        "time, they may also fill in their details there without a login."
    )
    if may and st.button("Make a link", icon=":material/add_link:", type="primary"):
        _make(identity)
    links = shell.ask(share_links.list_of, identity_id=identity.id)
    for link in links:
        _line(visit, identity, link, may)
    if not links:
        st.caption("No link was made yet.")


def hand_over(token: str) -> None:
    """The link is shown in this run only: it is a secret, and a session's state is no place for one."""
    st.code(f"{current().config.public_url}/share/{token}", language=None, wrap_lines=True)
    notices.info(
        "Copy it now: it is shown this once. It works for 24 hours and one use; whoever has it can connect an account to "
        "this identity."
    )


def _make(identity: IdentityView) -> None:
    if token := shell.attempt(share_links.make, identity_id=identity.id):
        hand_over(token)


def _line(visit: shell.Visit, identity: IdentityView, link: LinkView, may: bool) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        badges.badge(_look(link, visit))
        badges.when(link.created_at, identity.zone, visit.now, f"made by {link.created_by} ")
        if link.opened_at is not None:
            times = "once" if link.opened == 1 else f"{link.opened} times"
            badges.when(link.opened_at, identity.zone, visit.now, f"opened {times}, last ")
            address, _, agent = link.opened_from.partition(" · ")
            badges.quiet(f"{device(agent)} · {address}", link.opened_from)
        st.space("stretch")
        if link.is_open(visit.now):
            badges.when(link.expires_at, identity.zone, visit.now, "ends ")
            pressed = may and st.button("Revoke", key=f"revoke-{link.id}", type="tertiary", icon=":material/link_off:")
            if pressed and done(share_links.revoke, identity_id=identity.id, link=link.id):
                st.rerun()


def _look(link: LinkView, visit: shell.Visit) -> badges.Look:
    if link.revoked_at is not None:
        return badges.Look("gray", "link_off", "revoked")
    if link.used_at is not None:
        return badges.Look("green", "check_circle", "used")
    return badges.Look("blue", "schedule", "open") if link.is_open(visit.now) else badges.Look("gray", "timer_off", "ended")

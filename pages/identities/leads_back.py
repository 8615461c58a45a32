"""On an address's card: the leads that failed with it, and how far their coming back is once it is connected again."""

import streamlit as st

from engine.disconnecting import Healed, heal_more
from engine.identities import IdentityView
from engine.mailboxes import Address, list_of
from engine.pieces import paced
from pages import notices, shell

_NOTHING = Healed(0, 0)


def show(identity: IdentityView, address: Address, may: bool) -> None:
    if address.waiting_leads:
        leads = "1 lead" if address.waiting_leads == 1 else f"{address.waiting_leads:,} leads"
        st.markdown(f":material/history: {leads} failed with this address; reconnecting it brings back exactly them.")
    if not address.coming_back:
        return
    leads = "1 lead is" if address.coming_back == 1 else f"{address.coming_back:,} leads are"
    notices.info(f"{leads} still to come back with this address; the worker goes on.", icon=":material/hourglass_top:")
    if may and st.button("Bring them back now", key=f"heal-{address.id}"):
        _bring_back(identity, address)


def _bring_back(identity: IdentityView, address: Address) -> None:
    """Show how far; when this page is left, the worker goes on.

    Where the worker settled the last of them, or the address broke, between two pieces, there is nothing left to count.
    """
    bar = st.progress(0.0, "Bringing them back…")

    def piece() -> Healed:
        done = shell.ask(heal_more, mailbox_id=address.id)
        if done != _NOTHING:
            share = done.back / max(1, done.back + done.remaining)
            bar.progress(share, f"{done.back:,} are back, {done.remaining:,} remain")
        return done

    if paced(piece, lambda done: done.remaining > 0) == _NOTHING and not _is_connected(identity, address):
        words = f"{address.address} is not connected any more; the others come back once it is connected again."
        notices.toast(words, icon=":material/link_off:")
    st.rerun()


def _is_connected(identity: IdentityView, address: Address) -> bool:
    now = shell.ask(list_of, identity_id=identity.id)
    return any(one.id == address.id and one.state.may_be_read for one in now)

"""The section *Email › Manage*: the identity's addresses, each with its state, its day and its settings."""

import streamlit as st

from engine import mailboxes
from engine.identities import IdentityView
from engine.mailboxes import Address
from engine.warm_up_views import Progress
from pages import accents, badges, notices, shell
from pages.identities import domain, email_connect, email_settings, email_sign_in, leads_back, warm_up, warm_up_details
from storage.kinds import MailboxState, Permission, Provider


def show(visit: shell.Visit, identity: IdentityView) -> None:
    addresses = shell.ask(mailboxes.list_of, identity_id=identity.id)
    may = visit.may(Permission.MANAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Email › Manage", anchor=False, width="content")
        st.space("stretch")
        if may:
            _ways_to_connect(visit, identity, is_first=not addresses)
    if may:
        email_connect.show(visit, identity)
    if not addresses:
        st.caption(
            "No e-mail address is connected. Sign one in at Google or Microsoft 365, or connect it with IMAP, to send this"
            " identity's e-mails."
        )
    for address in addresses:
        with st.container(border=True):
            _card(visit, identity, address, may)


def _ways_to_connect(visit: shell.Visit, identity: IdentityView, *, is_first: bool) -> None:
    """They stay together where there is no room beside the title."""
    with st.container(horizontal=True, width="content"):
        email_sign_in.buttons(visit, identity)
        if st.button("IMAP", icon=":material/add:", key="connect-imap", type="primary" if is_first else "secondary"):
            email_connect.begin(identity)


def _card(visit: shell.Visit, identity: IdentityView, address: Address, may: bool) -> None:
    going = warm_up.progress_of(address)
    _head(visit, identity, address, going, may)
    if address.state_note and address.state is not MailboxState.OK:
        st.markdown(badges.plain(address.state_note, 900))
    leads_back.show(identity, address, may)
    if may:
        _mend(visit, identity, address)
    if address.today and going is None:
        badges.meter(address.today.used, address.today.limit, "E-mails today")
    if address.provider is not Provider.IMAP:
        email_sign_in.ends(visit, identity, address)
    if address.today is None:  # it was never connected: there is nothing to set
        return
    email_settings.tell(address)
    if going is not None:
        warm_up.show(visit, identity, address, going, may)
    warm_up_details.show(visit, address, going, may)
    domain.show(visit, identity, address, may)
    if may:
        email_settings.show(visit, identity, address)


def _mend(visit: shell.Visit, identity: IdentityView, address: Address) -> None:
    """The one way that brings the address back, by its own kind of sign-in."""
    if address.provider is not Provider.IMAP:
        email_sign_in.mend(visit, identity, address)
    elif address.state in (MailboxState.RECONNECT_NEEDED, MailboxState.DISCONNECTED):
        pressed = st.button("Reconnect", icon=":material/link:", key=f"reconnect-{address.id}", type="primary")
        if pressed:
            email_connect.again(identity, address)
            st.rerun()


def _head(visit: shell.Visit, identity: IdentityView, address: Address, going: Progress | None, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{accents.LEADING}-{address.id}"):
            _about(visit, identity, address, going)
        if may:
            with st.container(horizontal=True, width="content", wrap=False):
                warm_up.button(address, going)
                _menu(address)


def _about(visit: shell.Visit, identity: IdentityView, address: Address, going: Progress | None) -> None:
    st.markdown(f"**{badges.plain(address.address)}**", width="content")
    since = badges.moment(address.state_since, identity.zone, visit.now)
    known = filter(None, (badges.provider(address.provider), address.imap.host, address.smtp.host))
    badges.badge(address.state, help=f"since {since.text} · {' · '.join(known)}")
    if address.paused_at:
        badges.badge(badges.PAUSED, help="Its leads stay on it and wait.")
    if going is not None:
        warm_up.badge(going)
    if address.last_good_at and going is None:
        badges.when(address.last_good_at, identity.zone, visit.now, "signed in ")


def _menu(address: Address) -> None:
    key = f"menu-{address.id}-{address.state}"
    with st.popover("More", icon=":material/more_horiz:", key=key, help="Pause or disconnect"):
        if address.state is not MailboxState.DISCONNECTED:
            _pause_and_check(address)
            st.divider()
        _disconnect(address)


def _pause_and_check(address: Address) -> None:
    task, word = (mailboxes.resume, "Resume") if address.paused_at else (mailboxes.pause, "Pause")
    pressed = st.button(f"{word} this address", key=f"pause-{address.id}", width="stretch")
    if pressed and shell.attempt(task, mailbox_id=address.id) is not None:
        st.rerun()
    asked = st.button("Check the connection now", key=f"check-{address.id}", width="stretch")
    if asked and shell.attempt(mailboxes.check_soon, mailbox_id=address.id) is not None:
        notices.toast("The worker signs in again within a minute.", icon=":material/schedule:")


def _disconnect(address: Address) -> None:
    """What will end stands beside the button that does it."""
    if address.state is MailboxState.DISCONNECTED:
        st.markdown("It leaves this list. What failed with it comes back all the same when the address is connected again.")
        _off(address, "Remove from the list", remove=True)
        return
    told = shell.ask(mailboxes.rehearse_disconnect, mailbox_id=address.id)
    st.markdown(badges.plain(told.sentence, 400))
    if told.names:
        with st.expander("Which" if len(told.names) == told.leads else f"The first {len(told.names)} of them"):
            badges.quiet("\n".join(told.names))
    remove = st.checkbox("Also take it off this list", key=f"remove-{address.id}")
    leads = "1 lead" if told.leads == 1 else f"{told.leads:,} leads"
    _off(address, f"Disconnect and fail {leads}" if told.leads else "Disconnect this address", remove)


def _off(address: Address, label: str, remove: bool) -> None:
    pressed = st.button(label, key=f"disconnect-{address.id}", type="primary", width="stretch")
    if pressed and shell.attempt(mailboxes.disconnect, mailbox_id=address.id, remove=remove) is not None:
        st.rerun()

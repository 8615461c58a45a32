"""The mail domain of an address: each record with what to change, the selector somebody knows, the mail to oneself."""

import streamlit as st

from engine import domain_checks, own_mails
from engine.domain_checks import Check
from engine.identities import IdentityView
from engine.installation import current
from engine.mailboxes import Address
from engine.own_mails import OwnMail
from pages import badges, notices, shell
from storage.kinds import RecordState

_PARTS = {
    "mx": "MX · takes replies",
    "spf": "SPF · who may send",
    "dkim": "DKIM · signature",
    "dmarc": "DMARC · policy",
    "alignment": "Alignment · From is proved",
    "unsubscribing": "One-click unsubscribe is signed",
}
_UNSEEN = "The worker looks its records up within a minute of the address being connected."
_UNSEEN_IN_PRACTICE = "In practice no domain is looked up: nothing leaves this computer."
GOOD = badges.Look("green", "check_circle", "in order")
SIGN = badges.Look("red", "error", "not fit to send from")
SOME = badges.Look("orange", "help", "not all is known")


def show(visit: shell.Visit, identity: IdentityView, address: Address, may: bool) -> None:
    """One fold on the address's card."""
    found = shell.ask(domain_checks.check, mailbox_id=address.id)
    domain = badges.plain(domain_checks.domain_of(address.address), 60)
    title = f"Domain {domain} {badges.tag(summed(found))}" if found else f"Domain {domain}: not looked up yet"
    with st.expander(title, icon=":material/dns:", key=f"domain-{address.id}"):
        if found is None:
            st.caption(_UNSEEN_IN_PRACTICE if current().config.practice else _UNSEEN)
        else:
            _records(found)
            badges.quiet(f"Looked up {badges.ago(found.checked_at, visit.now)}.")
        if may:
            _ask(visit, identity, address, found)


def summed(found: Check) -> badges.Look:
    """All parts in one."""
    if found.is_red:
        return SIGN
    states = (found.mx, found.spf, found.dkim, found.dmarc, found.alignment, found.unsubscribing)
    return GOOD if all(state is RecordState.PRESENT for state in states) else SOME


def _records(found: Check) -> None:
    for part, title in _PARTS.items():
        state: RecordState = getattr(found, part)
        st.markdown(f"{badges.tag(state)} **{title}**")
        note = found.notes.get(part, "")
        if note:
            badges.quiet(note)
    if found.notes.get("dns"):
        badges.quiet(found.notes["dns"])


def _ask(visit: shell.Visit, identity: IdentityView, address: Address, found: Check | None) -> None:
    own = shell.ask(own_mails.look, mailbox_id=address.id)
    if own is not None:
        _own(visit, identity, own)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mail = st.button("Send a mail to itself", icon=":material/outgoing_mail:", key=f"own-{address.id}")
        again = st.button("Look up again", icon=":material/refresh:", key=f"again-{address.id}")
    if mail and shell.attempt(own_mails.ask, mailbox_id=address.id) is None:
        _asked(address)
    if again:
        shell.attempt(domain_checks.check_soon, mailbox_id=address.id)
        notices.toast("The worker looks again within a minute.", icon=":material/schedule:")
    if found is not None and found.dkim is not RecordState.PRESENT:
        _selector(address, found)


def _asked(address: Address) -> None:
    own = shell.ask(own_mails.look, mailbox_id=address.id)
    if own is not None and own.is_pending:
        st.rerun()


def _own(visit: shell.Visit, identity: IdentityView, own: OwnMail) -> None:
    when = badges.moment(own.at, identity.zone, visit.now).text
    if own.is_pending:
        notices.info(f"A mail to itself was asked for {when}; what it shows stands here when it has come.")
    elif own.was_seen:
        badges.quiet(f"Alignment and unsubscribing are read from the mail to itself of {when}.")
    else:
        notices.warning(own.note)


def _selector(address: Address, found: Check) -> None:
    with st.form(f"selector-{address.id}", border=False):
        tried = badges.plain(", ".join(found.selectors), 300)
        known = f" Also tried: {tried}." if found.selectors else ""
        selector = st.text_input(
            "DKIM selector",
            max_chars=100,
            placeholder="s2048",
            help=f"The word before ._domainkey in the key's DNS name; the mail provider's help names it.{known}",
        )
        if st.form_submit_button("Look under this selector"):
            try:
                shell.ask(domain_checks.name_selector, mailbox_id=address.id, selector=selector or "")
            except shell.Problem as problem:
                notices.error(problem)
            else:
                notices.toast("The worker looks under it within a minute.", icon=":material/schedule:")

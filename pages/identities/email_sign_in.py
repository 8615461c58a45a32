"""Google's and Microsoft 365's part of *Email › Manage*: the way to sign in, its known end, the administrator's kit."""

from datetime import timedelta

import streamlit as st

from engine import consents, known_ends
from engine.connections.oauth import Endpoints, endpoints
from engine.consent_texts import LANGUAGES
from engine.consents import Kit
from engine.identities import IdentityView
from engine.installation import current
from engine.mailboxes import Address
from engine.provider_apps import APPROVAL_RETURN, NAMES
from pages import badges, notices, shell
from pages.plain import connect
from storage.kinds import MailboxState, Provider

_UNFINISHED = (
    MailboxState.RECONNECT_NEEDED,
    MailboxState.DISCONNECTED,
    MailboxState.REFUSED,
    MailboxState.WAITING_FOR_APPROVAL,
)
_WITH_ADMINISTRATOR = (MailboxState.WAITING_FOR_APPROVAL, MailboxState.REFUSED, MailboxState.RECONNECT_NEEDED)


def buttons(visit: shell.Visit, identity: IdentityView) -> None:
    """Beside IMAP: a new address at either provider, in this tab."""
    for provider in (Provider.GOOGLE, Provider.MICROSOFT):
        shell.leave(NAMES[provider], connect.path(visit.workspace_id, identity.id, provider), icon="add")


def instead(visit: shell.Visit, identity: IdentityView, address: str, imap_host: str) -> None:
    """Where the typed address lies at Google or Microsoft: the sign-in that needs no password here."""
    for provider in (Provider.GOOGLE, Provider.MICROSOFT):
        if imap_host == Endpoints().servers(provider)[0].host:
            path = connect.path(visit.workspace_id, identity.id, provider, address)
            shell.leave(f"Sign in with {NAMES[provider]}", path, icon="login", is_primary=provider is Provider.MICROSOFT)


def mend(visit: shell.Visit, identity: IdentityView, address: Address) -> None:
    """What brings back a sign-in that ended or never came about: signing in, or first the client's administrator."""
    found = _kit_of(address)
    if found is not None:
        _dates(visit, identity, found)
    is_open = found is not None and not (found.approved_at or found.refused_at)
    must_ask = _needs_administrator(address) and not is_open and not (found and found.approved_at)
    with st.container(horizontal=True):
        if must_ask:
            _ask(identity, address, "Ask again with a new link" if found else "Ask the administrator")
        if address.state in _UNFINISHED:
            path = connect.path(visit.workspace_id, identity.id, address.provider, address.address)
            label = f"Sign in with {NAMES[address.provider]}"
            shell.leave(label, path, icon="login", is_primary=not (must_ask or is_open))
    if found is not None and is_open:
        _to_hand_on(address, found)


def ends(visit: shell.Visit, identity: IdentityView, address: Address) -> None:
    """The countdown to the end that the provider is known to make; loud when it is near."""
    end = shell.ask(known_ends.of_mailbox, mailbox_id=address.id)
    if end is None:
        return
    if end.is_near(visit.now):
        notices.warning(end.to_do(visit.now), icon=":material/timer:")
    used = f" (last used {badges.ago(end.last_used_at, visit.now)})" if end.last_used_at else ""
    left = f"{badges.ago(end.at, visit.now)} · " if end.at - visit.now >= timedelta(days=1) else ""
    badges.when(end.at, identity.zone, visit.now, f"{end.words.removesuffix(': ')}{used}: {left}")


def _needs_administrator(address: Address) -> bool:
    waiting = (MailboxState.WAITING_FOR_APPROVAL, MailboxState.REFUSED)
    return address.provider is Provider.MICROSOFT and address.state in waiting


def _kit_of(address: Address, language: str = "") -> Kit | None:
    """Shown while the administrator's answer is what the address waits for, or has just come."""
    if address.provider is not Provider.MICROSOFT or address.state not in _WITH_ADMINISTRATOR:
        return None
    redirect = f"{current().config.public_url}{APPROVAL_RETURN}"
    return shell.ask(
        consents.kit_of,
        mailbox_id=address.id,
        vault=current().vault,
        where=endpoints(),
        redirect=redirect,
        language=language,
    )


def _ask(identity: IdentityView, address: Address, label: str) -> None:
    pressed = st.button(label, icon=":material/approval_delegation:", key=f"ask-{address.id}", type="primary")
    if pressed:
        vault = current().vault
        made = shell.attempt(consents.ask_administrator, identity_id=identity.id, address=address.address, vault=vault)
        if made is not None:
            st.rerun()


def _to_hand_on(address: Address, found: Kit) -> None:
    with st.expander("For the client's administrator", icon=":material/approval_delegation:", key=f"kit-{address.id}"):
        st.caption("Send this message to the client's IT person; their answer shows here by itself.")
        languages = list(LANGUAGES)
        chosen = st.selectbox(
            "Language of the message",
            languages,
            languages.index(found.language),
            format_func=lambda one: LANGUAGES[one],
            key=f"kit-language-{address.id}",
            width=240,
        )
        shown = found if chosen == found.language else _kit_of(address, chosen) or found
        st.code(shown.message, language=None, wrap_lines=True, height=320)
        st.caption("Or only the link. It is good for one answer, for 60 days.")
        st.code(found.link, language=None, wrap_lines=True)


def _dates(visit: shell.Visit, identity: IdentityView, found: Kit) -> None:
    with st.container(horizontal=True):
        badges.when(found.asked_at, identity.zone, visit.now, "asked ")
        if found.approved_at:
            badges.when(found.approved_at, identity.zone, visit.now, "approved ")
        if found.refused_at:
            badges.when(found.refused_at, identity.zone, visit.now, "refused ")

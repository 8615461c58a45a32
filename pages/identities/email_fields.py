"""The fields of the form that connects an address: password, name, and both servers as proposed."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.connections.discovery import Proposal
from engine.mailboxes import ImapForm
from storage.kinds import Security


@dataclass(frozen=True, slots=True)
class Draft:
    """An open form: no address yet, or the servers found for one; `turn` gives each its own fields."""

    turn: int
    address: str = ""
    display_name: str = ""
    proposal: Proposal | None = None


def fields(draft: Draft, proposal: Proposal) -> ImapForm:
    turn = draft.turn
    password = st.text_input("Password or app password", type="password", key=f"password-{turn}", autocomplete="off")
    name = st.text_input("Name that recipients see", draft.display_name, key=f"name-{turn}")
    reading, sending = st.columns(2)
    with reading:
        imap_host = st.text_input("IMAP host", proposal.imap.host, key=f"imap-host-{turn}")
        imap_port = st.number_input("IMAP port", 1, 65535, proposal.imap.port, key=f"imap-port-{turn}", help="993 (SSL)")
    with sending:
        smtp_host = st.text_input("SMTP host", proposal.smtp.host, key=f"smtp-host-{turn}")
        smtp_port = st.number_input(
            "SMTP port", 1, 65535, proposal.smtp.port, key=f"smtp-port-{turn}", help="587 (STARTTLS) or 465 (SSL)"
        )
    with st.expander("User name and encryption"):
        username = st.text_input("User name", proposal.username, key=f"user-{turn}")
        left, right = st.columns(2)
        imap_security = _security(left, "IMAP encryption", proposal.imap.security, f"imap-security-{turn}")
        smtp_security = _security(right, "SMTP encryption", proposal.smtp.security, f"smtp-security-{turn}")
        st.caption("On the usual ports 993, 465 and 587 the port decides. Unencrypted connections are refused.")
    return ImapForm(
        draft.address, password, imap_host, smtp_host, imap_port, smtp_port, username, name, imap_security, smtp_security
    )


def _security(place: DeltaGenerator, label: str, chosen: Security, key: str) -> Security:
    kinds = list(Security)
    return place.selectbox(label, kinds, kinds.index(chosen), key=key, format_func=lambda kind: kind.value.upper())

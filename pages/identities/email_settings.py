"""The settings of one address: daily limit with its sum and its risk, the gap, the signature, the name recipients see."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from engine import limits, mailboxes
from engine.identities import IdentityView
from engine.mailboxes import LEAST_GAP, USUAL_GAP, Address
from engine.rules import quotas
from pages import badges, notices, shell
from storage.kinds import ActionKind


def tell(address: Address) -> None:
    """What is set, in one quiet line."""
    signature = "signature :material/check:" if address.signature else "no signature"
    gap = badges.duration(address.gap_seconds)
    st.caption(f"{signature} · at least {gap} between two mails · {_evidence(address)}")


def _evidence(address: Address) -> str:
    """What can prove later that a mail went out."""
    if address.files_sent_itself:
        return "the provider files every sent mail"
    if address.sent_folder:
        return f"a copy of every mail is put into {badges.plain(address.sent_folder, 40)}"
    return "no Sent folder was found, so copies can't be kept there"


def show(visit: shell.Visit, identity: IdentityView, address: Address) -> None:
    with st.expander("Limit, gap, signature", icon=":material/tune:", key=f"settings-{address.id}"):
        left, right = st.columns(2, gap="medium")
        with left:
            if address.today:
                _limit(visit, identity, address, address.today.limit)
            _gap(address)
        with right:
            _words(address)


def _limit(visit: shell.Visit, identity: IdentityView, address: Address, now: int) -> None:
    wanted = st.number_input("E-mails a day", 0, limits.MOST_A_DAY, now, key=f"limit-{address.id}-{now}")
    minutes = (identity.end - identity.start) % (24 * 60) or 24 * 60
    gap, window = timedelta(seconds=address.gap_seconds), timedelta(minutes=minutes)
    st.caption(badges.plain(quotas.fit_sentence(ActionKind.EMAIL, wanted, gap, window), 200))
    if address.limit_until:
        badges.when(address.limit_until, identity.zone, visit.now, "It ends by itself: ")
    until, why = _raise(visit, identity, address) if wanted > limits.MAILS_A_DAY else (None, "")
    if wanted == now or not st.button(f"Set the limit to {wanted}", key=f"set-limit-{address.id}"):
        return
    if wanted > limits.MAILS_A_DAY and not why.strip():
        notices.error("Say why the limit goes above the recommended one; the audit log keeps it.")
        return
    _set_limit(address, wanted, until, why)


def _set_limit(address: Address, wanted: int, until: datetime | None, why: str) -> None:
    try:
        shell.ask(limits.set_limit, mailbox_id=address.id, value=wanted, until=until, why=why)
    except shell.Problem as problem:
        notices.error(problem)
        return
    notices.toast("The limit holds from now on.", icon=":material/check:")
    st.rerun()


def _raise(visit: shell.Visit, identity: IdentityView, address: Address) -> tuple[datetime, str]:
    """Above the recommended number: the risk, a reason, and the day on which it falls back by itself."""
    notices.warning(
        f"With more than {limits.MAILS_A_DAY} a day providers begin to file mails of an address as spam and may lock it."
        " The limit falls back by itself on the day below.",
        icon=":material/warning:",
    )
    why = st.text_input("Why", key=f"why-{address.id}")
    zone = ZoneInfo(identity.zone)
    today = visit.now.astimezone(zone).date()
    day = st.date_input("Until", today + timedelta(days=7), min_value=today + timedelta(days=1), key=f"until-{address.id}")
    return datetime.combine(day, time(), zone), why


def _gap(address: Address) -> None:
    minutes = st.number_input(
        "Minutes between two mails", LEAST_GAP // 60, 24 * 60, address.gap_seconds // 60, key=f"gap-{address.id}"
    )
    if minutes * 60 < USUAL_GAP:
        st.caption(":material/warning: Under 10 minutes a mailbox looks like a robot, and mails land in spam more often.")
    seconds = int(minutes) * 60
    pressed = seconds != address.gap_seconds and st.button("Set the gap", key=f"set-gap-{address.id}")
    if pressed and shell.attempt(mailboxes.set_gap, mailbox_id=address.id, seconds=seconds) is not None:
        st.rerun()


def _words(address: Address) -> None:
    with st.form(f"words-{address.id}", border=False):
        name = st.text_input("Name that recipients see", address.display_name, help="Empty: the identity's own name")
        signature = st.text_area("Signature (plain text, under every mail)", address.signature, height=120)
        pressed = st.form_submit_button("Save name and signature")
    if pressed:
        _save_words(address, name, signature)


def _save_words(address: Address, name: str, signature: str) -> None:
    named = shell.attempt(mailboxes.set_display_name, mailbox_id=address.id, display_name=name)
    signed = shell.attempt(mailboxes.set_signature, mailbox_id=address.id, signature=signature)
    if named is not None and signed is not None:
        notices.toast("Name and signature are saved.", icon=":material/check:")
        st.rerun()

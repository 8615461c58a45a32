"""The part of a launch that concerns mail domains: looked up at once where nobody knows them, and a reason for a red one."""

import functools

import streamlit as st

from engine import clock, domain_checks, launch_domains
from engine.connections import domain_records
from engine.installation import current
from engine.launch_domains import Domains
from pages import notices, shell

_MOST, _SECONDS = 5, 5.0  # somebody waits; the worker looks up the rest
_LOOK = functools.partial(domain_records.look, ask=domain_records.asker(), seconds=_SECONDS)
_ASKED = "domains-asked"


def look_up(campaign_id: int) -> None:
    """Before the review: what was never looked up, once a session; what is not known then is said."""
    asked: set[str] = st.session_state.setdefault(_ASKED, set())
    unknown = [domain for domain in shell.ask(launch_domains.to_check, campaign_id=campaign_id) if domain not in asked]
    if unknown:
        asked.update(unknown)
        _check(unknown[:_MOST])


def _check(domains: list[str]) -> None:
    names = ", ".join(domains[:3]) + (" and more" if len(domains) > 3 else "")
    with st.spinner(f"Looking up {names}…", show_time=False):
        domain_checks.check_now(current().database, _LOOK, domains, clock.now())


def show(found: Domains) -> None:
    """What is wrong, and what is not known."""
    for each in found.red:
        notices.error(f"{each.domain} is not fit to send from. {each.note}", icon=":material/domain_disabled:")
    for each in found.unsure:
        notices.warning(f"{each.domain} is not known to be fit. {each.note}", icon=":material/cloud_off:")
    doubtful = [each.domain for each in (*found.red, *found.unsure)]
    if doubtful and st.button("Look the domains up again", icon=":material/refresh:", key="launch-domains"):
        _check(doubtful[:_MOST])
        st.rerun()


def reason(campaign_id: int, found: Domains) -> str:
    """Why a person launches from a red domain all the same; kept with their name in the audit log."""
    if not found.red:
        return ""
    return (
        st.text_input(
            "Why launch all the same",
            key=f"launch-despite-{campaign_id}",
            max_chars=300,
            help="Kept with your name in the audit log. Mails of such a domain land in spam or are refused.",
        )
        or ""
    )

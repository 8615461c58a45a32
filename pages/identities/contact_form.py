"""The fields of an identity's contact details, as the new form and the identity's page show them."""

import functools
from collections.abc import Callable
from zoneinfo import available_timezones

import streamlit as st

from engine.contact_details import Contact

_NOBODY = Contact("")


def fields(key: str, kept: Contact = _NOBODY, disabled: bool = False) -> Contact:
    """Show the fields and answer what is written in them; `key` keeps what is written through reruns."""
    # A row of columns each, so that on a phone they stack in this order.
    first, last = _pair(
        lambda: st.text_input("First name", kept.first_name, key=f"{key}-first", disabled=disabled),
        lambda: st.text_input("Last name", kept.last_name, key=f"{key}-last", disabled=disabled),
    )
    title, phone = _pair(
        lambda: st.text_input("Job title", kept.job_title, key=f"{key}-title", disabled=disabled),
        lambda: st.text_input("Phone", kept.phone, key=f"{key}-phone", type="phone", disabled=disabled),
    )
    email, meeting = _pair(
        lambda: st.text_input("E-mail", kept.email, key=f"{key}-email", type="email", validate="", disabled=disabled),
        lambda: st.text_input(
            "Meeting URL",
            kept.meeting_url,
            key=f"{key}-meeting",
            icon=":material/event:",
            placeholder="https://cal.com/…",
            help="Where leads book a meeting; campaign texts can use it.",
            disabled=disabled,
        ),
    )
    profile = st.text_input(
        "LinkedIn URL",
        kept.linkedin_url,
        key=f"{key}-linkedin",
        icon=":material/link:",
        placeholder="linkedin.com/in/…",
        disabled=disabled,
    )
    return Contact(
        first_name=first or "",
        last_name=last or "",
        job_title=title or "",
        email=email or "",
        phone=phone or "",
        linkedin_url=profile or "",
        meeting_url=meeting or "",
        crm_user=kept.crm_user,
    )


def _pair(left: Callable[[], str | None], right: Callable[[], str | None]) -> tuple[str | None, str | None]:
    first, second = st.columns(2)
    with first:
        one = left()
    with second:
        other = right()
    return one, other


def zone(key: str, kept: str, disabled: bool = False) -> str:
    zones = _zones()
    return st.selectbox(
        "Time zone of the working hours",
        zones,
        index=zones.index(kept) if kept in zones else zones.index("UTC"),
        key=f"{key}-zone",
        format_func=lambda name: name.replace("_", " "),
        help="Match the time zone of the people it writes to.",
        disabled=disabled,
    )


@functools.cache
def _zones() -> list[str]:
    """Every zone that names a place; the rest are old or technical spellings of these."""
    return [
        "UTC",
        *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))),
    ]

"""The form of a step at LinkedIn: a connection request with its note, or a message after the acceptance."""

import streamlit as st

from engine.steps import Draft, StepView
from storage.kinds import ActionKind

_REQUEST = Draft("", "", may_drop_note=True)
_MESSAGE = Draft("", "Hello {{ first_name }},\n\n", wait_minutes=24 * 60)
DRAFTS = {ActionKind.CONNECTION_REQUEST: _REQUEST, ActionKind.LINKEDIN_MESSAGE: _MESSAGE}


def form(step: StepView, wait: int, *, locked: bool) -> Draft:
    key, kept = f"step-{step.id}", step.draft
    if step.kind is ActionKind.CONNECTION_REQUEST:
        note = st.text_area("Note (may be empty)", value=kept.body, max_chars=300, key=f"{key}-body", disabled=locked)
        st.caption("A free account takes 200 characters and about 5 notes a month; Premium takes 300.")
        words = "When no notes are left this month, send it without one"
        drops = st.checkbox(words, value=kept.may_drop_note, key=f"{key}-drop", disabled=locked)
        return Draft("", note, "", wait, drops, kept.acceptance_days)
    body = st.text_area("Message", value=kept.body, height=220, max_chars=8_000, key=f"{key}-body", disabled=locked)
    days = st.number_input(
        "Wait so many days for an acceptance, then end",
        min_value=1,
        max_value=180,
        value=kept.acceptance_days,
        key=f"{key}-acceptance",
        disabled=locked,
    )
    return Draft("", body, "", wait, kept.may_drop_note, int(days))

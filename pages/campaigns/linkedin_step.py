"""A step at LinkedIn in the editor: the form of a connection request or a message, and how a real lead reads it."""

import streamlit as st

from engine import linkedin_texts
from engine.campaign_lists import CampaignView
from engine.leads import LeadLine
from engine.steps import Draft, StepView
from pages import badges, notices, shell
from storage.kinds import ActionKind

_REQUEST = Draft("", "", may_drop_note=True)
_MESSAGE = Draft("", "Hello {{ first_name }},\n\n", wait_minutes=24 * 60)
DRAFTS = {ActionKind.CONNECTION_REQUEST: _REQUEST, ActionKind.LINKEDIN_MESSAGE: _MESSAGE}


def form(campaign: CampaignView, step: StepView, wait: int, *, locked: bool) -> Draft:
    key, kept = f"step-{step.id}", step.draft
    if step.kind is ActionKind.CONNECTION_REQUEST:
        note = st.text_area("Note (may be empty)", value=kept.body, key=f"{key}-body", disabled=locked)
        most = shell.ask(linkedin_texts.longest_of, identity_id=campaign.identity_id, kind=step.kind)
        st.caption(_note_limit(most))
        words = "Send it without a note when none are left"
        drops = st.checkbox(words, value=kept.may_drop_note, key=f"{key}-drop", disabled=locked)
        return Draft("", note, "", wait, drops, kept.acceptance_days)
    body = st.text_area("Message", value=kept.body, height=220, key=f"{key}-body", disabled=locked)
    days = st.number_input(
        "Wait so many days for an acceptance, then end",
        min_value=1,
        max_value=180,
        value=kept.acceptance_days,
        key=f"{key}-acceptance",
        disabled=locked,
    )
    return Draft("", body, "", wait, kept.may_drop_note, int(days))


def preview(campaign: CampaignView, step: StepView, draft: Draft, reader: LeadLine) -> None:
    """The words as this lead gets them, and how much of the account's limit they take."""
    shown = shell.ask(linkedin_texts.preview, campaign.id, kind=step.kind, body=draft.body, lead_id=reader.id)
    is_request = step.kind is ActionKind.CONNECTION_REQUEST
    badges.quiet(f"As {shown.lead_name[:80]} reads {'the invitation' if is_request else 'it'}")
    if shown.problem:
        notices.error(shown.problem)
    elif shown.text:
        with st.container(border=True):
            st.text(shown.text)
    else:
        badges.quiet("The invitation comes without a note.")
    if shown.length:
        badges.meters([("characters", shown.length, shown.longest)])


def _note_limit(most: int) -> str:
    if most == linkedin_texts.FREE_NOTE:
        return (
            f"This account takes {most} characters, and LinkedIn allows a free one about 5 notes a month. If it has "
            "Premium, say so under the identity's LinkedIn section: then it is 300."
        )
    return f"This account has Premium: a note takes up to {most} characters."

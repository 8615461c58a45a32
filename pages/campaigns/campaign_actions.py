"""What can be done with a whole campaign: pause, resume, finish, rename, duplicate, delete a draft."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.campaign_lists import CampaignView
from engine.campaigns import delete_draft, duplicate, end_more, finish, pause, rename, resume
from pages import notices, shell
from pages.campaigns.doing import done
from storage.kinds import CampaignState, LeadState, Permission

_RENAME, _DUPLICATE, _FINISH, _DELETE = "Rename", "Duplicate", "Finish", "Delete draft"


def show(visit: shell.Visit, campaign: CampaignView, below: DeltaGenerator) -> None:
    """The main action and, behind a menu, the rarer ones; why one was refused is told `below`."""
    if not visit.may(Permission.MANAGE):
        return
    if campaign.state is CampaignState.RUNNING and st.button("Pause", icon=":material/pause:"):
        with below:
            _tell(done(pause, campaign_id=campaign.id), "Paused. Nothing new of it begins.")
    if campaign.state is CampaignState.PAUSED and st.button("Resume", icon=":material/play_arrow:", type="primary"):
        with below:
            _tell(done(resume, campaign_id=campaign.id), "Resumed.")
    chosen = st.menu_button("More", _rarer(campaign), icon=":material/more_horiz:", key="more")
    if chosen == _RENAME:
        _ask_name(campaign)
    elif chosen == _DUPLICATE:
        with below:
            made = shell.attempt(duplicate, campaign_id=campaign.id)
        if made is not None:
            shell.go("campaign", id=made)
    elif chosen == _FINISH:
        _ask_finish(campaign)
    elif chosen == _DELETE:
        _ask_delete(campaign)


def _rarer(campaign: CampaignView) -> list[str]:
    offered = [_RENAME, _DUPLICATE]
    if campaign.state in (CampaignState.RUNNING, CampaignState.PAUSED):
        offered.append(_FINISH)
    if campaign.state is CampaignState.DRAFT:
        offered.append(_DELETE)
    return offered


def _tell(happened: bool, words: str) -> None:
    if happened:
        notices.toast(words)
        st.rerun()


@st.dialog("Rename the campaign")
def _ask_name(campaign: CampaignView) -> None:
    name = st.text_input("Name", value=campaign.name, max_chars=200)
    if st.button("Rename", type="primary") and done(rename, campaign_id=campaign.id, name=name):
        st.rerun()


@st.dialog("Finish the campaign")
def _ask_finish(campaign: CampaignView) -> None:
    ending = campaign.leads.of(LeadState.ACTIVE) + campaign.leads.of(LeadState.NEW)
    st.markdown(
        f"The sequences of {ending:,} {'lead' if ending == 1 else 'leads'} end, and nothing further is sent. "
        "This can't be undone; to hold the campaign for a while, pause it."
    )
    if st.button(f"Finish and end {ending:,} {'sequence' if ending == 1 else 'sequences'}", type="primary") and done(
        finish, campaign_id=campaign.id
    ):
        _end_sequences(campaign.id, ending)
        st.rerun()


def _end_sequences(campaign_id: int, count: int) -> None:
    """Let the sequences end and show how far; when this page is left, the worker goes on."""
    bar = st.progress(0.0, "Ending sequences…")
    left = count
    while left:
        left = shell.ask(end_more, campaign_id=campaign_id)
        bar.progress(1 - left / max(left, count), f"{count - left:,} of {count:,} sequences")


@st.dialog("Delete the draft")
def _ask_delete(campaign: CampaignView) -> None:
    st.markdown("The draft and its steps are removed. This can't be undone.")
    if st.button("Delete draft", type="primary") and done(delete_draft, campaign_id=campaign.id):
        shell.go("campaigns")

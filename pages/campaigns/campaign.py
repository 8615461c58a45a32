"""One campaign: its state and what can be done with it at the top; its steps, leads and launch in tabs."""

import streamlit as st

from engine.campaign_lists import CampaignView, look_at
from pages import accents, asked, badges, in_app_links, shell
from pages.campaigns import campaign_actions, campaign_launch, campaign_leads, campaign_steps
from pages.person_texts import isolated
from storage.kinds import CampaignState, LeadState

_TABS = {"Steps": campaign_steps.show, "Leads": campaign_leads.show, "Launch": campaign_launch.show}


def show() -> None:
    visit = shell.visit()
    campaign = asked.one(look_at, "campaign_id")
    if campaign is None:
        asked.missing("campaign", "campaigns")
        return
    _header(visit, campaign)
    tab = st.segmented_control(
        "Part",
        list(_TABS),
        default="Steps",
        required=True,
        key="tab",
        bind="query-params",
        label_visibility="collapsed",
    )
    _TABS[tab or "Steps"](visit, campaign)


def _header(visit: shell.Visit, campaign: CampaignView) -> None:
    header, below = st.container(horizontal=True, vertical_alignment="center"), st.container()
    with header:
        with st.container(gap=None, key=f"{accents.LEADING}-title"):
            st.title(badges.plain(campaign.name, 80), anchor=False)
            in_app_links.under_title("identity", f"from {isolated(campaign.identity_name, 60)}", id=campaign.identity_id)
        with st.container(width="content", horizontal=True, vertical_alignment="center"):
            badges.badge(campaign.state, help=_since(campaign))
            campaign_actions.show(visit, campaign, below)
    since = _since(campaign)
    if campaign.state is CampaignState.PAUSED and since:
        badges.quiet(since)
    if campaign.leads.total and campaign.state is not CampaignState.DRAFT:
        badges.quiet(_figures(campaign))


def _figures(campaign: CampaignView) -> str:
    told = [f"{campaign.leads.over:,} of {campaign.leads.total:,} leads done"]
    shown = (LeadState.ACTIVE, LeadState.REPLIED, LeadState.BOUNCED, LeadState.FAILED, LeadState.LEFT_OUT)
    told += [f"{count:,} {badges.look(state).word}" for state in shown if (count := campaign.leads.of(state))]
    if campaign.paused_leads:
        told.append(f"{campaign.paused_leads:,} of the active paused")
    return " · ".join(told)


def _since(campaign: CampaignView) -> str | None:
    if campaign.state is CampaignState.PAUSED and campaign.paused_at:
        return f"Paused by {campaign.paused_by}, {campaign.paused_at:%d %b %Y %H:%M} UTC."
    return f"Launched {campaign.launched_at:%d %b %Y %H:%M} UTC." if campaign.launched_at else None


show()

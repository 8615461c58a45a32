"""Campaigns: all of a workspace's, searched, filtered and paged in SQL, with their state and how far they are."""

import streamlit as st

from engine.campaign_lists import CampaignView, find
from engine.campaigns import create
from engine.identity_lists import Card, list_page
from pages import badges, drawings, empty, filters, in_app_links, shell
from pages.identities import paging
from storage.kinds import CampaignState, LeadState, Permission

_STATES = {state.value.capitalize(): state for state in CampaignState}
_WIDTHS = [5, 2, 4, 4]


def show() -> None:
    visit = shell.visit()
    with shell.header("Campaigns"):
        if visit.may(Permission.MANAGE) and st.button("New campaign", icon=":material/add:", type="primary"):
            _new()
    text, state = _filters()
    page = shell.ask(find, search=text, state=state, page=paging.asked())
    if not page.total:
        if text or state:
            filters.nothing("No campaign fits these filters.", "Show all campaigns", find="", state=None)
        else:
            _nothing(visit)
        return
    with st.container(gap="xsmall"):
        for campaign in page.rows:
            _row(visit, campaign)
    paging.show(page)


def _filters() -> tuple[str, CampaignState | None]:
    with filters.row():
        text = filters.search("Name of a campaign")
        state = filters.pills("State", list(_STATES), "state")
    return text, _STATES[state] if state else None


def _row(visit: shell.Visit, campaign: CampaignView) -> None:
    with st.container(border=True):
        name, state, progress, figures = st.columns(_WIDTHS, vertical_alignment="center")
        with name:
            link = in_app_links.drawn("campaign", campaign.name, id=campaign.id)
            st.html(drawings.below([link, drawings.quiet(badges.cut(campaign.identity_name, 40), padding="0 .5rem")], "0"))
        with state:
            badges.badge(campaign.state)
        with progress:
            if campaign.leads.total:
                share = campaign.leads.over / campaign.leads.total
                st.progress(share, f"{campaign.leads.over:,} of {campaign.leads.total:,} leads done")
            else:
                badges.quiet("no leads yet")
        with figures:
            badges.quiet(_figures(campaign))


def _figures(campaign: CampaignView) -> str:
    steps = "1 step" if campaign.step_count == 1 else f"{campaign.step_count} steps"
    replied = campaign.leads.of(LeadState.REPLIED)
    return f"{steps} · {campaign.leads.of(LeadState.ACTIVE):,} active" + (f" · {replied:,} replied" if replied else "")


@st.dialog("New campaign")
def _new() -> None:
    """Ask who writes and what it is called; the campaign begins as a draft."""
    name = st.text_input("Name", max_chars=200, placeholder="Autumn, heads of growth in Spain")
    sought = st.text_input("Find the identity", placeholder="Name or e-mail address", type="search")
    choices = shell.ask(list_page, text=sought or "").cards
    who = st.selectbox("Identity", choices, format_func=_called, help="The person whose addresses the mails come from.")
    if not choices:
        st.caption("No identity fits. Add one under Identities, or search for another name.")
    if st.button("Make the draft", type="primary", disabled=who is None) and who is not None:
        made = shell.attempt(create, identity_id=who.id, name=name)
        if made is not None:
            shell.go("campaign", id=made)


def _called(identity: Card) -> str:
    return f"{identity.name} · {identity.job_title}" if identity.job_title else identity.name


def _nothing(visit: shell.Visit) -> None:
    if visit.may(Permission.MANAGE):
        with empty.place("A campaign writes to its leads from one identity, step by step. There is none yet."):
            if st.button("Make the first campaign", icon=":material/add:", type="primary"):
                _new()
    else:
        with empty.place("There is no campaign that you have access to; a manager can make one."):
            pass


show()

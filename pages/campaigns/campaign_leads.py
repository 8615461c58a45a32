"""The tab of a campaign's leads: who is in it and how far each is, and the door to import more."""

import streamlit as st

from engine.campaign_lists import CampaignView
from engine.leads import LeadLine, find
from pages import badges, filters, shell
from pages.campaigns import campaign_import, sales_form, sales_readings
from pages.identities import paging
from storage.kinds import CampaignState, LeadState, Permission


def show(visit: shell.Visit, campaign: CampaignView) -> None:
    may_import = visit.may(Permission.MANAGE) and campaign.state is not CampaignState.FINISHED
    if may_import and campaign_import.is_open(campaign.id):
        campaign_import.show(visit, campaign)
        return
    if may_import and sales_form.is_open(campaign.id):
        sales_form.show(campaign)
        return
    text, state = _filters(campaign, may_import)
    campaign_import.show_unfinished(campaign, may_import)
    sales_readings.show(campaign)
    if not campaign.leads.total:
        st.markdown("This campaign has no leads yet. Import them from a CSV file, or read them from Sales Navigator.")
        return
    page = shell.ask(find, campaign_id=campaign.id, search=text, state=state, page=paging.asked())
    if not page.rows:
        filters.nothing("No lead fits these filters.", "Show all leads", **{"lead": "", "lead-state": None})
        return
    st.dataframe(
        [_row(lead, from_file=any(each.row for each in page.rows)) for lead in page.rows],
        hide_index=True,
        height="content",
        column_config={
            # Widths by which the first three columns stand on a phone and all of them on a desk.
            "Open": st.column_config.LinkColumn("", display_text="Timeline", width=74),
            "Name": st.column_config.TextColumn(width=132),
            "State": st.column_config.TextColumn(width=96),
            "Step": st.column_config.NumberColumn(width=50),
            "E-mail or profile": st.column_config.TextColumn(width=215),
            "Company": st.column_config.TextColumn(width=125),
            "Inbox": st.column_config.TextColumn(width=145),
            "Row": st.column_config.NumberColumn(help="The row in the imported file.", width=52),
            "Reason": st.column_config.TextColumn(width=108),
        },
    )
    paging.show(page)


def _filters(campaign: CampaignView, may_import: bool) -> tuple[str, LeadState | None]:
    states = {badges.look(each).word: each for each in campaign.leads.by_state}

    def called(word: str) -> str:
        return f"{word} · {campaign.leads.of(states[word]):,}"

    with filters.row():
        text = filters.search("Name, e-mail or company", "lead")
        chosen = filters.choice("State", list(states), "lead-state", "Any state", width=150, called=called)
        st.space("stretch")
        words = "Import leads" if not campaign.leads.total else "Import more leads"
        kind = "secondary" if campaign.leads.total else "primary"
        if may_import and st.button("Read Sales Navigator", icon=":material/travel_explore:"):
            sales_form.open_for(campaign.id)
        if may_import and st.button(words, icon=":material/upload_file:", type=kind):  # type: ignore[arg-type]
            campaign_import.open_for(campaign.id)
    return text, states.get(chosen or "")


def _row(lead: LeadLine, *, from_file: bool) -> dict[str, object]:
    return {
        "Open": shell.address("lead", id=lead.id),
        "Name": lead.name,
        "State": badges.look(badges.PAUSED if lead.paused else lead.state).word,
        "Step": lead.position,
        "E-mail or profile": lead.email or lead.linkedin_url,
        "Company": lead.company,
        "Inbox": lead.mailbox,
        **({"Row": lead.row} if from_file else {}),
        "Reason": reason.sentence if (reason := lead.paused or lead.reason) else "",
    }

"""What came of a reading: whom the launch leaves out, who must wait, and who did not become a lead and why."""

import streamlit as st

from engine import scrapes
from engine.campaign_lists import CampaignView
from engine.scrapes import HeldBack, Reading
from pages import badges, shell


def show(campaign: CampaignView, reading: Reading) -> None:
    if reading.leads:
        _held_back(campaign, shell.ask(scrapes.held_back, scrape_id=reading.id))
    if reading.unread:
        rows = "1 row" if reading.unread == 1 else f"{reading.unread:,} rows"
        badges.quiet(f"{rows} of the results never showed a name and could not be read.")
    if reading.problem_count:
        number = "1 person" if reading.problem_count == 1 else f"{reading.problem_count:,} people"
        with st.expander(f"{number} did not become a lead", icon=":material/report:"):
            told = shell.ask(scrapes.problems_of, scrape_id=reading.id)
            st.dataframe([{"No.": one.row, "Why": one.problem} for one in told], hide_index=True)


def _held_back(campaign: CampaignView, held: HeldBack) -> None:
    told = [f"{held.suppressed:,} on the suppression list"] if held.suppressed else []
    told += [f"{held.elsewhere:,} whom another campaign is writing to"] if held.elsewhere else []
    if told:
        badges.quiet(f"The launch leaves out {' and '.join(told)}.")
    if held.cooling and held.free_again is not None:
        until = badges.moment(held.free_again, campaign.zone, held.free_again)
        who = f"{held.cooling:,} in cool-down after a withdrawal"
        badges.quiet(f"{who}; the last may be invited again on {held.free_again:%d %b %Y}.", until.help)

"""Asking for a Sales Navigator search or list to be read into a campaign: its address, whose seat reads, how many people."""

import streamlit as st

from engine import sales_urls, scrapes, seats
from engine.campaign_lists import CampaignView
from engine.seats import Seat
from engine.steps import list_of
from pages import badges, notices, shell
from pages.person_texts import isolated
from storage.kinds import ActionKind, CampaignState, LinkedInState, SalesKind

_OPEN = "read-into"
_USUAL = 100
_READS = {SalesKind.SEARCH: "A search of people.", SalesKind.LIST: "A list of people."}


def is_open(campaign_id: int) -> bool:
    return bool(st.session_state.get(_OPEN) == campaign_id)


def open_for(campaign_id: int | None) -> None:
    st.session_state[_OPEN] = campaign_id
    st.rerun()


def show(campaign: CampaignView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Read Sales Navigator", anchor=False, width="content")
        st.space("stretch")
        if st.button("Back to the leads", icon=":material/arrow_back:"):
            open_for(None)
    found = shell.ask(seats.of_campaign, campaign_id=campaign.id)
    if not found:
        _no_seat(campaign)
        return
    url = st.text_area(
        "Address of the search or list",
        placeholder="https://www.linkedin.com/sales/search/people?…",
        help="Open it in Sales Navigator and copy the address from the browser's address bar.",
        key=f"sales-url-{campaign.id}",
        height=96,
    )
    read = sales_urls.parse(url) if url.strip() else None
    if read is not None:
        badges.quiet(_READS[read.kind])
    elif url.strip():
        notices.error(sales_urls.wrong(url))
    seat = _seat(campaign, found)
    most = int(st.number_input("People, at most", 1, seats.MOST_PEOPLE, _USUAL, step=25, key=f"sales-most-{campaign.id}"))
    badges.quiet(shell.ask(seats.rehearse, campaign_id=campaign.id, identity_id=seat.identity_id, most=most))
    _warn(campaign, seat)
    words = f"Read {'1 person' if most == 1 else f'up to {most:,} people'}"
    if st.button(words, type="primary", icon=":material/travel_explore:"):
        begun = shell.attempt(scrapes.start, campaign_id=campaign.id, url=url, identity_id=seat.identity_id, most=most)
        if begun is not None:
            notices.toast("It is being read; this page may be left meanwhile.")
            open_for(None)


def _no_seat(campaign: CampaignView) -> None:
    notices.info(
        f"{campaign.identity_name} has no Sales Navigator seat, and no other identity of this workspace shares one. Connect "
        "a LinkedIn account that has a seat, or share some of a seat's scrapings: on its identity, LinkedIn › Rate limits.",
        icon=":material/travel_explore:",
    )
    with st.container(horizontal=True):
        if st.button("Open LinkedIn of this identity", icon=":material/link:"):
            shell.go("identity", id=campaign.identity_id, section="linkedin")
        if st.button("Show all identities", icon=":material/groups:", type="tertiary"):
            shell.go("identities")


def _seat(campaign: CampaignView, found: tuple[Seat, ...]) -> Seat:
    by_id = {one.identity_id: one for one in found}
    chosen = st.selectbox(
        "Read with the seat of",
        list(by_id),
        format_func=lambda identity_id: _called(by_id[identity_id]),
        key=f"sales-seat-{campaign.id}",
        help="The campaign's own identity first, then what the others share with the workspace. One seat reads a search "
        "from its first page to its last: the same search can look different to another account.",
    )
    return by_id[chosen]


def _called(seat: Seat) -> str:
    whose = "own seat" if seat.is_own else "shared pool"
    return f"{isolated(seat.name, 60)} ({whose}) · {seat.left_today:,} of {seat.a_day:,} left today"


def _warn(campaign: CampaignView, seat: Seat) -> None:
    if seat.state is not LinkedInState.CONNECTED:
        notices.warning(
            f"LinkedIn of {seat.name}: {badges.look(seat.state).word}. Nothing is read until it is connected again.",
        )
    if any(step.kind is ActionKind.EMAIL for step in shell.ask(list_of, campaign_id=campaign.id)):
        notices.warning(
            "Sales Navigator shows no e-mail addresses, and this campaign sends e-mail: these leads will be left out of it. "
            "Read them into a campaign of LinkedIn steps.",
            icon=":material/mail_off:",
        )
    if campaign.state is CampaignState.RUNNING:
        notices.info("The campaign is running: these leads begin as soon as they are in.", icon=":material/play_circle:")

"""What is being read from Sales Navigator into a campaign, how far it is and why it waits; and what was read before."""

import streamlit as st

from engine import scrapes
from engine.campaign_lists import CampaignView
from engine.rules.facts import Wait
from engine.scrapes import Reading
from pages import badges, notices, shell
from pages.campaigns import sales_results, sales_waits
from pages.campaigns.doing import done
from pages.parts import part
from pages.person_texts import isolated
from storage.kinds import Permission, SalesKind, ScrapeState

_REFRESH = 5.0
# Of their own: some of these words are other states' too, with another look.
_LOOKS = {
    ScrapeState.READING: badges.Look("green", "travel_explore", "reading"),
    ScrapeState.DONE: badges.Look("green", "check_circle", "read"),
    ScrapeState.STOPPED: badges.Look("gray", "stop_circle", "stopped"),
    ScrapeState.FAILED: badges.Look("red", "error", "failed"),
}
_CALLED = {SalesKind.SEARCH: "Sales Navigator search", SalesKind.LIST: "Sales Navigator list"}


def show(campaign: CampaignView) -> None:
    """Nothing when nothing was ever read; made anew by itself while something is."""
    readings = shell.ask(scrapes.of_campaign, campaign_id=campaign.id)
    if not readings:
        return
    seen = f"read-{campaign.id}"
    st.session_state[seen] = _came(readings)

    def _list(visit: shell.Visit) -> None:
        now = shell.ask(scrapes.of_campaign, campaign_id=campaign.id)
        if _came(now) != st.session_state.get(seen):
            st.session_state[seen] = _came(now)
            st.rerun()  # the leads below have become more
        _all(visit, campaign, now)

    part(_list, every=_REFRESH if any(one.state is ScrapeState.READING for one in readings) else None)


def _came(readings: tuple[Reading, ...]) -> list[tuple[int, int, ScrapeState]]:
    return [(one.id, one.leads, one.state) for one in readings]


def _all(visit: shell.Visit, campaign: CampaignView, readings: tuple[Reading, ...]) -> None:
    going = [one for one in readings if one.state is ScrapeState.READING]
    over = [one for one in readings if one.state is not ScrapeState.READING]
    for one in [*going, *over[:1]]:
        _one(visit, campaign, one)
    if over[1:]:
        with st.expander(f"Read before ({len(over) - 1:,})", icon=":material/history:"):
            st.dataframe([_line(one) for one in over[1:]], hide_index=True)


def _one(visit: shell.Visit, campaign: CampaignView, reading: Reading) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{_CALLED[reading.kind]}**", width="content")
            waits = isinstance(reading.verdict, Wait)
            badges.badge(reading.verdict if waits else _LOOKS[reading.state])
            st.space("stretch")
            st.link_button("Open it there", reading.address, icon=":material/open_in_new:", type="tertiary")
            _button(visit, reading)
        if reading.state is ScrapeState.READING or reading.found:
            st.progress(min(1.0, reading.settled / _target(reading)), _progress(reading))
        badges.quiet(_whose(visit, reading))
        sales_waits.show(visit, reading)
        if reading.note:
            (notices.error if reading.state is ScrapeState.FAILED else notices.info)(reading.note)
        sales_results.show(campaign, reading)


def _button(visit: shell.Visit, reading: Reading) -> None:
    if reading.state is ScrapeState.READING and visit.may(Permission.PRESS_STOP):
        said = "No further page is opened; whoever came in stays."
        pressed = st.button("Stop reading", key=f"stop-{reading.id}", icon=":material/stop_circle:", help=said)
        if pressed and done(scrapes.stop, scrape_id=reading.id):
            st.rerun()
    can_go_on = reading.state in (ScrapeState.STOPPED, ScrapeState.FAILED) and visit.may(Permission.MANAGE)
    leaves = reading.state is ScrapeState.FAILED and visit.may(Permission.MANAGE)
    is_left = leaves and st.button(
        "Leave it at that",
        key=f"leave-{reading.id}",
        type="tertiary",
        help="Whoever came in stays, and nobody is told of it any more. Reading can still go on later.",
    )
    if is_left and done(scrapes.leave, scrape_id=reading.id):
        st.rerun()
    is_pressed = can_go_on and st.button("Go on reading", key=f"go-on-{reading.id}", icon=":material/play_arrow:")
    if is_pressed and done(scrapes.go_on, scrape_id=reading.id):
        st.rerun()


def _target(reading: Reading) -> int:
    """How many people it is about: as many as were asked for, unless there are fewer."""
    if reading.state is ScrapeState.DONE:
        return max(1, reading.found)
    return max(1, min(reading.most, reading.told or reading.most), reading.found)


def _progress(reading: Reading) -> str:
    came = f"{reading.leads:,} {'lead' if reading.leads == 1 else 'leads'}"
    told = [f"{reading.settled:,} of {_target(reading):,} people", came]
    return " · ".join([*told, f"{reading.problem_count:,} not"] if reading.problem_count else told)


def _whose(visit: shell.Visit, reading: Reading) -> str:
    seat = f"{isolated(reading.seat_name)}’s seat" if reading.seat_name else "a seat of another identity"
    told = [f"with {seat}{' (shared pool)' if reading.borrowed else ''}"]
    told.append(f"begun by {isolated(reading.created_by)} {badges.ago(reading.created_at, visit.now)}")
    if reading.state is ScrapeState.STOPPED and reading.ended_by != "worker":
        told.append(f"stopped by {isolated(reading.ended_by)}")
    return " · ".join(told)


def _line(reading: Reading) -> dict[str, object]:
    return {
        "What": _CALLED[reading.kind],
        "Begun": reading.created_at,
        "State": _LOOKS[reading.state].word,
        "People": reading.settled,
        "Leads": reading.leads,
        "Address": reading.address,
    }

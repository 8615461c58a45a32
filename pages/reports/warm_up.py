"""All addresses with their warm-ups: how each goes, started and stopped for many at once, and the policy and its price."""

import streamlit as st

from engine.warm_up_lists import Phase, find, find_everywhere
from pages import empty, filters, shell
from pages.identities import paging
from pages.reports import warm_up_bulk, warm_up_policy, warm_up_table
from storage.kinds import Permission

_PHASES = {
    "Warming up": Phase.RUNNING,
    "Paused": Phase.PAUSED,
    "Plan complete": Phase.COMPLETE,
    "Not warming up": Phase.NONE,
    "Out of the pool": Phase.OUT,
}


def show() -> None:
    visit = shell.visit()
    with shell.header("Warm-up"):
        if visit.actor.is_owner and st.button("Policy and price", icon=":material/tune:", key="warm-policy"):
            warm_up_policy.show()
        if (
            visit.may(Permission.ADMINISTER)
            and visit.all_identities
            and st.button("Workspace policy", icon=":material/groups:", key="warm-workspace")
        ):
            warm_up_policy.show_workspace()
    warm_up_policy.cost(visit)
    text, phase, everywhere = _filters(visit)
    page = shell.ask(find_everywhere if everywhere else find, search=text, phase=phase, page=paging.asked())
    if not page.total:
        _nothing(bool(text or phase))
        return
    may = visit.may(Permission.MANAGE) and not everywhere
    chosen = warm_up_table.show(page, everywhere, may)
    if may:
        warm_up_bulk.buttons(chosen)
        warm_up_bulk.results(visit)
    paging.show(page)


def _filters(visit: shell.Visit) -> tuple[str, Phase | None, bool]:
    with filters.row():
        text = filters.search("Address or name")
        state = filters.choice("State", list(_PHASES), "state", "Any state")
        everywhere = visit.actor.is_owner and st.toggle(
            "All workspaces", key="everywhere", bind="query-params", on_change=paging.first
        )
    return text, _PHASES[state] if state else None, bool(everywhere)


def _nothing(filtered: bool) -> None:
    if filtered:
        empty.leads_to("No address fits these filters.", "warm-up", "Show all addresses", ":material/filter_alt_off:")
    else:
        words = "No e-mail address is connected yet; connect one on an identity's page."
        empty.leads_to(words, "identities", "Show the identities", ":material/group:", "primary")


show()

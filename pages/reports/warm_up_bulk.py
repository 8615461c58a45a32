"""Starting and stopping many warm-ups: what it will do to each, one button, and what came of each address."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from engine import warm_up
from engine.warm_up import BulkResult
from engine.warm_up_lists import Row
from engine.warm_up_rehearsals import FORBIDDEN, FORBIDDEN_TO_MANY, rehearse_start_many, rehearse_stop_many
from engine.warm_up_views import ADVICE, ADVICE_FOR_MANY
from pages import badges, shell
from pages.identities import warm_up_dialogs

_RESULTS = "warm-up-results"
_MOST_REFUSALS = 6


def buttons(chosen: Sequence[Row]) -> None:
    """Under the table: one button for those of the marked lines that are still, one for those that run."""
    still = tuple(one.mailbox_id for one in chosen if one.figures is None)
    running = tuple(one.mailbox_id for one in chosen if one.figures is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Start {len(still)} warm-up{'s' if len(still) > 1 else ''}" if still else "Start warm-ups"
        icon = ":material/local_fire_department:"
        if st.button(label, icon=icon, key="warm-start-many", disabled=not still):
            _start(still)
        label = f"Stop {len(running)} warm-up{'s' if len(running) > 1 else ''}" if running else "Stop warm-ups"
        if st.button(label, icon=":material/stop_circle:", key="warm-stop-many", disabled=not running):
            _stop(running)
        if not chosen:
            badges.quiet("Mark lines at their left to start or stop several at once.")


@st.dialog("Start warm-ups")
def _start(mailbox_ids: tuple[int, ...]) -> None:
    found = shell.ask(rehearse_start_many, mailbox_ids=mailbox_ids)
    able = [one for one in found if not one.in_the_way]
    for one in [each for each in found if each.in_the_way][:_MOST_REFUSALS]:
        st.caption(f":material/block: {badges.plain(one.in_the_way, 300)}")
    if not able:
        st.markdown("None of these addresses can start now.")
        return
    st.markdown(f"**{_addresses(len(able))}** will start:")
    warm_up_dialogs.names(tuple(one.address for one in able))
    st.markdown(badges.plain(max(able, key=lambda one: one.planned_end or date.min).plan, 300))
    campaigns = tuple(dict.fromkeys(name for one in able for name in one.campaigns))
    if campaigns:
        st.markdown(f"**{len(campaigns)} campaign{'s' if len(campaigns) > 1 else ''} will be paused**, and go on with Stop:")
        warm_up_dialogs.names(campaigns)
    else:
        st.markdown("No campaign of their identities is running, so none is paused.")
    alone = len(able) == 1
    st.markdown(badges.plain(able[0].pool.sentence if alone else able[0].pool.sentence_for_many, 300))
    st.caption(f"{FORBIDDEN} {ADVICE}" if alone else f"{FORBIDDEN_TO_MANY} {ADVICE_FOR_MANY}")
    if able[0].price_cents:
        together = "" if alone else " together"
        cost = f"{len(able) * able[0].price_cents / 100:,.2f}"
        st.caption(f"It costs {cost} a month{together}, on the client statement.")
    if st.button(f"Start {_addresses(len(able))}", type="primary", key="warm-start-all", width="stretch"):
        _keep("started", shell.attempt(warm_up.start_many, mailbox_ids=mailbox_ids))


@st.dialog("Stop warm-ups")
def _stop(mailbox_ids: tuple[int, ...]) -> None:
    found = shell.ask(rehearse_stop_many, mailbox_ids=mailbox_ids)
    back = tuple(dict.fromkeys(name for one in found for name in one.resumes))
    stays = {name: why for one in found for name, why in one.stays if name not in back}
    st.markdown(f"**{_addresses(len(found))}** will stop; starting again begins with day 1:")
    warm_up_dialogs.names(tuple(one.address for one in found))
    if back:
        st.markdown(f"{len(back)} campaign{'s' if len(back) > 1 else ''} that they paused will go on:")
        warm_up_dialogs.names(back)
    for name, why in list(stays.items())[:_MOST_REFUSALS]:
        st.caption(f"{badges.plain(name)} stays as it is: {badges.plain(why, 200)}.")
    if st.button(f"Stop {_addresses(len(found))}", type="primary", key="warm-stop-all", width="stretch", disabled=not found):
        _keep("stopped", shell.attempt(warm_up.stop_many, mailbox_ids=tuple(one.mailbox_id for one in found)))


def _keep(word: str, results: tuple[BulkResult, ...] | None) -> None:
    if results is not None:
        st.session_state[_RESULTS] = (shell.visit().workspace_id, word, results)
        st.rerun()


def results(visit: shell.Visit) -> None:
    """What came of each address, until it is put away; in another workspace it is nobody's business."""
    of, word, came = st.session_state.get(_RESULTS, (None, "", ()))
    if not came or of != visit.workspace_id:
        return
    done = sum(not one.sentence for one in came)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{done:,} of {len(came):,} {word}**", width="content")
            st.space("stretch")
            if st.button("Put away", key="warm-results-away"):
                del st.session_state[_RESULTS]
                st.rerun()
        rows = [{"Address": one.address, "What came of it": one.sentence or word} for one in came]
        st.dataframe(rows, hide_index=True, width="stretch")


def _addresses(number: int) -> str:
    return "1 address" if number == 1 else f"{number:,} addresses"

"""The band over every page of a practice installation: what it is, what time it is there, and the moves of its clock."""

import streamlit as st

from engine import practice_clock
from engine.installation import current
from pages import notices, shell
from pages.shell import Visit
from storage.kinds import Permission

_OPENING = "To the next opening"
_STEPS = {"An hour on": 1, "Four hours on": 4, "A day on": 24, "A week on": 168}


def show(visit: Visit) -> None:
    """Nothing in a real installation."""
    if not current().config.practice:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="practice-bar"):
        st.badge("Practice", icon=":material/theater_comedy:", color="violet")
        st.caption(f"Invented people; no mail leaves this computer · **{visit.now:%a %d %b, %H:%M} UTC**", width="content")
        st.space("stretch")
        if visit.may(Permission.MANAGE) and visit.workspace_id is not None:
            _moves()


def _moves() -> None:
    chosen = st.menu_button("Move the clock", [_OPENING, *_STEPS], icon=":material/fast_forward:", key="practice-clock")
    if chosen and _moved(chosen):
        st.rerun()


def _moved(chosen: str) -> bool:
    if chosen == _OPENING:
        return shell.attempt(practice_clock.move_to_next_opening) is not None
    try:
        shell.ask(practice_clock.move_on, hours=_STEPS[chosen])
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return True

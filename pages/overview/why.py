"""Why did this not run? The ordered gates of one action, the first that fails, and the next possible time."""

import streamlit as st

from engine.rules.facts import GateReport, Run, Wait
from engine.why import Explanation, explain_action
from pages import accents, action_looks, asked, badges, notices, shell
from storage.kinds import Reason

_PASSED = ":green[:material/check:]"
_FAILED = ":red[:material/close:]"
_WAITS = ":blue[:material/schedule:]"
_BY_A_PERSON = "There is no next time until a person changes this."
_LATER = ":gray[:material/more_horiz:]"


def show() -> None:
    visit = shell.visit()
    why = asked.one(explain_action, "action_id")
    if why is None:
        shell.header("Why did this not run?")
        notices.info("This action does not exist, or you have no access to it.")
        shell.link("today", label="Back to Today", icon=":material/today:")
        return
    shell.header(_title(why))
    _about(visit, why)
    if why.gates:
        _asked_now(visit, why)
    elif why.reason:
        st.markdown(badges.sentence(why.reason))
    if why.note:
        badges.quiet(f"The server's words: {why.note}")
    if why.gates_then:
        _asked_then(visit, why)


def _title(why: Explanation) -> str:
    if why.state.is_sent:
        return "Why this ran"
    return "Why did this not run?" if why.state.is_open else "What became of this"


def _about(visit: shell.Visit, why: Explanation) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        to = f" to {badges.plain(why.lead_name, 60)}" if why.lead_name else ""
        st.markdown(f"{action_looks.tag(why.kind, why.state)} **{why.kind.label}{to}**", width="content")
        badges.when(why.due_at, why.zone, visit.now, "planned ")
    with st.container(horizontal=True, gap="small"):
        shell.link("identity", label=badges.plain(why.identity_name, 60), icon=":material/person:", id=why.identity_id)
        if why.campaign_id:
            shell.link("campaign", label=badges.plain(why.campaign_name, 60), icon=":material/campaign:", id=why.campaign_id)
        if why.lead_id and why.lead_name:
            shell.link("lead", label=badges.plain(why.lead_name, 60), icon=":material/contact_page:", id=why.lead_id)


def _asked_now(visit: shell.Visit, why: Explanation) -> None:
    first = next((number for number, report in enumerate(why.gates) if not report.passed), len(why.gates))
    with st.container(border=True):
        _list("passed", [f"{_PASSED} {_detail(report)}" for report in why.gates[:first]])
        if first < len(why.gates):
            _obstacle(visit, why, why.gates[first])
        elif isinstance(why.verdict, Run):
            badges.badge(why.verdict)
        if later := why.gates[first + 1 :]:
            badges.quiet("Then:")
            _list("later", [f"{_mark_of_later(report)} {_detail(report)}" for report in later])


def _mark_of_later(report: GateReport) -> str:
    """A later gate that only waits for a time is no second failure."""
    if report.obstacle is None:
        return _LATER
    return _WAITS if isinstance(report.obstacle, Wait) and report.obstacle.until is not None else _FAILED


def _obstacle(visit: shell.Visit, why: Explanation, report: GateReport) -> None:
    assert report.obstacle is not None
    st.markdown(f"{_FAILED} **{_detail(report)}**")
    st.markdown(badges.plain(report.obstacle.reason.sentence, 300))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badges.badge(report.obstacle)
        if not isinstance(report.obstacle, Wait):
            badges.quiet("It will be skipped; there is no next time.")
        elif report.obstacle.until is None:
            is_read = report.obstacle.reason is Reason.POST_UNREAD
            end = "No time is promised; it goes on by itself once all is read." if is_read else _BY_A_PERSON
            badges.quiet(end)
        else:
            badges.when(report.obstacle.until, why.zone, visit.now, "next possible: ")


def _asked_then(visit: shell.Visit, why: Explanation) -> None:
    with st.container(border=True):
        st.markdown("**What every gate said when it ran**" if why.state.is_sent else "**What the gates said last**")
        if why.ran_at:
            badges.when(why.ran_at, why.zone, visit.now)
        mark = _PASSED if why.state.is_sent else _LATER
        _list("then", [f"{mark} {badges.plain(said, 200)}" for _, said in why.gates_then])


def _detail(report: GateReport) -> str:
    return badges.plain(report.detail, 200)


def _list(name: str, marks: list[str]) -> None:
    with st.container(key=f"{accents.MARKED}-{name}"):
        grid = st.grid(3, min_column_width=240, gap=("xxsmall", "small"))
        for mark in marks:
            grid.markdown(mark)


show()

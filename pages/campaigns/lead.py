"""One lead: who it is, how far its sequence is, and all that happened, each action with its why."""

import streamlit as st

from engine import cool_downs
from engine.campaign_lists import look_at as look_at_campaign
from engine.lead_pauses import go_on
from engine.leads import LeadView, look_at, stop
from engine.timelines import Moment, of_lead
from pages import accents, asked, badges, drawings, in_app_links, notices, shell
from pages.campaigns import mail_view
from pages.campaigns.doing import done
from pages.person_texts import isolated
from pages.registry import PAGES
from storage.kinds import IncomingKind, LeadState, Permission

_READ_AT_ONCE = (IncomingKind.REPLY, IncomingKind.UNSUBSCRIBE)


def show() -> None:
    visit = shell.visit()
    lead = asked.one(look_at, "lead_id")
    if lead is None:
        asked.missing("lead", "campaigns")
        return
    _header(visit, lead)
    story, about = st.columns([3, 2], gap="large")
    with story:
        st.subheader("Timeline", anchor=False)
        zone = shell.ask(look_at_campaign, campaign_id=lead.campaign_id).zone
        for moment in shell.ask(of_lead, lead_id=lead.line.id):
            _moment(visit, lead, moment, zone)
    with about:
        _about(lead)


def _header(visit: shell.Visit, lead: LeadView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, key=f"{accents.LEADING}-title"):
            st.title(badges.plain(lead.line.name, 80), anchor=False)
            name = isolated(lead.campaign_name, 70)
            in_app_links.under_title("campaign", f"in {name}", id=lead.campaign_id, tab="Leads")
        with st.container(width="content", horizontal=True, vertical_alignment="center"):
            reason = lead.line.paused or lead.line.reason
            badges.badge(badges.PAUSED if lead.line.paused else lead.line.state, help=reason.sentence if reason else None)
            manages = visit.may(Permission.MANAGE)
            if lead.line.paused and manages and st.button("Continue", icon=":material/play_arrow:", type="primary"):
                _continue(lead)
            under_way = lead.line.state in (LeadState.NEW, LeadState.ACTIVE)
            if under_way and manages and st.button("Stop this lead", icon=":material/stop_circle:"):
                _ask_stop(lead)
    if free_at := shell.ask(cool_downs.of_lead, lead_id=lead.line.id):
        zone = shell.ask(look_at_campaign, campaign_id=lead.campaign_id).zone
        notices.info(
            "An invitation to this person was withdrawn, and LinkedIn takes no new one yet. Free again, for everybody of "
            f"this workspace: {badges.moment(free_at, zone, visit.now).text}.",
            icon=":material/hourglass_bottom:",
        )
    if lead.line.paused:
        _say_paused(visit, lead)
    if lead.suppressed:
        notices.warning("This person is on the suppression list: nothing is sent to them.", icon=":material/block:")


def _continue(lead: LeadView) -> None:
    if done(go_on, lead_id=lead.line.id):
        st.rerun()


def _say_paused(visit: shell.Visit, lead: LeadView) -> None:
    if lead.line.paused is None or lead.line.paused_since is None:
        return
    since = badges.ago(lead.line.paused_since, visit.now)
    notices.warning(
        f"{lead.line.paused.sentence} Paused {since}; read below what the servers said, then continue or stop it.",
        icon=":material/pause_circle:",
    )


@st.dialog("Stop this lead")
def _ask_stop(lead: LeadView) -> None:
    st.markdown("The lead's sequence ends; nothing further is sent to it by this campaign. This can't be undone.")
    if st.button("Stop this lead", type="primary") and done(stop, lead_id=lead.line.id):
        st.rerun()


def _moment(visit: shell.Visit, lead: LeadView, moment: Moment, zone: str) -> None:
    """One line; how an action stands and its why are on the latest line of it."""
    with st.container(gap=None, border=moment.mail is not None or bool(moment.text)):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(badges.plain(moment.words, 300), width="content")
            if moment.state is not None and moment.is_latest:
                badges.badge(moment.state)
            if moment.action_id is not None and moment.is_latest and "why" in PAGES:
                shell.link("why", label="Why", icon=":material/rule:", id=moment.action_id)
        shown = badges.moment(moment.at, zone, visit.now)
        badges.quiet(" · ".join(filter(None, (shown.text, moment.reason))), shown.help)
        if moment.text:
            _words(moment)
        if moment.mail is not None:
            with st.expander("The mail", icon=":material/mail:"):
                mail_view.show(moment.mail, lead.line.name)


def _words(moment: Moment) -> None:
    """As plain text: nothing of a stranger's mail is shown as HTML, and no picture of it is fetched."""
    with st.expander(
        f"From {badges.plain(moment.actor or 'the mail server', 80)}", expanded=moment.came_in in _READ_AT_ONCE
    ):
        st.text(moment.text)


def _about(lead: LeadView) -> None:
    st.subheader("About", anchor=False)
    known = {
        "E-mail": lead.line.email,
        "LinkedIn": lead.line.linkedin_url,
        "Company": lead.line.company,
        "Job title": lead.line.job_title,
        "Inbox": lead.line.mailbox,
        "From file": f"{lead.file_name}, row {lead.line.row}" if lead.file_name else "",
    }
    facts = {**{label: value for label, value in known.items() if value}, **lead.fields}
    st.html(drawings.facts({badges.cut(name, 40): badges.cut(str(value), 600) for name, value in facts.items()}))


show()

"""The tab in which a campaign's steps are written, each beside what a real lead would get."""

import streamlit as st

from engine.campaign_lists import CampaignView
from engine.leads import LeadLine, find
from engine.steps import Draft, StepView, edit, list_of, move, preview, remove
from pages import badges, notices, shell
from pages.campaigns import linkedin_step, mail_view, step_additions
from pages.campaigns.doing import done
from storage.kinds import ActionKind, CampaignState, Permission

_HELP = (
    "Fields: `{{ first_name }}`, `{{ last_name }}`, `{{ company }}`, `{{ job_title }}`, and every further column of the "
    'imported file under its name. With a fallback: `{{ first_name | default: "there" }}`. Filters: capitalize, upcase, '
    "downcase, strip."
)


def show(visit: shell.Visit, campaign: CampaignView) -> None:
    steps = shell.ask(list_of, campaign_id=campaign.id)
    writes = visit.may(Permission.MANAGE) and campaign.state is not CampaignState.FINISHED
    reader = _reader(campaign) if steps else None
    for step in steps:
        _step(campaign, step, len(steps), reader, writes)
    if not steps:
        st.markdown("A campaign begins with a first mail or a connection request. Write it here; the rest comes after it.")
    if writes and campaign.state is CampaignState.DRAFT:
        step_additions.show(campaign, steps)
    if steps:
        st.caption(_HELP)


def _reader(campaign: CampaignView) -> LeadLine | None:
    """The lead for whom the texts are shown."""
    if not campaign.leads.total:
        st.caption("Import leads to see each text as a real lead will read it.")
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sought = st.text_input(
            "Preview for", type="search", placeholder="Find a lead by name, e-mail or company", key="reader", width=340
        )
    found = shell.ask(find, campaign_id=campaign.id, search=sought or "").rows
    if not found:
        st.caption("No lead fits; the preview is empty.")
    return found[0] if found else None


def _step(campaign: CampaignView, step: StepView, count: int, reader: LeadLine | None, writes: bool) -> None:
    with st.container(border=True):
        _title(campaign, step, count, writes)
        left, right = st.columns(2, gap="medium")
        with left:
            draft = _form(campaign, step, locked=not writes or bool(step.begun))
            _save(step, draft, writes and not step.begun)
        with right:
            if reader is not None and step.kind is ActionKind.EMAIL:
                shown = shell.ask(preview, campaign_id=campaign.id, position=step.position, draft=draft, lead_id=reader.id)
                mail_view.show(shown.mail, shown.lead_name, shown.problem)
            elif reader is not None:
                linkedin_step.preview(campaign, step, draft, reader)
        for problem in step.problems:
            notices.warning(problem, ":material/edit_note:")


def _title(campaign: CampaignView, step: StepView, count: int, writes: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Step {step.position} · {step.kind.label}", anchor=False, width="content")
        if step.begun:
            badges.quiet(f"went to {step.begun:,} {'lead' if step.begun == 1 else 'leads'}, so its text stays as it is")
        st.space("stretch")
        if not writes or campaign.state is not CampaignState.DRAFT:
            return
        _arrow(step, ":material/arrow_upward:", "Up", step.position - 1, step.position == 1)
        _arrow(step, ":material/arrow_downward:", "Down", step.position + 1, step.position == count)
        clicked = st.button("Remove", icon=":material/delete:", help="Remove this step", key=f"remove-{step.id}")
        if clicked and done(remove, step_id=step.id):
            st.rerun()


def _arrow(step: StepView, icon: str, words: str, to: int, off: bool) -> None:
    clicked = st.button(words, icon=icon, key=f"{words}-{step.id}", disabled=off)
    if clicked and done(move, step_id=step.id, to=to):
        st.rerun()


def _form(campaign: CampaignView, step: StepView, *, locked: bool) -> Draft:
    key = f"step-{step.id}"
    wait = 0
    if step.position > 1:
        days = st.number_input(
            "Days after the step before",
            min_value=0.0,
            max_value=365.0,
            value=step.draft.wait_minutes / 1440,
            step=1.0,
            format="%g",
            key=f"{key}-wait",
            disabled=locked,
        )
        wait = round(days * 1440)
    if step.kind in linkedin_step.DRAFTS:
        return linkedin_step.form(campaign, step, wait, locked=locked)
    about = "Leave it empty to answer in the same thread as “Re: …”." if step.position > 1 else None
    subject = st.text_input("Subject", value=step.draft.subject, key=f"{key}-subject", help=about, disabled=locked)
    body = st.text_area("Text", value=step.draft.body, height=220, key=f"{key}-body", disabled=locked)
    with st.expander("HTML of its own", icon=":material/code:"):
        st.caption("Leave it empty: the HTML is then made from the text. Lead fields are always escaped here.")
        html = st.text_area("HTML", value=step.draft.body_html, key=f"{key}-html", disabled=locked)
    return Draft(subject, body, html, wait)


def _save(step: StepView, draft: Draft, allowed: bool) -> None:
    changed = draft != step.draft
    if allowed and changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            clicked = st.button(f"Save step {step.position}", type="primary", key=f"save-{step.id}")
            if clicked and done(edit, step_id=step.id, draft=draft):
                st.rerun()
            badges.quiet("not saved yet")

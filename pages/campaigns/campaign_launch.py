"""The tab that launches a campaign: the inbox, everything that speaks against it, whom it leaves out, how long it takes."""

import streamlit as st

from engine import unsubscribes
from engine.campaign_lists import CampaignView
from engine.campaigns import inbox_choices, set_inbox
from engine.fairness import fairness
from engine.installation import current
from engine.launch_checks import Where
from engine.launching import Begun, Review, begin_more, launch, review
from engine.pieces import paced
from engine.rehearsals import Rehearsal, rehearse
from pages import badges, notices, shell
from pages.campaigns import dealt_table, launch_domains
from pages.campaigns.doing import done
from storage.kinds import CampaignState, LeadState, Permission


def show(visit: shell.Visit, campaign: CampaignView) -> None:
    manages = visit.may(Permission.MANAGE)
    _inbox(campaign, manages)
    if campaign.state is CampaignState.FINISHED:
        return
    if campaign.state is not CampaignState.DRAFT:
        _rehearsal(visit, campaign, shell.ask(rehearse, campaign_id=campaign.id))
        if manages and campaign.state is CampaignState.RUNNING and campaign.leads.of(LeadState.NEW):
            _still_to_begin(campaign)
        return
    st.subheader("Before the launch", anchor=False)
    launch_domains.look_up(campaign.id)
    with st.spinner("Checking every lead…", show_time=False):
        found = shell.ask(review, campaign_id=campaign.id)
    _problems(found)
    launch_domains.show(found.domains)
    _idle(found)
    if not unsubscribes.base_of(current().config):
        notices.warning(unsubscribes.NO_URL, icon=":material/unsubscribe:")
    _left_out(found)
    if found.may_launch:
        _rehearsal(visit, campaign, shell.ask(rehearse, campaign_id=campaign.id))
        despite = launch_domains.reason(campaign.id, found.domains) if manages else ""
        words = f"Launch for {found.begins:,} {'lead' if found.begins == 1 else 'leads'}"
        if manages and st.button(words, type="primary", icon=":material/rocket_launch:"):
            _launch(campaign, despite, found)


def _inbox(campaign: CampaignView, manages: bool) -> None:
    choices = shell.ask(inbox_choices, campaign_id=campaign.id)
    names = {each.mailbox_id: each.address + ("" if each.may_send else " (can't send now)") for each in choices}
    ids: list[int | None] = [None, *names]
    chosen = st.selectbox(
        "Inbox setting",
        ids,
        index=ids.index(campaign.mailbox_id) if campaign.mailbox_id in ids else 0,
        format_func=lambda each: "Shuffle: deal leads evenly over all addresses" if each is None else names[each],
        disabled=not manages or campaign.state is CampaignState.FINISHED,
        help="Each lead stays on its address for the whole sequence; a change concerns leads that have none yet.",
        width=420,
    )
    if chosen != campaign.mailbox_id and manages and done(set_inbox, campaign_id=campaign.id, mailbox_id=chosen):
        st.rerun()
    dealt_table.show(shell.ask(fairness, campaign_id=campaign.id))


def _problems(found: Review) -> None:
    if not found.problems and not found.domains.red:
        notices.success("Nothing speaks against it.", icon=":material/check_circle:")
    for each in found.problems:
        notices.error(each.sentence)
        if each.leads:
            _who(each.leads, each.count)


def _idle(found: Review) -> None:
    if not found.idle:
        return
    names = ", ".join(found.idle[:5]) + (f" and {len(found.idle) - 5} more" if len(found.idle) > 5 else "")
    verb = "is connected but gets no leads" if len(found.idle) == 1 else "are connected but get no leads"
    notices.warning(f"{names} {verb}, for the daily limit there is 0. Raise it under Email to deal some there.")


def _left_out(found: Review) -> None:
    for each in found.left_out:
        noun = "lead is" if each.count == 1 else "leads are"
        notices.info(f"{each.count:,} {noun} left out. {each.why}.", icon=":material/person_off:")
        _who(each.leads, each.count)


def _who(leads: tuple[Where, ...], count: int) -> None:
    with st.expander("Which" if count <= len(leads) else f"The first {len(leads)} of {count:,}"):
        st.dataframe(
            [{"Row": each.row, "Lead": each.name, "Open": shell.address("lead", id=each.lead_id)} for each in leads],
            hide_index=True,
            column_config={"Open": st.column_config.LinkColumn("", display_text="Timeline", width="small")},
        )


def _rehearsal(visit: shell.Visit, campaign: CampaignView, sums: Rehearsal) -> None:
    grid = st.grid(3, min_column_width=180)
    first = badges.moment(sums.first_at, campaign.zone, visit.now) if sums.first_at else None
    grid.metric("Mails to send", f"{sums.mails:,}", border=True, help="If nobody replies.")
    grid.metric(
        "First mails from", first.text if first else "no hours", border=True, help=first.help if first else "Set hours."
    )
    takes = "–" if sums.days is None else f"about {sums.days:,} {'day' if sums.days == 1 else 'days'}"
    of = "1 address" if sums.addresses == 1 else f"{sums.addresses} addresses"
    about = f"Working days at {sums.a_day:,} a day over {of}, if other campaigns of the identity leave room."
    grid.metric(f"At {sums.a_day:,} a day", takes, border=True, help=about)


def _launch(campaign: CampaignView, despite: str, found: Review) -> None:
    if done(launch, campaign_id=campaign.id, despite=despite, found=found):
        _begin(campaign)


def _still_to_begin(campaign: CampaignView) -> None:
    waiting = campaign.leads.of(LeadState.NEW)
    who = "1 lead is" if waiting == 1 else f"{waiting:,} leads are"
    notices.info(f"{who} still to begin; the worker goes on.", icon=":material/hourglass_top:")
    if st.button("Begin them now"):
        _begin(campaign)


def _begin(campaign: CampaignView) -> None:
    """Let the leads begin and show how far; when this page is left, the worker goes on."""
    bar = st.progress(0.0, "Launching…")
    begun = 0

    def piece() -> Begun:
        nonlocal begun
        chunk = shell.ask(begin_more, campaign_id=campaign.id)
        begun += chunk.begun
        bar.progress(begun / max(1, begun + chunk.remaining), f"{begun:,} of {begun + chunk.remaining:,} leads")
        return chunk

    paced(piece, lambda chunk: chunk.remaining > 0 and chunk.begun > 0)
    st.rerun()

"""The tab *Withdrawals*: off or after N days, what that costs, what would go today, the daily cap, and the history."""

from zoneinfo import ZoneInfo

import streamlit as st

from engine import linkedin_lanes, linkedin_limits, linkedin_withdrawals
from engine.identities import IdentityView
from engine.linkedin_withdrawals import Overview
from pages import badges, notices, shell
from pages.campaigns.doing import done
from pages.identities import cool_down_calendar
from storage.kinds import ActionKind


def show(visit: shell.Visit, identity: IdentityView, may: bool) -> None:
    found = shell.ask(linkedin_withdrawals.overview, identity_id=identity.id)
    with st.container(border=True):
        state = f"after {found.after_days} days" if found.after_days else "off"
        st.markdown(f"**Withdrawals: {state}**")
        badges.quiet(_pending(found))
        if found.cap is not None:
            badges.meters([("today", found.gone_today, found.cap)])
            if may:
                _change(identity, found)
        else:
            badges.quiet("They can be switched on once LinkedIn is connected.")
    cool_down_calendar.show(identity)
    _history(visit, identity, found)


def _pending(found: Overview) -> str:
    if not found.pending:
        return "No invitation is pending."
    many = (
        "1 invitation is pending, since" if found.pending == 1 else f"{found.pending:,} invitations are pending, the oldest"
    )
    planned = f"; {found.planned:,} of them {'is' if found.planned == 1 else 'are'} planned to be withdrawn"
    age = "today" if not found.oldest_days else f"{found.oldest_days} day{'s' if found.oldest_days > 1 else ''}"
    return f"{many} {'for ' if found.pending > 1 and found.oldest_days else ''}{age}{planned if found.planned else ''}."


def _change(identity: IdentityView, found: Overview) -> None:
    on = st.toggle(
        "Withdraw invitations that nobody accepts",
        value=found.after_days is not None,
        key=f"withdraw-on-{identity.id}-{found.after_days}",
    )
    days: int | None = None
    if on:
        least, most = linkedin_withdrawals.LEAST_DAYS, linkedin_withdrawals.MOST_DAYS
        usual = found.after_days or linkedin_withdrawals.USUAL_DAYS
        with st.container(horizontal=True, vertical_alignment="bottom"):
            days = int(
                st.number_input(
                    "After so many days",
                    least,
                    most,
                    value=usual,
                    key=f"withdraw-days-{identity.id}-{found.after_days}",
                    width=240,
                )
            )
            _cap(identity, found)
        st.markdown(badges.plain(shell.ask(linkedin_withdrawals.rehearse, identity_id=identity.id, after_days=days), 600))
    if days != found.after_days:
        label = "Switch withdrawals off" if days is None else f"Withdraw after {days} days"
        pressed = st.button(label, type="primary", key="withdraw-save")
        if pressed and done(linkedin_withdrawals.set_after, identity_id=identity.id, after_days=days):
            notices.toast("Withdrawals are off." if days is None else f"Invitations are withdrawn after {days} days.")
            st.rerun()


def _cap(identity: IdentityView, found: Overview) -> None:
    """More than is recommended needs a reason and an end, which the tab *Rate limits* asks for."""
    now, usual = found.cap or 0, linkedin_lanes.RECOMMENDED[ActionKind.WITHDRAWAL]
    cap = int(
        st.number_input("At most a day", 0, max(usual, now), value=now, key=f"withdraw-cap-{identity.id}-{now}", width=240)
    )
    if cap != now and st.button(f"Set {cap} a day", key="withdraw-cap-save"):
        kind = ActionKind.WITHDRAWAL
        if done(linkedin_limits.set_daily, identity_id=identity.id, kind=kind, value=cap):
            st.rerun()


def _history(visit: shell.Visit, identity: IdentityView, found: Overview) -> None:
    if not found.history:
        return
    st.markdown("**History**")
    zone = ZoneInfo(identity.zone)
    rows = [
        {
            "Person": one.name or one.profile,
            "Invited": one.sent_at.astimezone(zone).date(),
            "Withdrawn": one.withdrawn_at.astimezone(zone).date(),
            "Free again": one.until.astimezone(zone).date(),
            "How": "was gone already" if one.was_gone else "withdrawn",
            "Lead": shell.address("lead", id=one.lead_id) if one.lead_id else None,
        }
        for one in found.history
    ]
    day = st.column_config.DateColumn(format="D MMM YYYY")
    columns = {
        "Person": st.column_config.TextColumn(width=220),
        "Invited": day,
        "Withdrawn": day,
        "Free again": day,
        "Lead": st.column_config.LinkColumn(display_text="Open"),
    }
    st.dataframe(rows, hide_index=True, placeholder="", column_config=columns, height="auto" if len(rows) < 9 else 320)
    if len(rows) == linkedin_withdrawals.MOST_SHOWN:
        badges.quiet(f"The newest {len(rows):,} are shown.")

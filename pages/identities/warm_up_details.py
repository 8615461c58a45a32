"""The plan of a warm-up drawn with what was done, where its mails landed, and what is decided for an address of the pool."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from engine import warm_up_membership
from engine.mailboxes import Address
from engine.warm_up_pool import LANGUAGES
from engine.warm_up_views import Progress
from pages import badges, notices, shell

OUT_HELP = (
    "In the pool it gets warm-up mails of other addresses, answers some, and files them into its folder “Warm-up”."
    " Switched out, nothing is sent to it or from it, and its mailbox is left alone."
)


def show(visit: shell.Visit, address: Address, going: Progress | None, may: bool) -> None:
    """One fold: the plan of a running warm-up, and for who may decide it, the address's part in the pool."""
    title = "Warm-up: plan, where mails landed, pool" if going else "Warm-up pool"
    if going or may:
        with st.expander(title, icon=":material/local_fire_department:", key=f"warm-more-{address.id}"):
            if going:
                _done(going)
            if may:
                _pool(address)


def _done(going: Progress) -> None:
    st.altair_chart(_plan(going), width="stretch")
    st.caption("Bars: sent. Lines: the plan.")
    if not going.landed:
        st.caption("Where mails land is shown when the first ones were seen at their partners.")
        return
    rows = [(badges.provider(one.provider), one.day, one.inbox, one.spam) for one in going.landed]
    st.dataframe(
        pd.DataFrame(rows, columns=["Provider", "Day", "Inbox", "Spam"]),
        hide_index=True,
        column_config={
            "Provider": st.column_config.TextColumn(help="The provider of the addresses that it wrote to", width=90),
            "Day": st.column_config.DateColumn(format="D MMM YYYY", width=95),
            **{name: st.column_config.NumberColumn(width=55) for name in ("Inbox", "Spam")},
        },
    )


def _plan(going: Progress) -> Any:
    rows = [(turn, one.planned, one.sent) for turn, one in enumerate(going.days, 1)]
    frame = pd.DataFrame(rows, columns=["Day", "Plan", "Sent"])
    shown = alt.Chart(frame, height=170).encode(alt.X("Day:O", title="Day of the plan", axis=alt.Axis(labelAngle=0)))
    tips = ["Day", "Plan", "Sent"]
    bars = shown.mark_bar(color="#2f9e6e").encode(alt.Y("Sent:Q", title="Mails"), tooltip=tips)
    marks = shown.mark_tick(thickness=2, color="#8a8ea3").encode(alt.Y("Plan:Q"), tooltip=tips)
    return alt.layer(bars, marks)


def _pool(address: Address) -> None:
    """Whether the address takes part, what may be done in its mailbox, and its language."""
    now = shell.ask(warm_up_membership.membership, mailbox_id=address.id)
    _part(address, now.takes_part)
    if now.takes_part:
        _handling(address, now.may_rescue, now.language)


def _part(address: Address, takes_part: bool) -> None:
    wanted = st.toggle("Takes part in warm-up", takes_part, key=f"warm-part-{address.id}-{takes_part}", help=OUT_HELP)
    if not takes_part:
        st.caption("Switched out: nothing is sent to it or from it, and its mailbox is left alone.")
    if wanted == takes_part:
        return
    task = warm_up_membership.set_taking_part
    if shell.attempt(task, mailbox_id=address.id, takes_part=wanted) is not None:
        notices.toast("In the pool." if wanted else "Out of the pool from now on.")
        st.rerun()


def _handling(address: Address, may_rescue: bool, language: str) -> None:
    rescue = st.toggle(
        "Its warm-up mails may be moved out of Junk",
        may_rescue,
        key=f"warm-rescue-{address.id}-{may_rescue}",
        help="Only with the word of the mailbox's owner. Nothing else in Junk is touched.",
    )
    place, key = list(LANGUAGES).index(language), f"warm-language-{address.id}-{language}"
    spoken = st.selectbox("Language of its mails", list(LANGUAGES), place, format_func=lambda one: LANGUAGES[one], key=key)
    if (rescue, spoken) != (may_rescue, language):
        task = warm_up_membership.set_handling
        if shell.attempt(task, mailbox_id=address.id, may_rescue=rescue, language=spoken) is not None:
            st.rerun()

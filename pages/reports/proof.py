"""Proof: the most that was ever spent on every clock, beside the limit then in force; every breach is listed."""

from typing import Any

import streamlit as st

from engine import proofs
from engine.installation import current
from engine.proofs import Proof
from engine.share_proofs import ShareClock
from pages import empty, notices, reader, shell
from storage.kinds import QuotaClock

_CLOCKS = {
    QuotaClock.LOCAL_DAY: "Local day",
    QuotaClock.ROLLING_24_HOURS: "24 hours",
    QuotaClock.ROLLING_7_DAYS: "7 days",
    QuotaClock.ROLLING_30_DAYS: "30 days",
    QuotaClock.NOTES_30_DAYS: "Notes in 30 days",
    ShareClock.SHARED_DAY: "Shared, local day",
}
# Widths by which neither a long name nor a long address pushes a figure off a screen 1,280 wide.
_NAMES = {
    "Identity": st.column_config.TextColumn(width=155),
    "Channel": st.column_config.TextColumn(width=210),
    "Kind": st.column_config.TextColumn(width=135),
    "Clock": st.column_config.TextColumn(width=130),
}


def show() -> None:
    shell.visit()
    shell.header("Proof", "Every unit that was ever spent, counted again from the ledger against the limit then in force.")
    with st.spinner("Counting the ledger again…", show_time=True):
        found = shell.attempt(proofs.proof, folder=current().config.columnar_folder)
    if found is None:
        return
    if not found.units:
        words = "Nothing has been spent yet, so there is nothing to prove."
        empty.leads_to(words, "campaigns", "Show the campaigns", ":material/campaign:")
        return
    _result(found)
    _peaks(found)


def _result(found: Proof) -> None:
    if not found.breach_count:
        notices.success(
            f"No limit was ever exceeded: 0 breaches in {found.units:,} units spent.", icon=":material/verified:"
        )
        return
    notices.error(
        f"A limit was exceeded {found.breach_count:,} × in {found.units:,} units spent. Press Stop for the"
        " identities below and look at their limits before anything goes on.",
        icon=":material/gpp_bad:",
    )
    st.subheader("Breaches", anchor=False)
    st.dataframe(
        {
            "Identity": [one.identity for one in found.breaches],
            "Channel": [one.lane for one in found.breaches],
            "Kind": [one.kind.label for one in found.breaches],
            "Clock": [_CLOCKS[one.clock] for one in found.breaches],
            "When": [one.at for one in found.breaches],
            "Spent": [one.used for one in found.breaches],
            "Limit": [one.allowed for one in found.breaches],
        },
        hide_index=True,
        column_config={
            **_NAMES,
            "When": _when(),
        },
    )
    if len(found.breaches) < found.breach_count:
        st.caption(f"The first {len(found.breaches):,} are shown.")


def _peaks(found: Proof) -> None:
    st.subheader("The most ever spent", anchor=False)
    st.dataframe(
        {
            "Identity": [one.identity for one in found.peaks],
            "Channel": [one.lane for one in found.peaks],
            "Kind": [one.kind.label for one in found.peaks],
            "Clock": [_CLOCKS[one.clock] for one in found.peaks],
            "Most": [one.most for one in found.peaks],
            "Limit then": [one.allowed for one in found.peaks],
            "When": [one.at for one in found.peaks],
            "Open": [shell.address("identity", id=one.identity_id) for one in found.peaks],
        },
        hide_index=True,
        column_config={
            **_NAMES,
            "When": _when(),
            "Open": st.column_config.LinkColumn("", display_text="Open", width=60),
        },
    )


def _when() -> Any:
    zone = reader.zone()
    return st.column_config.DatetimeColumn(f"When ({zone})", format="YYYY-MM-DD HH:mm", timezone=zone)


show()

"""The table that shows how a campaign's leads lie on its addresses, and how far from the exact share."""

import streamlit as st

from engine.fairness import Fairness

_COLUMNS = {
    "Day limit": st.column_config.NumberColumn(help="What the address may send a day; Shuffle deals in proportion to it."),
    "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, help="Of all leads dealt so far."),
    "Share by limit": st.column_config.NumberColumn(
        format="%.1f", help="The leads the address would have if leads could be cut."
    ),
}


def show(found: Fairness) -> None:
    if not found.total or (len(found.rows) < 2 and not found.is_shuffle):
        return
    st.subheader("How the leads were dealt", anchor=False)
    st.caption(_sentence(found))
    rows = {
        "Address": [row.address for row in found.rows],
        "Day limit": [row.a_day or None for row in found.rows],
        "Leads": [row.leads for row in found.rows],
        "Share": [row.leads / found.total for row in found.rows],
        "Share by limit": [row.due if row.a_day else None for row in found.rows],
    }
    st.dataframe(rows, hide_index=True, height="content", column_config=_COLUMNS)


def _sentence(found: Fairness) -> str:
    stays = "Each lead stays on its address for the whole sequence."
    if not found.is_shuffle or sum(1 for row in found.rows if row.a_day) < 2:
        return stays
    if found.deviation < 0.05:
        return f"Every address has exactly its share. {stays}"
    if found.deviation < 1:
        return f"As even as whole leads allow: no address is more than {found.deviation:.1f} leads from its share. {stays}"
    return (
        f"An address is {found.deviation:,.0f} leads from its share: it came later, or a limit was changed."
        f" Further leads even it out, and nobody is moved. {stays}"
    )

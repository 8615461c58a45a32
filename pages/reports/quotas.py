"""Quotas: what was allowed, spent and left, by identity, kind and period, and why the rest was not used."""

from collections import Counter

import streamlit as st

from engine import quota_reports
from engine.installation import current
from engine.quota_filters import Grain, Period, Wanted
from engine.quota_reports import Quotas
from pages import badges, empty, notices, shell
from pages.plain import downloads
from pages.reports import charts
from storage.kinds import ActionKind

_FILES = {"CSV": "quotas.csv", "Excel": "quotas.xlsx", "Parquet": "quotas.parquet"}


def show() -> None:
    visit = shell.visit()
    place = shell.header(
        "Quotas", "Days are the identity's own. Spent counts every unit taken and not given back with proof."
    )
    known = _labels(shell.ask(quota_reports.identities_in_reach))
    if not known:
        words = "No identity has a channel yet, so nothing is allowed and nothing is spent."
        empty.leads_to(words, "identities", "Show the identities", ":material/group:")
        return
    wanted, identity_id = _filters(known)
    with st.spinner("Adding up the ledger…", show_time=True):
        found = shell.attempt(
            quota_reports.quotas, folder=current().config.columnar_folder, wanted=wanted, identity_id=identity_id
        )
    if found is None:
        return
    with place:
        for label, name in _FILES.items():
            address = _export(visit, name, wanted, identity_id)
            st.link_button(label, address, icon=":material/download:", disabled=not found.rows)
    _figures(found)
    if found.rows:
        _charts(found)
        _table(found, wanted.grain)
    else:
        notices.info(
            "Nothing was allowed or spent in this period. Choose a longer one, or set a limit.", icon=":material/info:"
        )


def _filters(known: dict[int, str]) -> tuple[Wanted, int | None]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        period = st.selectbox("Period", list(Period), 1, key="period", bind="query-params", format_func=_capital, width=160)
        grain = st.selectbox("By", list(Grain), key="by", bind="query-params", format_func=_capital, width=110)
        kind = st.selectbox("Kind", list(ActionKind), None, key="kind", bind="query-params", placeholder="Every kind",
                            format_func=lambda one: one.plural, width=190)  # fmt: skip
        chosen = st.selectbox("Identity", list(known), None, key="identity", bind="query-params", placeholder="Everybody",
                              format_func=lambda one: known[one], width=230)  # fmt: skip
    return Wanted(period or Period.THIS_WEEK, grain or Grain.DAY, kind), chosen


def _labels(identities: tuple[tuple[int, str], ...]) -> dict[int, str]:
    """Names that differ: the label stands in the URL, and two people may have the same name."""
    often = Counter(name for _, name in identities)
    return {key: name if often[name] == 1 else f"{name} ({key})" for key, name in identities}


def _capital(word: str) -> str:
    return str(word).capitalize()


def _figures(found: Quotas) -> None:
    totals = found.totals
    used = f"{100 * totals.spent / totals.allowed:.0f} % of what was allowed" if totals.allowed else "nothing was allowed"
    grid = st.grid(4, min_column_width=150)
    grid.metric("Spent", f"{totals.spent:,} / {totals.allowed:,}", border=True, help=used)
    grid.metric("Sent", f"{totals.sent:,}", border=True, help="Actions that the provider accepted.")
    grid.metric("Left", f"{totals.remaining:,}", border=True, help="Allowed on working days and not used.")
    grid.metric(
        "Days off", f"{totals.days_off:,}", border=True, help="Days on which an identity does not work; not counted."
    )
    if found.unused and totals.allowed:
        lost = (f"{one.why.rstrip('.')} {_share(one.units, totals.allowed)}" for one in found.unused)
        st.caption("Not used: " + " · ".join(lost))


def _share(units: int, of: int) -> str:
    """What happened is never told as none."""
    percent = 100 * units / of
    return f"{percent:.0f} %" if percent >= 0.5 or not units else "under 1 %"


def _charts(found: Quotas) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Spent per day, beside the limit", anchor=False)
        st.altair_chart(charts.trend(found.trend))
    with right:
        st.subheader("When, in the identity's own hours", anchor=False)
        if found.heat:
            st.altair_chart(charts.heat_map(found.heat))
        else:
            st.caption("Nothing was spent in this period.")
    for one in found.at_limit[:3]:
        days = f"{one.days} of 1 day" if one.working_days == 1 else f"{one.days} of {one.working_days} days"
        name = badges.plain(one.identity, 80)
        st.caption(f"{name} reached the limit for {one.kind.plural.lower()} on {days}.")


def _table(found: Quotas, grain: Grain) -> None:
    rows = {
        "Identity": [row.identity for row in found.rows],
        "Kind": [row.kind.label for row in found.rows],
        _capital(grain): [row.period for row in found.rows],
        "Limit": [row.allowed for row in found.rows],
        "Spent": [row.spent for row in found.rows],
        "Sent": [row.sent for row in found.rows],
        "Left": [row.remaining for row in found.rows],
        "Used": [row.spent / row.allowed if row.allowed else 0.0 for row in found.rows],
        "Open": [shell.address("identity", id=row.identity_id) for row in found.rows],
    }
    columns = {
        "Identity": st.column_config.TextColumn(width=190),  # a long name must not push the figures off the screen
        "Used": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        "Open": st.column_config.LinkColumn("", display_text="Open", width="small"),
    }
    st.dataframe(rows, hide_index=True, column_config=columns)
    if found.is_cut:
        st.caption(f"The newest {quota_reports.MOST_ROWS:,} rows are shown; the files have all of them.")


def _export(visit: shell.Visit, name: str, wanted: Wanted, identity_id: int | None) -> str:
    assert visit.workspace_id is not None
    return downloads.address(
        name,
        visit.workspace_id,
        period=wanted.period,
        by=wanted.grain,
        kind=wanted.kind,
        identity=identity_id,
    )


show()

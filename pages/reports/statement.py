"""The client statement: what a month's warm-up costs the client, address by address, to read and to hand over."""

from datetime import date

import streamlit as st

from engine import warm_up_statements
from engine.warm_up_statements import Statement
from pages import badges, empty, shell
from pages.plain import downloads

_MOST_AT_ONCE = 19  # lines; more are scrolled
_FILES = {"CSV": "statement.csv", "Excel": "statement.xlsx"}


def show() -> None:
    visit = shell.visit()
    assert visit.workspace_id is not None
    place = shell.header("Client statement", "Each address that warmed up on any day of a month costs the fixed price once.")
    months = {f"{one:%B %Y}": one for one in shell.ask(warm_up_statements.months)}
    chosen = st.selectbox("Month", list(months), key="month", bind="query-params", width=220)
    month = months[chosen or next(iter(months))]
    found = shell.ask(warm_up_statements.statement, year=month.year, month=month.month)
    with place:
        for label, name in _FILES.items():
            address = downloads.address(name, visit.workspace_id, month=f"{month:%Y-%m}")
            st.link_button(label, address, icon=":material/download:", disabled=not found.lines)
    if not found.lines:
        _nothing(month)
        return
    _sums(found)
    _table(found)
    if found.until < visit.now.date() or found.until.month != visit.now.month:
        return
    badges.quiet(f"The month still runs: days are counted up to {found.until:%-d %B}, and addresses may be added.")


def _sums(found: Statement) -> None:
    grid = st.grid(3, min_column_width=150)
    grid.metric("Sum", f"{found.sum_cents / 100:,.2f}", border=True, help="In the currency that your prices are in.")
    grid.metric("Addresses", f"{len(found.lines):,}", border=True)
    grid.metric("Days of warm-up", f"{found.days:,}", border=True, help="Pauses count: the address was kept for it.")


def _table(found: Statement) -> None:
    st.dataframe(
        [
            {"Address": one.address, "Price": one.price_cents / 100, "Days": one.days, "Identity": one.identity}
            for one in found.lines
        ],
        hide_index=True,
        width="stretch",
        height="content" if len(found.lines) < _MOST_AT_ONCE else 640,
        column_config={
            "Address": st.column_config.TextColumn(width=200),
            "Price": st.column_config.NumberColumn(format="%.2f", width=80),
            "Days": st.column_config.NumberColumn(width=70),
            "Identity": st.column_config.TextColumn(width=200),
        },
    )


def _nothing(month: date) -> None:
    words = f"No address warmed up in {month:%B %Y}, so nothing is owed."
    empty.leads_to(words, "warm-up", "Show the warm-ups", ":material/local_fire_department:")


show()

"""Importing leads in three looks: the file, its columns, every row's problems; then the import with its progress."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from engine import cool_downs
from engine.campaign_lists import CampaignView
from engine.csv_reading import Sheet, read
from engine.desk import Problem
from engine.import_checking import Check, check
from engine.imports import import_more, imports_of, start_import
from engine.lead_rows import RowProblem
from pages import badges, notices, shell
from pages.campaigns import column_mapping, cooling_rows, csv_sheet
from storage.kinds import CampaignState

_OPEN = "import-into"
_FEW = 5  # problems
_READABLE = ["csv", "txt", "tsv"]


def is_open(campaign_id: int) -> bool:
    return bool(st.session_state.get(_OPEN) == campaign_id)


def open_for(campaign_id: int | None) -> None:
    st.session_state[_OPEN] = campaign_id
    st.rerun()


def show(visit: shell.Visit, campaign: CampaignView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Import leads", anchor=False, width="content")
        st.space("stretch")
        if st.button("Back to the leads", icon=":material/arrow_back:"):
            open_for(None)
    file = st.file_uploader("A CSV file with one lead a row", type=_READABLE, max_upload_size=50)
    if file is None:
        st.caption("Any encoding and delimiter. The first row may hold headings. Up to 100,000 rows and 50 MB.")
        return
    content = file.getvalue()
    try:
        sheet = csv_sheet.show(content, "a lead")
        mapping = column_mapping.show(sheet)
        cooling = shell.ask(cool_downs.of_workspace)
        found = _checked(content, sheet.encoding, sheet.delimiter, tuple(mapping.items()), cooling)
    except Problem as problem:
        notices.error(problem)
        return
    _findings(found)
    cooling_rows.show(visit, campaign, found.cooling)
    words = f"Import {found.good_count:,} {'lead' if found.good_count == 1 else 'leads'}"
    if campaign.state is CampaignState.RUNNING:
        notices.info("The campaign is running: these leads begin as soon as they are in.", icon=":material/play_circle:")
    if found.good_count and st.button(words, type="primary"):
        _import(campaign, file.name, content, sheet, mapping)


def show_unfinished(campaign: CampaignView, may_import: bool) -> None:
    """Say how an import goes that is not done, and what the last one could not bring in."""
    imports = shell.ask(imports_of, campaign_id=campaign.id)
    for each in imports:
        if not each.is_done:
            share = each.rows_done / max(1, each.rows_total)
            st.progress(share, f"{badges.plain(each.file_name)}: {each.rows_done:,} of {each.rows_total:,} rows")
            if may_import and st.button("Go on importing", key=f"go-on-{each.import_id}"):
                _carry_on(each.import_id)
    if imports and imports[0].is_done and imports[0].problem_count:
        last = imports[0]
        rows = "1 row was" if last.problem_count == 1 else f"{last.problem_count:,} rows were"
        title = f"{badges.plain(last.file_name)}: {last.leads_added:,} imported, {rows} not"
        with st.expander(title, icon=":material/report:"):
            _list(last.problems)


@st.cache_data(max_entries=4, show_spinner="Checking every row…")
def _checked(
    content: bytes, encoding: str, delimiter: str, mapping: tuple[tuple[str, str], ...], cooling: dict[str, datetime]
) -> Check:
    return check(read(content, encoding, delimiter), dict(mapping), free_again=cooling)


def _findings(found: Check) -> None:
    if found.problem_count:
        rows = "1 row can't be imported" if found.problem_count == 1 else f"{found.problem_count:,} rows can't be imported"
        notices.warning(
            f"{rows}; the others can. Correct them in the file, or go on without them.", icon=":material/report:"
        )
        _list(found.problems)
    if found.good:
        st.caption("The first leads as they will be kept")
        st.dataframe([_shown(one) for one in found.good[:10]], hide_index=True)


def _list(problems: Sequence[RowProblem]) -> None:
    """As high as a few rows need; more of them are scrolled."""
    st.dataframe(
        [{"Row": one.row, "Problem": one.problem} for one in problems],
        hide_index=True,
        height="content" if len(problems) <= _FEW else 220,
        column_config={"Row": st.column_config.NumberColumn(width=80)},
    )


def _shown(one: object) -> dict[str, object]:
    return column_mapping.shown(one)  # type: ignore[arg-type]


def _import(campaign: CampaignView, name: str, content: bytes, sheet: Sheet, mapping: dict[str, str]) -> None:
    started = shell.attempt(
        start_import,
        campaign_id=campaign.id,
        file_name=name,
        content=content,
        mapping=mapping,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
    )
    if started is not None:
        _carry_on(started)


def _carry_on(import_id: int) -> None:
    """Bring the rows in and show how far; when this page is left, the worker goes on."""
    bar = st.progress(0.0, "Importing…")
    while True:
        now = shell.ask(import_more, import_id=import_id)
        bar.progress(now.rows_done / max(1, now.rows_total), f"{now.rows_done:,} of {now.rows_total:,} rows")
        if now.is_done:
            break
    if now.leads_added:
        notices.toast(f"{now.leads_added:,} {'lead' if now.leads_added == 1 else 'leads'} imported.")
    else:
        notices.toast("No lead was imported; the list says why, row by row.", icon=":material/report:")
    open_for(None)

"""Importing a suppression list: the file, its column, what the first rows are taken for, and the progress."""

import streamlit as st

from engine.csv_reading import Sheet
from engine.desk import Problem
from engine.suppression_list import KIND_WORDS, Added, Line, add_lines, normalise
from pages import notices, shell
from pages.campaigns import csv_sheet

_OPEN = "suppressions-import"
_CHUNK = 2_500
_ONE_FOR_ALL = "The same for all"


def is_open() -> bool:
    return bool(st.session_state.get(_OPEN))


def open_or_close(opened: bool) -> None:
    st.session_state[_OPEN] = opened
    st.rerun()


def show() -> Added | None:
    """The form; answers what an import did once one was carried out."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Import a list", anchor=False, width="content")
        st.space("stretch")
        if st.button("Back to the list", icon=":material/arrow_back:"):
            open_or_close(opened=False)
    file = st.file_uploader("A CSV file with one person or domain a row", type=["csv", "txt", "tsv"], max_upload_size=50)
    if file is None:
        st.caption("Any encoding and delimiter, up to 100,000 rows. Addresses, domains and LinkedIn URLs may be mixed.")
        return None
    try:
        sheet = csv_sheet.show(file.getvalue(), "an entry")
    except Problem as problem:
        notices.error(problem)
        return None
    lines, why = _lines(sheet)
    _first(lines)
    words = f"Add {len(lines):,} {'row' if len(lines) == 1 else 'rows'} and end their sequences"
    return _import(lines, why) if lines and st.button(words, type="primary") else None


def _lines(sheet: Sheet) -> tuple[list[Line], str]:
    left, right, further = st.columns(3, gap="small", vertical_alignment="bottom")
    places = range(len(sheet.headings))
    with left:
        column = st.selectbox("Column", places, _likeliest(sheet), format_func=sheet.headings.__getitem__, key="of-value")
    with right:
        reasons = [None, *(place for place in places if place != column)]
        of_why = st.selectbox("Reason", reasons, format_func=lambda each: _reason(sheet, each), key="of-why")
    why = ""
    if of_why is None:
        with further:
            why = st.text_input("Reason for all", max_chars=500, placeholder="Asked not to be written to")
    rows = ((row.number, row.cells[column], "" if of_why is None else row.cells[of_why]) for row in sheet.rows)
    # A list of domains without a heading: its first row was taken for one.
    first = [Line(1, sheet.headings[column])] if sheet.has_heading and normalise(sheet.headings[column]) else []
    return first + [Line(*row) for row in rows if row[1]], why


def _reason(sheet: Sheet, place: int | None) -> str:
    return _ONE_FOR_ALL if place is None else f"Column “{sheet.headings[place]}”"


def _likeliest(sheet: Sheet) -> int:
    """The column that holds the most entries among the first rows; of equal ones the first."""
    sample = sheet.rows[:50]
    return max(range(len(sheet.headings)), key=lambda place: sum(1 for row in sample if normalise(row.cells[place])))


def _first(lines: list[Line]) -> None:
    st.caption("The first rows as they will be kept")
    rows = []
    for line in lines[:8]:
        entry = normalise(line.text)
        rows.append(
            {"Row": line.number, "In the file": line.text, "Taken for": KIND_WORDS[entry[0]] if entry else "nothing"}
        )
    st.dataframe(rows, hide_index=True, height="content")


def _import(lines: list[Line], why: str) -> Added:
    """A transaction a chunk: what is in stays in, and the same file given again adds only what was missing."""
    bar = st.progress(0.0, "Adding…")
    total, done = Added(0, 0, 0, ()), 0
    for start in range(0, len(lines), _CHUNK):
        chunk = lines[start : start + _CHUNK]
        total = total.and_then(shell.ask(add_lines, lines=chunk, why=why))
        done += len(chunk)
        bar.progress(done / len(lines), f"{done:,} of {len(lines):,} rows · keep this page open")
    return total

"""A CSV file as it was understood, with the guesses about it open to correction."""

import streamlit as st

from engine.csv_reading import DELIMITERS, ENCODINGS, Sheet, read
from pages import badges


def show(content: bytes, one_row: str) -> Sheet:
    """The file's sheet; `one_row` says what a row holds. Problem for what can't be read."""
    guess = _read(content, "", "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        encodings = list(ENCODINGS)
        encoding = st.selectbox(
            "Encoding", encodings, index=encodings.index(guess.encoding), format_func=ENCODINGS.__getitem__, width=260
        )
        delimiters = list(DELIMITERS)
        delimiter = st.selectbox(
            "Delimiter", delimiters, index=delimiters.index(guess.delimiter), format_func=DELIMITERS.__getitem__, width=160
        )
    sheet = _read(content, encoding, delimiter)
    headed = "the first row holds the headings" if sheet.has_heading else f"the first row is {one_row} already"
    rows = "1 row" if len(sheet.rows) == 1 else f"{len(sheet.rows):,} rows"
    columns = "1 column" if len(sheet.headings) == 1 else f"{len(sheet.headings)} columns"
    badges.quiet(f"{rows} · {columns} · {headed}")
    return sheet


# Keyed by the bytes themselves, so nobody gets what somebody else uploaded.
@st.cache_data(max_entries=4, show_spinner="Reading the file…")
def _read(content: bytes, encoding: str, delimiter: str) -> Sheet:
    return read(content, encoding, delimiter)

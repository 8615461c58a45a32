"""The suppression list: whom nobody of this workspace may write to, and the form that adds one or many."""

import streamlit as st

from engine.desk import Problem
from engine.suppression_list import KIND_WORDS, Added, Entry, add, find, remove
from pages import badges, empty, filters, notices, shell
from pages.campaigns import suppression_import
from pages.campaigns.doing import done
from pages.identities import paging
from storage.kinds import Permission, SuppressionKind

_KINDS = {word: kind for kind, word in KIND_WORDS.items()}
# Widths that leave every column on the screen; the first one is what a phone shows.
_COLUMNS = {
    "What": st.column_config.TextColumn(width=300),
    "Kind": st.column_config.TextColumn(width=110),
    "Reason": st.column_config.TextColumn(width=275),
    "Since": st.column_config.DatetimeColumn(format="D MMM YYYY", width=100),
    "Added by": st.column_config.TextColumn(width=150),
}
_LAST = "suppressions-added"


def show() -> None:
    visit = shell.visit()
    manages = visit.may(Permission.MANAGE)
    with shell.header("Suppressions", "Nobody in this workspace writes to these people, whatever a campaign says."):
        if manages and not suppression_import.is_open():
            if st.button("Import a CSV", icon=":material/upload_file:"):
                suppression_import.open_or_close(opened=True)
            if st.button("Add to the list", icon=":material/add:", type="primary"):
                _add()
    if manages and suppression_import.is_open():
        _import()
        return
    _last_added()
    text, kind = _filters()
    page = shell.ask(find, search=text, kind=kind, page=paging.asked())
    if not page.rows:
        if text or kind:
            filters.nothing("No entry fits these filters.", "Show all entries", find="", kind=None)
        else:
            _nothing(manages)
        return
    picked = _table(page.rows) if manages else None
    if not manages:
        st.dataframe([_row(entry) for entry in page.rows], hide_index=True, height="content", column_config=_COLUMNS)
    paging.show(page)
    if picked is not None:
        _offer_removal(picked)


def _nothing(manages: bool) -> None:
    with empty.place("Nobody is on the list: campaigns may write to everybody."):
        if manages and st.button("Add the first entry", icon=":material/add:", key="add-first"):
            _add()


def _filters() -> tuple[str, SuppressionKind | None]:
    with filters.row():
        text = filters.search("Address, domain or reason")
        kind = filters.pills("Kind", list(_KINDS), "kind")
    return text, _KINDS[kind] if kind else None


def _table(entries: tuple[Entry, ...]) -> Entry | None:
    """The entries; answers the one that is picked."""
    picked = st.dataframe(
        [_row(entry) for entry in entries],
        hide_index=True,
        height="content",
        column_config=_COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        key=f"entries-{entries[0].id}-{len(entries)}",
    )
    rows = picked.selection.rows
    return entries[rows[0]] if rows and rows[0] < len(entries) else None


def _row(entry: Entry) -> dict[str, object]:
    return {
        "What": entry.value,
        "Kind": KIND_WORDS[entry.kind],
        "Reason": entry.why,
        "Since": entry.since,
        "Added by": entry.added_by or "–",
    }


@st.dialog("Add to the suppression list", width="medium")
def _add() -> None:
    """Take one or many, pasted; their sequences end at once."""
    pasted = st.text_area(
        "One address, domain or LinkedIn URL on each line", height=160, placeholder="ada@acme.com\nacme.com", key="pasted"
    )
    why = st.text_input("Reason", max_chars=500, placeholder="Asked not to be written to")
    st.caption("A domain covers every address at it and below it. Sequences under way to these people end at once.")
    if st.button("Add and end their sequences", type="primary"):
        try:
            st.session_state[_LAST] = shell.ask(add, text=pasted or "", why=why or "")
        except Problem as problem:
            notices.error(problem)
        else:
            st.rerun()


def _import() -> None:
    said = suppression_import.show()
    if said is not None:
        st.session_state[_LAST] = said
        suppression_import.open_or_close(opened=False)


def _last_added() -> None:
    last: Added | None = st.session_state.pop(_LAST, None)
    if last is None:
        return
    sequences = "1 sequence" if last.sequences_ended == 1 else f"{last.sequences_ended:,} sequences"
    ended = f" {sequences} ended." if last.sequences_ended else ""
    known = f" {last.known:,} {'was' if last.known == 1 else 'were'} on the list already." if last.known else ""
    notices.success(f"{last.added:,} added.{known}{ended}", icon=":material/check:")
    if last.refused:
        lines = "1 line was" if len(last.refused) == 1 else f"{len(last.refused):,} lines were"
        notices.warning(f"{lines} not taken.", icon=":material/report:")
        st.dataframe([{"Line": line, "Text": text, "Problem": why} for line, text, why in last.refused], hide_index=True)


def _offer_removal(entry: Entry) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"Take **{badges.plain(entry.value)}** off the list? It may be written to again.", width="content")
        if st.button("Take it off", icon=":material/delete:") and done(remove, suppression_id=entry.id):
            st.rerun()


show()

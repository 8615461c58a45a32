"""Which column of an imported file is which field, shown with what stands in it and open to change."""

import streamlit as st

from engine.csv_reading import Sheet
from engine.lead_rows import FIELD_LABELS, Person, free_name, proposed
from pages import badges, notices

_KEEP, _LEAVE = "keep", "leave"
_LONGEST_SAMPLE = 60


def show(sheet: Sheet) -> dict[str, str]:
    """field → heading, as proposed and then chosen."""
    proposal = {heading: name for name, heading in proposed(sheet).items()}
    mapping: dict[str, str] = {}
    with st.expander("Columns", expanded=True, icon=":material/view_column:"):
        for place, heading in enumerate(sheet.headings):
            chosen = _choice(sheet, place, heading, proposal[heading])
            if chosen == _KEEP:
                mapping[free_name(heading, mapping)] = heading
            elif chosen != _LEAVE and chosen not in mapping:
                mapping[chosen] = heading
            elif chosen in mapping:
                label = FIELD_LABELS[chosen]
                notices.warning(f"Two columns are “{label}”; the first one is taken.", icon=":material/warning:")
    return mapping


def shown(one: Person) -> dict[str, object]:
    """A lead as a row of a table."""
    known = {label: getattr(one, name) for name, label in FIELD_LABELS.items() if getattr(one, name)}
    return {"Row": one.row, **known, **one.fields}


def _choice(sheet: Sheet, place: int, heading: str, field: str) -> str:
    options = [*FIELD_LABELS, _KEEP, _LEAVE]
    name = free_name(heading, {})
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        st.markdown(f"**{badges.plain(heading, 80)}**")
        sample = next((row.cells[place] for row in sheet.rows[:50] if row.cells[place]), "")
        badges.quiet(sample[:_LONGEST_SAMPLE] or "empty in the first rows")
    with right:
        return st.selectbox(
            heading,
            options,
            index=options.index(field if field in FIELD_LABELS else _KEEP),
            format_func=lambda each: _word(each, name),
            key=f"column-{place}-{heading}",
            label_visibility="collapsed",
        )


def _word(option: str, name: str) -> str:
    if option == _KEEP:
        return f"Keep as {{{{ {name} }}}}"
    return "Leave out" if option == _LEAVE else FIELD_LABELS[option]

"""The row of filters above a list, kept in the URL: a search box and what narrows it. A change goes back to page one."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages import empty
from pages.identities import paging


def row() -> DeltaGenerator:
    """The place for the filters, in one line where there is room."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small")


def search(placeholder: str, key: str = "find") -> str:
    """The words that were typed."""
    text = st.text_input(
        "Search",
        key=key,
        bind="query-params",
        type="search",
        placeholder=placeholder,
        label_visibility="collapsed",
        width=280,
        on_change=paging.first,
    )
    return text or ""


def pills(label: str, options: Sequence[str], key: str) -> str | None:
    """One of a few words beside each other, or none."""
    return st.pills(label, options, key=key, bind="query-params", label_visibility="collapsed", on_change=paging.first)


def choice(
    label: str, options: Sequence[str], key: str, none: str, width: int = 190, called: Callable[[str], str] = str
) -> str | None:
    """One of many words in a menu; `none` says what no choice means, `called` how an option reads there."""
    return st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        format_func=called,
        placeholder=none,
        label_visibility="collapsed",
        width=width,
        on_change=paging.first,
    )


def nothing(words: str, all_of_them: str, **none: object) -> None:
    """What stands in place of a list when the filters leave nothing: a sentence, and the button that takes them away.

    `none` says for each filter's key what no filter is.
    """

    def clear() -> None:
        st.session_state.update(none)
        paging.first()

    with empty.place(words):
        st.button(all_of_them, icon=":material/filter_alt_off:", on_click=clear)

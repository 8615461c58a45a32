"""The row of filters above a list, kept in the URL: a search box and what narrows it. A change goes back to page one."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

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


def choice(label: str, options: Sequence[str], key: str, none: str, width: int = 190) -> str | None:
    """One of many words in a menu; `none` says what no choice means."""
    return st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder=none,
        label_visibility="collapsed",
        width=width,
        on_change=paging.first,
    )

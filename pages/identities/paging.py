"""Which page of a list is asked for, kept in the URL, and the line under the list that changes it."""

from typing import Protocol

import streamlit as st

_KEY = "page"


class Paged(Protocol):
    """What is shown of any list's page."""

    @property
    def number(self) -> int: ...
    @property
    def pages(self) -> int: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def total(self) -> int: ...


def asked() -> int:
    """The page that the widget or, at the first run, the URL asks for; nonsense asks for the first."""
    given = str(st.session_state.get(_KEY) or st.query_params.get(_KEY, "1"))
    return int(given) if given.isdecimal() and len(given) < 9 else 1


def first() -> None:
    """Go back to the first page: what is listed has changed."""
    st.session_state[_KEY] = 1


def width(pages: int) -> int:
    """Room for the arrows and all numbers: left to itself the widget takes two pages for too many and shows one."""
    return 46 * (min(pages, 8) + 2)


def show(page: Paged) -> None:
    if page.pages > 1 and asked() != page.number:
        st.session_state[_KEY] = page.number
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{page.first:,}–{page.last:,} of {page.total:,}", width="content")
        st.space("stretch")
        if page.pages > 1:
            st.pagination(page.pages, key=_KEY, bind="query-params", width=width(page.pages))

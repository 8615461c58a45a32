"""A part of a page that is made anew by itself: a click inside it, or its own clock, costs that part and not the page.

Such a run passes by the router, so what the router does for a page is done here for a part.
"""

from collections.abc import Callable

import streamlit as st

from pages import notices, shell


def part(show: Callable[[shell.Visit], None], every: float | None = None) -> None:
    """Show a part; it is given the visit of each run of its own, for a tab left open must not outlive its session.

    `every` is in seconds: a text such as "5s" would make Streamlit read all of pandas to understand it.
    """

    def shown() -> None:
        try:
            show(shell.visit())
        except shell.Problem as problem:
            notices.error(problem)

    shown.__qualname__ = show.__qualname__  # Streamlit tells parts of one page apart by it
    st.fragment(shown, run_every=every)()

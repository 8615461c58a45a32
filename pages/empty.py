"""What stands where a list would be while there is nothing: one sentence, and the one button that comes next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import streamlit as st

from pages import badges, shell


@contextmanager
def place(words: str) -> Iterator[None]:
    """A frame with this sentence; what the block shows, a button, stands below it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(badges.plain(words, 300), text_alignment="center")
        yield
        st.space("small")


def leads_to(
    words: str, slug: str, label: str, icon: str, kind: Literal["primary", "secondary"] = "secondary", **query: Any
) -> None:
    """The same with a button that opens a page; primary where that page is what comes first of all."""
    with place(words):
        if st.button(label, icon=icon, type=kind, key=f"empty-{slug}"):
            shell.go(slug, **query)

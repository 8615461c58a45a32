"""What the URL asks for, and what is said where that is not there."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from engine.desk import Denied
from pages import notices, shell
from pages.plain.keys import key
from pages.registry import PAGES

T = TypeVar("T")


def one(look: Callable[..., T], name: str) -> T | None:
    """What the use case answers when the `id` is given to it under this name; None where it is missing or out of reach."""
    wanted = key(st.query_params.get("id", ""))
    try:
        return None if wanted is None else shell.ask(look, **{name: wanted})
    except Denied:
        return None


def missing(what: str, listed: str) -> None:
    """Say that it is not there, in the same words as for what is out of reach, and lead to the page that lists what is."""
    notices.info(f"This {what} does not exist, or you have no access to it.")
    if st.button(f"Show all {listed}", icon=PAGES[listed].icon):
        shell.go(listed)

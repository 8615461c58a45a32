"""What the URL asks for."""

import streamlit as st

_LONGEST = 17  # digits: beyond that no key exists, and the database could not even hold the number


def key() -> int | None:
    """The `id` in the URL; None for a missing or impossible one."""
    given = st.query_params.get("id", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _LONGEST else None

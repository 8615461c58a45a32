"""Fields for secrets: what was typed stays while it can't be kept, and is gone from page and session once it was."""

from typing import Any

import streamlit as st


def field(label: str, name: str, *, is_hidden: bool = True, autocomplete: str = "off", **look: Any) -> str:
    """What is typed into the field of this name."""
    kind: Any = "password" if is_hidden else "default"
    return st.text_input(label, type=kind, key=_key(name), autocomplete=autocomplete, **look) or ""


def forget(name: str) -> None:
    """It was kept: at the next run the field begins anew, under another key, and what stood under the old one is dropped."""
    st.session_state[f"{name}-turn"] = _turn(name) + 1


def _key(name: str) -> str:
    turn = _turn(name)
    return f"{name}-{turn}" if turn else name


def _turn(name: str) -> int:
    return int(st.session_state.get(f"{name}-turn", 0))

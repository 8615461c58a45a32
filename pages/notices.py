"""What the panel says to a person who asked for something: whole sentences in which nothing is markup.

Streamlit reads its messages as Markdown, and a sentence may quote what somebody typed: a name like `*x*`, a link, a formula.
"""

import streamlit as st

from pages import badges

_LONGEST = 1000


def error(text: object, icon: str = ":material/error:") -> None:
    """Something could not be done, or stands still; `text` is a Problem or its sentence."""
    st.error(_plain(text), icon=icon)


def warning(text: str, icon: str = ":material/warning:") -> None:
    st.warning(_plain(text), icon=icon)


def info(text: str, icon: str | None = None) -> None:
    st.info(_plain(text), icon=icon)


def success(text: str, icon: str = ":material/check_circle:") -> None:
    st.success(_plain(text), icon=icon)


def toast(text: str, icon: str = ":material/check:") -> None:
    """It was done; the words go away by themselves."""
    st.toast(_plain(text), icon=icon)


def _plain(text: object) -> str:
    return badges.plain(str(text), _LONGEST)

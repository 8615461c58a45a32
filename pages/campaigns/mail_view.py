"""How a mail is shown: subject, text and HTML as they will be read, nothing in them taken for the panel's own."""

import streamlit as st

from engine.letters import Rendered
from engine.shown_html import shown
from pages import badges, notices


def show(mail: Rendered | None, lead_name: str, problem: str = "") -> None:
    """The mail, or the sentence that says why there is none."""
    badges.quiet(f"As {badges.cut(lead_name, 50)} reads it")
    if mail is None:
        notices.error(problem)
        return
    with st.container(border=True):
        st.markdown(f"**{badges.plain(mail.subject, 300)}**")
        text, html = st.tabs(["Text", "HTML"])
        with text:
            st.text(mail.text)
        with html:
            st.iframe(shown(mail.html), height=360)  # an unopened tab has no height to measure
            st.caption("Without images from elsewhere: nothing is fetched for this preview.")

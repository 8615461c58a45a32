"""The colour of what is chosen: a button needs a dark ground under its white words, a word a light colour on a dark page.

Streamlit draws both in the theme's one primary colour, and on the dark page none is readable as both (WCAG AA, 4.5 : 1).
So the primary colour is the button's, and chosen tabs, pills and segments have the colour that links have.
"""

import streamlit as st

CHOSEN = """
[data-testid="stTab"]:is([data-selected],[data-hovered],[data-focus-visible]),button[data-variant][data-selected],
button[data-testid="stBaseButton-tertiary"]:is(:hover,:focus-visible){color:light-dark(#4b45c6,#a8a5f7)!important}
"""


def install() -> None:
    """Once a run; Streamlit keeps a piece that is style alone outside the page's flow."""
    st.html(f"<style>{CHOSEN}</style>")

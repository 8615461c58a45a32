"""What the theme can't say: the colour of what is chosen, the room around a page, and how paging looks.

A button needs a dark ground under its white words, a word a light colour on a dark page. Streamlit draws both in the theme's
one primary colour, and on the dark page none is readable as both (WCAG AA, 4.5 : 1). So the primary colour is the button's,
and chosen tabs, pills and segments have the colour that links have.

Streamlit leaves 75 pixels free at each side of a page, which no table of ours can spare on a small screen. Its paging
ends short of the page's right edge, in a font that is not the theme's.
"""

import streamlit as st

CHOSEN = """
[data-testid="stTab"]:is([data-selected],[data-hovered],[data-focus-visible]),button[data-variant][data-selected],
button[data-testid="stBaseButton-tertiary"]:is(:hover,:focus-visible){color:light-dark(#4b45c6,#a8a5f7)!important}
"""
ROOM = """
@media(min-width:48rem){[data-testid="stMainBlockContainer"]{padding:4rem clamp(1.5rem,2vw,4rem)!important}}
[data-testid="stSidebarContent"]{padding-inline:.3rem!important}
@media(max-width:48rem){[data-testid="stButtonGroup"] button[data-variant="segmented_control"]:not([data-selected]){
  border-color:light-dark(#dddee7,#323545)!important}}
"""
PAGING = """
[data-testid="stPagination"]{justify-content:flex-end!important}
[data-testid="stPagination"] :is(button,span):not([data-testid]){font-family:inherit!important}
"""
# A container whose key begins so: a wrapped line goes on under its words, not under the mark before them.
MARKED = "marked"
HANGING = f"""
[class*="st-key-{MARKED}"] p{{padding-left:1.3em;text-indent:-1.3em}}
[class*="st-key-{MARKED}"] p>*{{text-indent:0}}
"""
# One whose key begins so: beside it only what leaves a title its room, which on a phone is nothing.
LEADING = "leading"
LEAD = f'[data-testid="stLayoutWrapper"]:has(>[class*="st-key-{LEADING}"]){{flex-basis:18rem!important}}'
SIDEBAR = 232  # pixels


def install() -> None:
    """Once a run; Streamlit keeps a piece that is style alone outside the page's flow."""
    st.html(f"<style>{CHOSEN}{ROOM}{PAGING}{HANGING}{LEAD}</style>")

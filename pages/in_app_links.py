"""Links inside drawn HTML that open their page in this window without loading the panel anew, as Streamlit's own do.

With them a list of 25 identities is one piece; as 25 of Streamlit's links it was 76 messages at every run.
"""

import html
from typing import Any

import streamlit as st

from pages import drawings, shell

# As Streamlit's page link and its buttons look; a pointer's rest can't be said in a style attribute.
STYLE = """
a.outpost-link{display:flex;align-items:center;gap:.5rem;margin:-.25rem 0;padding:0 .5rem;border-radius:9px;min-width:0;
  font-size:.875rem;line-height:2;color:inherit!important;text-decoration:none!important}
a.outpost-link:hover,a.outpost-link:focus-visible,a.outpost-link.here{background:rgba(165,165,187,.15);outline:none}
a.outpost-link.here{font-weight:600}
a.outpost-link:focus-visible,a.outpost-button:focus-visible{
  box-shadow:0 0 0 3px color-mix(in srgb,light-dark(#4b45c6,#a8a5f7) 50%,transparent)}
a.outpost-link>span:last-child{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
a.outpost-button{display:inline-flex;align-items:center;gap:.5rem;min-height:2.5rem;padding:0 .75rem;border-radius:9px;
  white-space:nowrap;font-size:.875rem;color:inherit!important;text-decoration:none!important;
  border:1px solid light-dark(#dddee7,#323545)}
a.outpost-button:hover,a.outpost-button:focus-visible{border-color:light-dark(#4b45c6,#a8a5f7);outline:none;
  color:light-dark(#4b45c6,#a8a5f7)!important}
a.outpost-button.primary{color:#fff!important;background:light-dark(#4b45c6,#6b64e3);border-color:transparent}
a.outpost-button.primary:hover,a.outpost-button.primary:focus-visible{filter:brightness(.93)}
"""


def install() -> None:
    """Once a run, at the end of the sidebar: what makes these links open in this window."""
    st.html(f'<style>{STYLE}</style><script src="/look/links.js"></script>', unsafe_allow_javascript=True)


def drawn(slug: str, label: str, *, icon: str = "", here: bool = False, **query: Any) -> str:
    """A link to a page, in this workspace, as HTML; `icon` is of Material symbols, `here` marks the page in hand."""
    mark = ' aria-current="page"' if here else ""
    return (
        f'<a class="outpost-link{" here" if here else ""}" href="{html.escape(shell.address(slug, **query))}"{mark}>'
        f"{drawings.symbol(icon)}<span>{html.escape(label)}</span></a>"
    )


def under_title(slug: str, label: str, **query: Any) -> None:
    """What the page's subject belongs to, right below its title and beginning where it begins."""
    st.html(f'<div style="display:flex;margin:.25rem 0 0 -.5rem">{drawn(slug, label, **query)}</div>')

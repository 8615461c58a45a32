"""A mail's HTML as the panel may show it: what is no text or layout is gone, and nothing is fetched from anywhere."""

from html import escape

import nh3

_TAGS = nh3.ALLOWED_TAGS | {"font", "center", "u"}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"style", "align", "valign", "dir", "lang", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
}
# None of these can name an address or leave its box.
_STYLES = {
    *("color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "line-height"),
    *("text-align", "text-decoration", "text-transform", "letter-spacing", "white-space", "vertical-align", "direction"),
    *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "display", "list-style-type"),
    *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "width", "max-width", "height"),
    *("border", "border-top", "border-right", "border-bottom", "border-left", "border-radius", "border-collapse"),
}
_LOCAL_IMAGES = ("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")
# The last two of three locks: were the cleaning ever wrong, the box runs no script and the policy fetches nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_HEAD = '<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
_PAGE = (
    _HEAD
    + """<base target="_blank"><style>
body{{margin:0;padding:14px 16px;background:#fff;color:#1c1e2b;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}
img{{max-width:100%}}</style></head><body>{body}</body></html>"""
)
# Streamlit's own frame lets scripts run and shares the panel's origin, so the mail lies in a frame inside it that has
# an origin of its own. Links may open a tab, and that tab is an ordinary one.
_FRAME = (
    _HEAD
    + """<style>html,body,iframe{{margin:0;width:100%;height:100%;border:0;display:block}}</style></head><body>
<iframe title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"
 srcdoc="{page}"></iframe></body></html>"""
)


def shown(html: str) -> str:
    """A whole page with the cleaned HTML in a box. Images from elsewhere leave their words; links open beside the panel."""
    return boxed(cleaned(html))


def boxed(body: str) -> str:
    """A whole page that shows `body`, whatever it is: nothing in it runs, and nothing is fetched."""
    return _FRAME.format(policy=_POLICY, page=escape(_PAGE.format(policy=_POLICY, body=body)))


def cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return None if "url(" in value.casefold().replace("\\", "") or "image-set" in value.casefold() else value
    if name == "src":
        return value if value.casefold().startswith(_LOCAL_IMAGES) else None
    if name == "href":
        return None if value.strip().casefold().startswith("data:") else value
    return value

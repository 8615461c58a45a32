"""What the panel shows of a mail's HTML: text and layout, no script, no form, nothing from elsewhere."""

from collections.abc import Callable
from html import escape, unescape

import pytest
from playwright.sync_api import Browser, Route

from engine.shown_html import boxed, cleaned, shown
from practice.browser import new_page


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p style='color: red; position: fixed'>Hello</p>", '<p style="color:red">Hello</p>'),
        ("<script>alert(1)</script><b>x</b>", "<b>x</b>"),
        ("<img src='https://evil.test/pixel.gif' alt='A chart'>", '<img alt="A chart">'),
        ("<img src='//evil.test/x'>", "<img>"),
        ("<img src=x onerror=alert(1)>", "<img>"),
        ("<div style='background-color:url(https://evil.test)'>x</div>", "<div>x</div>"),
        (
            "<table background='https://evil.test/x'><tr><td>x</td></tr></table>",
            "<table><tbody><tr><td>x</td></tr></tbody></table>",
        ),
        ("<a href='javascript:alert(1)'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<a href='data:text/html,<script>'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<form action='https://evil.test'><input name=a><button>Go</button></form>", "Go"),
        ("<iframe src='https://evil.test'></iframe><object data=x></object><embed src=x>", ""),
        ("<link rel=stylesheet href='https://evil.test'><meta http-equiv=refresh content='0;url=x'><base href='//x'>y", "y"),
        ("<svg onload=alert(1)><image href='https://evil.test'/></svg>", ""),
        ("<p>unclosed <b>bold", "<p>unclosed <b>bold</b></p>"),
    ],
)
def test_only_text_and_layout_are_left(html: str, kept: str) -> None:
    assert cleaned(html) == kept


def test_a_picture_inside_the_mail_is_shown_and_links_open_beside_the_panel() -> None:
    page = unescape(shown('<img src="data:image/png;base64,AAAA"><a href="https://acme.test/a?b=1">{x}</a>'))
    assert '<img src="data:image/png;base64,AAAA">' in page
    assert '<a href="https://acme.test/a?b=1" rel="noopener noreferrer nofollow">{x}</a>' in page
    assert '<base target="_blank">' in page


# What the cleaning takes away; here it is shown as it is, as though the cleaning had let it through.
_HOSTILE = """
<p>Dear Marie</p><a href="https://evil.test/link">Read on</a>
<script>top.ran = 1; fetch("https://evil.test/fetch")</script><script src="https://evil.test/script.js"></script>
<img src="https://evil.test/pixel.gif" onerror="top.ran = 1">
<img src="x" onerror="top.ran = 1"><svg onload="top.ran = 1"></svg>
<style>@import "https://evil.test/style.css"; p { background: url(https://evil.test/background) }</style>
<link rel="stylesheet" href="https://evil.test/linked.css"><link rel="prefetch" href="https://evil.test/prefetch">
<iframe src="https://evil.test/frame"></iframe><object data="https://evil.test/object"></object>
<video src="https://evil.test/video" autoplay></video><meta http-equiv="refresh" content="0;url=https://evil.test/refresh">
<form action="https://evil.test/form" target="_self"><button autofocus>Send</button></form>
"""
_PANEL = "https://panel.test/"
# Streamlit's frame: it runs scripts, and it shares the panel's origin.
_STREAMLITS = '<iframe height="360" sandbox="allow-scripts allow-same-origin allow-forms allow-popups" srcdoc="{}"></iframe>'


@pytest.mark.browser
@pytest.mark.parametrize(("show", "is_safe"), [(boxed, True), (str, False)], ids=["boxed", "bare, to show that it would"])
def test_nothing_in_a_mail_runs_and_nothing_is_fetched(browser: Browser, show: Callable[[str], str], is_safe: bool) -> None:
    page, asked = new_page(browser), list[str]()

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        frame = _STREAMLITS.format(escape(show(_HOSTILE)))
        route.fulfill(body=frame if route.request.url == _PANEL else "", content_type="text/html")

    page.context.route("**/*", answer)
    page.goto(_PANEL, wait_until="networkidle")
    if not is_safe:
        assert page.evaluate("window.ran") == 1
        assert len(asked) > 1
        return
    mail = next(frame for frame in page.frames if frame.locator("p").count())
    mail.get_by_role("button", name="Send").click()
    with page.expect_popup() as opened:
        mail.get_by_role("link", name="Read on").click()
    opened.value.wait_for_load_state()
    assert page.evaluate("window.ran") is None
    assert asked == [_PANEL, "https://evil.test/link"]
    page.context.close()

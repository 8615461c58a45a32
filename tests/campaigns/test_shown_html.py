"""What the panel shows of a mail's HTML: text and layout, no script, no form, nothing from elsewhere."""

import pytest

from engine.shown_html import cleaned, shown


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
    page = shown('<img src="data:image/png;base64,AAAA"><a href="https://acme.test/a?b=1">{x}</a>')
    assert '<img src="data:image/png;base64,AAAA">' in page
    assert '<a href="https://acme.test/a?b=1" rel="noopener noreferrer nofollow">{x}</a>' in page
    assert '<base target="_blank">' in page

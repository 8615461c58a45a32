"""What a text may hold, what becomes of its fields, and that nothing a lead brings is ever a template or HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.texts import BadText, Field, MissingField, fields_used, problem, render, render_html, to_html


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("Hi {{ first_name }}!", {"first_name": "Ada"}, "Hi Ada!"),
        ("Hi {{first_name}}!", {"first_name": "Ada"}, "Hi Ada!"),
        ('Hi {{ first_name | default: "there" }}!', {}, "Hi there!"),
        ('Hi {{ first_name | default: "there" }}!', {"first_name": "  "}, "Hi there!"),
        ('Hi {{ first_name | default: "there" | capitalize }}!', {}, "Hi There!"),
        ("Hi {{ first_name | strip | upcase }}!", {"first_name": " ada "}, "Hi ADA!"),
        ("{{ prénom }} {{ deal_size }}", {"prénom": "Zoë", "deal_size": "3"}, "Zoë 3"),
        ("100 % sure {not a field}", {}, "100 % sure {not a field}"),
        ("", {}, ""),
    ],
)
def test_fields_become_their_values(text: str, fields: dict[str, str], expected: str) -> None:
    assert render(text, fields) == expected


@pytest.mark.parametrize("fields", [{}, {"first_name": ""}, {"first_name": " \t"}, {"first_name": "\u00a0"}])
@pytest.mark.parametrize("text", ["Hi {{ first_name }}", "Hi {{ first_name | capitalize }}", "{{ first_name | strip }}"])
def test_a_missing_or_blank_field_without_fallback_is_an_error_that_names_it(text: str, fields: dict[str, str]) -> None:
    with pytest.raises(MissingField, match="first_name") as caught:
        render(text, fields)
    assert caught.value.field == "first_name"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("one\ntwo {{ first_name", "Line 2: a field is not closed"),
        ("one\ntwo {{ first_name }", "Line 2: a field is not closed"),
        ("one\ntwo { first_name }", "Line 2: write a field with two braces"),
        ("{% for i in (1..99999999) %}x{% endfor %}", "Line 1: “{% … %}” is not available"),
        ("{% include 'secrets' %}", "not available"),
        ("{% render 'secrets' %}", "not available"),
        ("{% assign x = 1 %}", "not available"),
        ("{{ (1..99999999) | join }}", "is not a field"),
        ("{{ 'text' }}", "is not a field"),
        ("{{ lead.password }}", "is not a field"),
        ("{{ lead['password'] }}", "is not a field"),
        ("{{ a | append: b }}", "there is no filter “append”"),
        ("{{ a | date: '%s' }}", "there is no filter “date”"),
        ("{{ a | upcase | default: 'x' }}", "the fallback comes first"),
        ("{{ a | default: b }}", "the fallback comes first"),
        ("{{ a | default: '' }}", "the fallback comes first"),
        ("{{ Erster Name }}", "can't be read"),
        ("{{ }}", "can't be read"),
        ("x\n{{ a b c }}", "Line 2"),
        ("}} {{", "can't be read"),
        ("x" * 50_001, "shorten it"),
    ],
)
def test_what_is_no_usable_text_gets_a_sentence(text: str, says: str) -> None:
    assert says in (problem(text) or "")
    with pytest.raises(BadText):
        render(text, {"a": "x"})


def test_a_field_counts_as_without_fallback_as_soon_as_one_use_has_none() -> None:
    text = '{{ a | default: "x" }} {{ b | default: "y" }} {{ a }} {{ c | upcase }}'
    assert fields_used(text) == (Field("a", False), Field("b", True), Field("c", False))


@given(st.text())
def test_what_a_lead_brings_is_never_a_template(value: str) -> None:
    shown = value.replace("\r\n", "\n").replace("\r", "\n") if value.strip() else "-"
    assert render('{{ a | default: "-" }}', {"a": value, "b": "secret"}) == shown


@pytest.mark.parametrize("value", ["{{ b }}", "{% for %}", "{{ a }}", "{{", "}}", "{# #}", "{% raw %}{{ b }}{% endraw %}"])
def test_a_template_in_a_value_stays_text(value: str) -> None:
    assert render("{{ a }}", {"a": value, "b": "secret"}) == value


@given(st.text(min_size=1).filter(str.strip))
def test_what_a_lead_brings_is_never_html(value: str) -> None:
    html = render_html("<p title='{{ a }}'>{{ a }}</p>", {"a": value})
    inner = html.removeprefix("<p title='").removesuffix("</p>")
    assert inner.count("<") == 0
    assert inner.count(">") == 1
    assert inner.count("'") == 1


@given(st.text())
def test_html_made_from_text_holds_only_our_own_tags(text: str) -> None:
    html = to_html(text)
    for tag in ("<p>", "</p>", "<br>", "</a>"):
        html = html.replace(tag, "")
    assert html.count("<") == html.count('<a href="http')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("one\n\n \n two\n", "<p>one</p>\n<p>two</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;&quot;&#x27;</p>"),
        ("see https://a.io/?x=1&y=2.", '<p>see <a href="https://a.io/?x=1&amp;y=2">https://a.io/?x=1&amp;y=2</a>.</p>'),
        ("(http://a.io/b)", '<p>(<a href="http://a.io/b">http://a.io/b</a>)</p>'),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ('https://a.io/"onclick=x', '<p><a href="https://a.io/">https://a.io/</a>&quot;onclick=x</p>'),
        ("", ""),
    ],
)
def test_text_becomes_html(text: str, html: str) -> None:
    assert to_html(text) == html

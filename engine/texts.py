"""How a step's text with `{{ first_name | default: "there" }}` fields becomes the plain text and the HTML of one mail.

The template language is Liquid cut down to one thing: a field's name, then at most a fallback and a few filters. There
are no tags (so no loops, includes or assignments), no paths, no arithmetic and no literals; what a lead brings is a
value and is never parsed. A field that is missing or blank, and has no fallback, is an error that names it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Any

from liquid import Environment
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.filters.misc import default
from liquid.builtin.filters.string import capitalize, downcase, strip, upcase
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate
from liquid.undefined import StrictDefaultUndefined

from engine.desk import Problem
from storage.kinds import Reason

LONGEST = 50_000
STANDARD_FIELDS = ("first_name", "last_name", "company", "job_title", "email", "linkedin_url")
_FILTERS = {"default": default, "capitalize": capitalize, "upcase": upcase, "downcase": downcase, "strip": strip}
_EVEN = {"default", "strip"}
_ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^]+[^\s<>\"'`{}|\\^.,;:!?)\]]", re.IGNORECASE)
_ONE_BRACE = re.compile(rf"(?<!\{{)\{{\s*({'|'.join(STANDARD_FIELDS)})\s*\}}(?!\}})")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


class UnsendableText(Problem):
    """The text can't be sent to this lead; `reason` is how its action ends."""

    reason = Reason.MISSING_FIELD


class MissingField(UnsendableText):
    """A lead lacks a field that the text uses without a fallback; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f'The lead has no “{field}”; fill it in, or give the text a fallback: {{{{ {field} | default: "…" }}}}.'
        )
        self.field = field


class BadText(Problem):
    """The text is not a template that can be used; the sentence names the line."""

    reason = Reason.MISSING_FIELD


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a text uses."""

    name: str
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a field is put in; not `is_even`: a filter may make the value longer ("ß" becomes "SS")."""

    name: str
    fallback: str
    is_even: bool


class _Environment(Environment):
    output_stream_limit = 4 * LONGEST

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Replace Liquid's tags and filters by the few that exist here."""
        self.add_tag(Literal)
        self.add_tag(Output)
        self.add_tag(Illegal)
        for name, function in _FILTERS.items():
            self.add_filter(name, function)


_PLAIN = _Environment(undefined=StrictDefaultUndefined, strict_filters=True)
_HTML = _Environment(undefined=StrictDefaultUndefined, strict_filters=True, autoescape=True)


def render(text: str, fields: Mapping[str, str]) -> str:
    """The text with the fields' values put in; MissingField or BadText where it can't be."""
    return _render(_parse(text, html=False), fields)


def render_html(text: str, fields: Mapping[str, str]) -> str:
    """HTML written by a person, with every field's value escaped."""
    return _render(_parse(text, html=True), fields)


def fields_used(text: str) -> tuple[Field, ...]:
    """The fields of a text, each once, in order; without a fallback as soon as one use has none. BadText if unusable."""
    found: dict[str, bool] = {}
    for node in _parse(text, html=False).nodes:
        if isinstance(node, OutputNode):
            field = _field(node, text)
            found[field.name] = found.get(field.name, True) and field.has_fallback
    return tuple(Field(name, has_fallback) for name, has_fallback in found.items())


def literals(text: str) -> tuple[str, ...]:
    """What a text says whatever its fields hold. BadText if unusable."""
    return tuple(node.text for node in _parse(text, html=False).nodes if isinstance(node, ContentNode))


def uses(text: str) -> tuple[Use, ...]:
    """Every place of a text where a field is put in. BadText if unusable."""
    return tuple(_use(node, text) for node in _parse(text, html=False).nodes if isinstance(node, OutputNode))


def _use(node: OutputNode, text: str) -> Use:
    filters = getattr(node.expression, "filters", None) or []
    given = filters[0].args[0] if filters and filters[0].name == "default" else ""
    fallback = getattr(given, "value", given)
    return Use(_field(node, text).name, str(getattr(fallback, "value", fallback)), {one.name for one in filters} <= _EVEN)


def problem(text: str) -> str | None:
    """What is wrong with a text, as a sentence; None when it can be used."""
    try:
        fields_used(text)
    except BadText as bad:
        return str(bad)
    return None


def to_html(text: str) -> str:
    """Plain text as HTML: escaped, a paragraph at each blank line, web addresses clickable, nothing else."""
    paragraphs = [part for part in _BLANK_LINES.split(text.strip()) if part.strip()]
    return "\n".join(f"<p>{_linked(part.rstrip())}</p>" for part in paragraphs)


def has_control_characters(text: str) -> bool:
    """Whether a text would break out of a mail header."""
    return any(ord(character) < 32 or 127 <= ord(character) < 160 or character in "\u2028\u2029" for character in text)


def _linked(text: str) -> str:
    spans = [match.span() for match in _ADDRESS.finditer(text)]
    edges = [(0, 0), *spans, (len(text), len(text))]
    parts = []
    for (_, end), (begin, finish) in pairwise(edges):
        parts.append(_escaped(text[end:begin]))
        if finish > begin:
            address = escape(text[begin:finish])
            parts.append(f'<a href="{address}">{address}</a>')
    return "".join(parts)


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _render(template: BoundTemplate, fields: Mapping[str, str]) -> str:
    known = {name: value for name, value in fields.items() if value.strip()}
    try:
        return str(template.render(**known))
    except LiquidError as error:
        missing = _missing(template, known)
        if missing is not None:
            raise MissingField(missing) from None
        raise BadText(f"The text can't be used: {error.message}.") from None


def _missing(template: BoundTemplate, known: Mapping[str, Any]) -> str | None:
    used = [_field(node, "") for node in template.nodes if isinstance(node, OutputNode)]
    return next((field.name for field in used if not field.has_fallback and field.name not in known), None)


@lru_cache(maxsize=512)
def _parse(text: str, *, html: bool) -> BoundTemplate:
    if len(text) > LONGEST:
        raise BadText(f"The text has {len(text):,} characters; shorten it to {LONGEST:,}.")
    _require_braces_in_pairs(text)
    try:
        template = (_HTML if html else _PLAIN).from_string(text)
    except LiquidError as error:
        raise BadText(f"Line {_line(text, error)}: {_in_words(error)}") from None
    for node in template.nodes:
        if isinstance(node, OutputNode):
            _field(node, text)
    return template


def _require_braces_in_pairs(text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if "{%" in line or "%}" in line:
            raise BadText(f"Line {number}: “{{% … %}}” is not available; only fields like {{{{ first_name }}}} are.")
        if _ONE_BRACE.search(line):
            raise BadText(f"Line {number}: write a field with two braces on each side, like {{{{ first_name }}}}.")
        if line.count("{{") != line.count("}}"):
            raise BadText(f"Line {number}: a field is not closed; write it on one line, like {{{{ first_name }}}}.")


def _field(node: OutputNode, text: str) -> Field:
    expression = node.expression
    path = expression.left if isinstance(expression, FilteredExpression) else None
    if (
        not isinstance(expression, FilteredExpression)
        or not isinstance(path, Path)
        or len(path.path) != 1
        or not isinstance(path.path[0], str)
    ):
        raise BadText(f"{_where(node, text)}“{node}” is not a field; write one field's name, like {{{{ first_name }}}}.")
    filters = expression.filters or []
    unknown = next((each.name for each in filters if each.name not in _FILTERS), None)
    if unknown is not None:
        raise BadText(f"{_where(node, text)}there is no filter “{unknown}”; there are {', '.join(_FILTERS)}.")
    return Field(path.path[0], _has_fallback(node, text, filters))


def _has_fallback(node: OutputNode, text: str, filters: Any) -> bool:
    for place, each in enumerate(filters):
        wants = 1 if each.name == "default" else 0
        if len(each.args) != wants or (wants and (place or not _is_text(each.args[0]))):
            raise BadText(
                f"{_where(node, text)}in “{node}” the fallback comes first, in quotes and not empty, and other filters "
                'take nothing, like {{ first_name | default: "there" | capitalize }}.'
            )
    return bool(filters) and filters[0].name == "default"


def _is_text(argument: Any) -> bool:
    value = getattr(argument, "value", argument)
    return isinstance(value, StringLiteral) and bool(str(value.value).strip())


def _where(node: OutputNode, text: str) -> str:
    start = node.token.start_index
    return f"Line {text.count(chr(10), 0, start) + 1}: "


def _line(text: str, error: LiquidError) -> int:
    start = error.token.start_index if error.token is not None else 0
    return text.count("\n", 0, max(0, start)) + 1


def _in_words(error: LiquidError) -> str:
    return f"this field can't be read ({error.message}); write it like {{{{ first_name }}}}."

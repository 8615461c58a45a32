"""What the sign-in stand-in is asked and what it answers, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False)
    bearer: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


def said(status: int, values: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(dict(values)).encode(), {"Content-Type": "application/json"})


def html(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def redirect(to: str, query: Mapping[str, str]) -> Answer:
    return Answer(302, b"", {"Location": f"{to}?{urlencode(query)}"})

"""Structured logs: one JSON line an event on standard error, with secrets scrubbed by key and by pattern."""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?|secret|token|cookie|authorization|credential|api_?key|vault|totp|otp\b", re.IGNORECASE
)
_SECRET_TEXT = (
    re.compile(r"(?i)\b(bearer|basic|xoauth2)(\s+)([A-Za-z0-9+/=._~-]{8,})"),
    re.compile(
        r"(?i)\b(pass(?:word|wd|phrase)?|secret|token|authorization|api[_-]?key)(['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s,;&)}]+)"
    ),
    re.compile(r"(?i)(://[^/\s:@]*)(:)([^@\s/]+)(?=@)"),
    re.compile(r"(?i)(/(?:invitation|share|unsubscribe|reset)/)()([A-Za-z0-9._-]{20,})"),
)
_GONE = "[removed]"


def set_up(level: str | None = None) -> None:
    """Once a process; `OUTPOST_LOG_LEVEL` is debug, info (the default), warning or error."""
    named = (level or os.environ.get("OUTPOST_LOG_LEVEL", "")).strip().upper() or "INFO"
    threshold = logging.getLevelNamesMapping().get(named, logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            _scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.WriteLogger(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=False,
    )


class _Stderr:
    """Standard error as a log's end: a line that finds no room (a full disk) is lost, and the work goes on."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger(part=part))


def scrubbed(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern in _SECRET_TEXT:
        text = pattern.sub(lambda found: f"{found[1]}{found[2]}{_GONE}", text)
    return text


def _scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return _GONE
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, dict):
        return {inner: _clean(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", one) for one in value]
    return value

"""Doing something for the visitor when only whether it happened matters."""

from collections.abc import Callable
from typing import Any

from pages import notices, shell


def done(task: Callable[..., Any], **values: Any) -> bool:
    """Whether the use case succeeded; its Problem is shown when it did not."""
    try:
        shell.ask(task, **values)
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return True

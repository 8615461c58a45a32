"""The one door to the wall clock, and the practice clock that can be moved.

Every other module takes `now` as an argument. When `OUTPOST_CLOCK` names a file, the seconds written in it are added to
the wall clock: the practice workspace and the end-to-end tests move time with it, in every process at once.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


def now() -> datetime:
    """The current instant, aware, UTC."""
    return datetime.now(UTC) + offset()


def offset() -> timedelta:
    """How far the practice clock is ahead of the wall clock; zero without one."""
    path = os.environ.get("OUTPOST_CLOCK")
    if not path:
        return timedelta(0)
    try:
        return timedelta(seconds=float(Path(path).read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta(0)


def move(by: timedelta) -> None:
    """Move the practice clock; refused (RuntimeError) when no practice clock is set up."""
    path = os.environ.get("OUTPOST_CLOCK")
    if not path:
        raise RuntimeError("Only the practice clock can be moved.")
    target = Path(path)
    scratch = target.with_suffix(".new")
    scratch.write_text(str((offset() + by).total_seconds()))
    scratch.replace(target)


def monotonic() -> float:
    """Seconds for deadlines and durations; never compared with an instant."""
    return time.monotonic()

"""What the environment says: where the data lies, where the panel listens, when sessions end. Everything has a default.

A value that can't be meant is a Problem at the start, never a guess.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from engine.desk import Problem

PROJECT = Path(__file__).resolve().parent.parent
_MOST_PORT = 65_535
_IDLE_MINUTES = (480, 5, 7 * 24 * 60)  # the default, the least, the most
_DEADLINES = {"socket_connect_timeout": 5, "socket_timeout": 10}  # seconds; a ring is waited for one second at a time
_SESSION_HOURS = (7 * 24, 1, 90 * 24)


@dataclass(frozen=True, slots=True)
class SessionEnds:
    """When a sign-in ends by itself: after `idle` without use, and `absolute` after it began in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Config:
    """`data` holds the database, the queue's file, the reports' copy and the marks; the key lies beside it, not in it."""

    data: Path
    database_url: str
    key_file: Path
    address: str
    port: int
    public_url: str
    practice: bool
    with_worker: bool = True  # False where the worker is started by itself
    queue_url: str = field(default="", repr=False)  # of a Redis; empty is a file in `data`
    linkedin: str = ""  # the address of a stand-in on this computer; empty is LinkedIn itself

    @property
    def queue_file(self) -> Path:
        return self.data / "queue.db"

    @property
    def columnar_folder(self) -> Path:
        return self.data / "reports"

    @property
    def mark_file(self) -> Path:
        """The generation mark outside the database: how far the ledger had come (G12)."""
        return self.data / "ledger.mark"

    @property
    def pictures_folder(self) -> Path:
        """Pages at LinkedIn that were not as known, kept for a person for some days."""
        return self.data / "linkedin-pictures"

    @property
    def worker_lock(self) -> Path:
        return self.data / "worker.lock"


def load(environment: Mapping[str, str] = os.environ) -> Config:
    """Read every `OUTPOST_…` that README names; Problem for a value that can't be meant."""
    data = Path(environment.get("OUTPOST_DATA", PROJECT / "data")).resolve()
    port = _number(environment, "OUTPOST_PORT", 8501, 1, _MOST_PORT)
    address = environment.get("OUTPOST_ADDRESS", "127.0.0.1")
    session_ends(environment)
    _check_log_level(environment)
    return Config(
        data=data,
        database_url=environment.get("OUTPOST_DATABASE", f"sqlite:///{data / 'outpost.db'}"),
        key_file=Path(environment.get("OUTPOST_KEY_FILE", data.with_name(f"{data.name}.key"))),
        address=address,
        port=port,
        public_url=_url(environment.get("OUTPOST_URL", f"http://{_bracketed(address)}:{port}")),
        practice=environment.get("OUTPOST_PRACTICE", "") == "1",
        with_worker=_is_on(environment, "OUTPOST_WORKER"),
        queue_url=_queue(environment.get("OUTPOST_QUEUE", "").strip()),
        linkedin=environment.get("OUTPOST_LINKEDIN", ""),
    )


def session_ends(environment: Mapping[str, str] = os.environ) -> SessionEnds:
    """What `OUTPOST_SESSION_IDLE_MINUTES` and `OUTPOST_SESSION_HOURS` say."""
    idle = timedelta(minutes=_number(environment, "OUTPOST_SESSION_IDLE_MINUTES", *_IDLE_MINUTES))
    absolute = timedelta(hours=_number(environment, "OUTPOST_SESSION_HOURS", *_SESSION_HOURS))
    return SessionEnds(min(idle, absolute), absolute)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _number(environment: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    given = environment.get(name, "").strip()
    if not given:
        return usual
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and least <= int(given) <= most):
        raise Problem(f"{name} is “{given[:40]}”; give a whole number from {least} to {most}, or leave it out for {usual}.")
    return int(given)


def _check_log_level(environment: Mapping[str, str]) -> None:
    given = environment.get("OUTPOST_LOG_LEVEL", "").strip().lower() or "info"
    if given not in ("debug", "info", "warning", "error"):
        raise Problem(f"OUTPOST_LOG_LEVEL is “{given[:40]}”; say debug, info, warning or error.")


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    given = environment.get(name, "").strip().lower() or "on"
    if given not in ("on", "off"):
        raise Problem(f"{name} is “{given[:40]}”; say on or off.")
    return given == "on"


def _queue(given: str) -> str:
    """Not repeated: it may hold a password. No wait without an end: deadlines are added where the URL says none."""
    try:
        parts = urlsplit(given)
        is_right = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
        is_right = is_right and not parts.fragment and re.fullmatch(r"/?[0-9]{0,4}", parts.path) is not None
    except ValueError:
        is_right = False
    if given and not is_right:
        raise Problem(
            "OUTPOST_QUEUE can't be read; write it like redis://127.0.0.1:6379/0 (rediss:// with TLS), or leave it out for a"
            " file in the data folder."
        )
    missing = [f"{name}={seconds}" for name, seconds in _DEADLINES.items() if given and name not in parts.query]
    return given + ("&" if "?" in given else "?") * bool(missing) + "&".join(missing)


def _url(given: str) -> str:
    try:
        parts = urlsplit(given)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
        is_right = is_right and not (parts.query or parts.fragment or parts.username) and (parts.port or 0) >= 0
    except ValueError:
        is_right = False
    if not is_right:
        raise Problem(f"OUTPOST_URL is “{given[:80]}”; write it like https://panel.example, without a path.")
    return given.rstrip("/")

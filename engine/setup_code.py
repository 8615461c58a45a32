"""The set-up code: where others than this machine can reach the panel, the first owner must be able to read its files."""

import hmac
import ipaddress
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from engine.config import Config
from engine.desk import Problem


def is_asked(config: Config) -> bool:
    """Whether the panel listens beyond this machine, or stands behind a proxy that does."""
    hosts = (config.address, urlsplit(config.public_url).hostname or "")
    return not all(_is_this_machine(host) for host in hosts)


def file_of(config: Config) -> Path:
    return config.data / "setup-code"


def keep(config: Config) -> Path:
    """The file with the code, 256 random bits readable by its owner alone; made when there is none."""
    file = file_of(config)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{secrets.token_urlsafe(32)}\n")
    return file


def check(config: Config, given: str) -> None:
    """Problem unless `given` is the code of the file; nothing is checked where none is asked."""
    if not is_asked(config):
        return
    file = keep(config)
    known = file.read_text().strip()
    if not known or not hmac.compare_digest(given.strip().encode(), known.encode()):
        raise Problem(f"That is not the set-up code. It stands in the file {file.name} of the data folder, on the server.")


def forget(config: Config) -> None:
    """The owner exists: the code is of no use to anybody any more."""
    file_of(config).unlink(missing_ok=True)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

"""The opened installation of this process: its database, its vault and its configuration."""

import fcntl
import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from engine import clock, generation, warm_up_key
from engine.config import Config, load
from engine.desk import Problem
from storage import key_file, setup
from storage.database import Database, UnsoundSQLiteError, UnusableURLError, open_database
from storage.tables import Installation
from storage.vault import Place, Vault, VaultError

KEY_PLACE = Place(0, "installation", 1, "key_check")
_KEY_FITS = "this key fits"
_RUNNING = "running.lock"


@dataclass(frozen=True, slots=True)
class Outpost:
    database: Database
    vault: Vault
    config: Config


@functools.cache
def current() -> Outpost:
    """The installation that the environment names, opened once a process."""
    config = load()
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _announce(config.data)
    except OSError as trouble:
        raise Problem(_unusable(config.data, trouble)) from trouble
    return open_outpost(config)


def _unusable(folder: Path, trouble: OSError) -> str:
    return f"The data folder {folder} can't be used ({trouble.strerror}); check its disk and its owner."


@functools.cache
def _announce(folder: Path) -> TextIO:
    """Hold the lock that says "running" as long as this process lives: the cache keeps the file open."""
    lock = (folder / _RUNNING).open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


@contextmanager
def at_rest(folder: Path) -> Iterator[None]:
    """For work that a running panel or worker would undo: Problem while one runs, and none starts meanwhile."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / _RUNNING).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("The panel or the worker is running; stop them first, then try again.") from None
        yield


def open_outpost(config: Config, environment: Mapping[str, str] = os.environ) -> Outpost:
    """Open, migrate and check; Problem, in one sentence, when this installation must not run as it is."""
    try:
        with _alone(config.data):
            return _open(config, environment)
    except (setup.SetupError, VaultError, UnsoundSQLiteError, UnusableURLError) as trouble:
        raise Problem(str(trouble)) from trouble
    except OSError as trouble:
        raise Problem(_unusable(config.data, trouble)) from trouble


def _open(config: Config, environment: Mapping[str, str]) -> Outpost:
    database = open_database(config.database_url)
    try:
        vault = _vault(config, environment, database)
        now = clock.now()
        ready = setup.prepare(database, config.practice, now)
        _check_key(database, vault, ready.key_check)
        with database.write() as session:
            warm_up_key.make_once(session, vault)
        generation.watch(database, config.mark_file, now)
    except BaseException:
        database.close()
        raise
    return Outpost(database, vault, config)


def _vault(config: Config, environment: Mapping[str, str], database: Database) -> Vault:
    """The key of the environment or of the key file; a new one only where the database is new as well."""
    given = environment.get("OUTPOST_KEY")
    if given:
        return key_file.parse(given, "OUTPOST_KEY")
    if not config.key_file.exists() and setup.is_new(database):
        return key_file.create(config.key_file)
    return key_file.read(config.key_file)


def _check_key(database: Database, vault: Vault, sealed: bytes | None) -> None:
    if sealed is None:
        with database.write() as session:
            session.get_one(Installation, 1).key_check = vault.seal(_KEY_FITS, KEY_PLACE)
        return
    try:
        vault.open(sealed, KEY_PLACE)
    except VaultError:
        raise VaultError(
            "The key does not fit this database, so its secrets can't be opened; put back the key file (or the OUTPOST_KEY)"
            " that belongs to it."
        ) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Panel and worker start at once: one of them makes the key and the tables, the other finds them made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "opening.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

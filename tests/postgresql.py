"""A PostgreSQL of the tests' own, and the databases on it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server that ends with the block; its programs refuse to be run as root."""
    folder = Path(tempfile.mkdtemp(prefix="outpost-postgresql-"))  # pytest's own folders are closed to other users
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = partial(_run, folder)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "outpost", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        run("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://outpost@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _run(folder: Path, program: str, *arguments: str) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run([BINARIES[-1] / program, *arguments], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)


def create(server: str, name: str, like: str = "template1") -> str:
    """The URL of a new database on the server, a copy of another one that nobody is connected to."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    engine.dispose()
    return named(server, name)


def named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)

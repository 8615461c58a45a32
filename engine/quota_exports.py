"""The quota report as a file, made in a process of its own, so that the panel carries none of the libraries for it.

DuckDB, Arrow and the Excel writer weigh 60 MB, and a year of a large workspace would hold up everybody's pages. The order
goes in by the standard input: a database's URL may hold a password, which a command line would show.
"""

import json
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

from engine.config import PROJECT
from engine.desk import Actor, Denied, Problem
from engine.quota_filters import Wanted
from storage.columns import to_micros
from storage.database import Database

DENIED, PROBLEM = 3, 4  # how the process ends when it has no file to give
_SECONDS = 600
_LATE = "The file took longer than ten minutes to make. Choose a shorter period, or one identity."
_places = threading.BoundedSemaphore(2)  # each takes up to half a gigabyte: more wait here


def made(
    database: Database,
    actor: Actor,
    workspace_id: int | None,
    now: datetime,
    form: str,
    folder: Path,
    wanted: Wanted,
    identity_id: int | None,
) -> bytes:
    """The report as "csv", "excel" or "parquet" for who may read it; Denied or a Problem as the use case itself has it."""
    order = {
        "url": database.engine.url.render_as_string(hide_password=False),
        "actor": [actor.user_id, actor.label, actor.is_owner],
        "workspace_id": workspace_id,
        "now": to_micros(now),
        "form": form,
        "folder": str(folder),
        "wanted": [wanted.period, wanted.grain, wanted.kind],
        "identity_id": identity_id,
    }
    with _places:
        return _answer(json.dumps(order))


def _answer(order: str) -> bytes:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "engine.quota_making"],
            input=order.encode(),
            cwd=PROJECT,
            capture_output=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        raise Problem(_LATE) from late
    if ended.returncode == DENIED:
        raise Denied
    if ended.returncode == PROBLEM:
        raise Problem(ended.stdout.decode())
    if ended.returncode:
        raise RuntimeError(f"the process for a quota file ended with {ended.returncode}: {ended.stderr.decode()[-2000:]}")
    return ended.stdout

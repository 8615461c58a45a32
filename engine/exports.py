"""Keeping the reports' columnar copy of the ledger up to date, without the worker carrying its libraries."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from engine.config import PROJECT
from storage.columns import to_micros
from storage.database import Database
from storage.tables import Event

_SECONDS = 600


def export_due(database: Database, folder: Path, now: datetime) -> bool:
    """Write the ledger lines that the copy lacks, in a process of its own; False when there was nothing to write.

    subprocess.CalledProcessError or TimeoutExpired when it could not: the reports then read the lines from the database.
    """
    with database.read() as session:
        newest = session.scalar(select(func.max(Event.id))) or 0
    if newest in (0, _exported(folder)):
        return False
    order = {
        "url": database.engine.url.render_as_string(hide_password=False),
        "folder": str(folder),
        "now": to_micros(now),
    }
    subprocess.run(
        [sys.executable, "-m", "storage.columnar"],
        input=json.dumps(order) + "\n",
        cwd=PROJECT,
        text=True,
        check=True,
        timeout=_SECONDS,
        stdout=subprocess.DEVNULL,
    )
    return True


def _exported(folder: Path) -> int | None:
    """The newest ledger line of the copy; None when it can't be read, and then it is looked at more closely."""
    try:
        segments = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["segments"]
        return int(segments[-1]["hi"]) if segments else 0
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None

"""`python -m engine.quota_making`: carries out the order of `engine.quota_exports`; the file goes to standard output."""

import json
import sys
from pathlib import Path
from typing import Any

from engine.desk import Actor, Denied, Problem, perform
from engine.quota_exports import DENIED, PROBLEM
from engine.quota_files import csv, excel, parquet
from engine.quota_filters import Grain, Period, Wanted
from storage.columns import from_micros
from storage.database import Database, open_database
from storage.kinds import ActionKind

_MAKERS = {"csv": csv, "excel": excel, "parquet": parquet}


def main() -> int:
    order = json.loads(sys.stdin.read())
    database = open_database(order["url"])
    try:
        out, status = _made(database, order), 0
    except Denied:
        out, status = b"", DENIED
    except Problem as problem:
        out, status = str(problem).encode(), PROBLEM
    finally:
        database.close()
    sys.stdout.buffer.write(out)
    return status


def _made(database: Database, order: dict[str, Any]) -> bytes:
    period, grain, kind = order["wanted"]
    return perform(
        database,
        Actor(*order["actor"]),
        order["workspace_id"],
        from_micros(order["now"]),
        _MAKERS[order["form"]],
        Path(order["folder"]),
        Wanted(Period(period), Grain(grain), ActionKind(kind) if kind else None),
        identity_id=order["identity_id"],
    )


if __name__ == "__main__":
    sys.exit(main())

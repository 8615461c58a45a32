"""A client statement as a file: CSV, or an Excel book that a process of its own writes, so that the panel stays light."""

import csv as files
import io
import json
import subprocess
import sys

from engine.audits import safe_cell
from engine.config import PROJECT
from engine.desk import Problem
from engine.warm_up_statements import Statement

HEADINGS = ("Address", "Identity", "Days of warm-up", "Price")
_SECONDS = 60


def csv(found: Statement) -> bytes:
    """Safe to open in a spreadsheet: a name that would be a formula there is text."""
    out = io.StringIO()
    lines = files.writer(out)
    lines.writerow([safe_cell(found.title)])
    lines.writerow(HEADINGS)
    for line in found.lines:
        lines.writerow([safe_cell(line.address), safe_cell(line.identity), line.days, f"{line.price_cents / 100:.2f}"])
    lines.writerow(["Sum", "", found.days, f"{found.sum_cents / 100:.2f}"])
    return out.getvalue().encode("utf-8-sig")  # Excel takes UTF-8 for what it is only with this mark


def excel(found: Statement) -> bytes:
    """A workbook whose prices are numbers; nothing that somebody named is a formula or a link in it."""
    lines = [(line.address, line.identity, line.days, line.price_cents / 100) for line in found.lines]
    order = {"title": found.title, "headings": HEADINGS, "lines": lines, "days": found.days, "sum": found.sum_cents / 100}
    try:
        made = subprocess.run(
            [sys.executable, "-m", "engine.statement_book"],
            input=json.dumps(order).encode(),
            cwd=PROJECT,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as late:
        raise Problem("The file took longer than a minute to make. Try it again, or take the CSV.") from late
    return made.stdout

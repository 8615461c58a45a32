"""The quota report as files: CSV, Excel and Parquet of the same rows; that one was taken is a line of the audit log."""

import csv as files
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import xlsxwriter
from pyarrow import parquet as parquet_files

from engine.audits import safe_cell
from engine.desk import Desk, Problem, use_case
from engine.quota_filters import Wanted
from engine.quota_reports import Row, every_row
from storage.kinds import Permission

_EXCEL_ROWS = 1_048_575  # with the heading, all that a sheet holds
_CHUNK = 50_000
_WIDTHS = (32, 20, 12, 10, 10, 10, 12, 14)
_SCHEMA = pa.schema(
    [("identity_id", pa.int64()), ("identity", pa.string()), ("kind", pa.string()), ("period", pa.date32())]
    + [(name, pa.int64()) for name in ("allowed", "spent", "sent", "remaining", "days_at_limit")]
)


@use_case(needs=Permission.READ, exports=True)
def csv(desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None = None) -> bytes:
    """Safe to open in a spreadsheet: a name that would be a formula there is text."""
    out = io.StringIO()
    lines = files.writer(out)
    lines.writerow(_headings(wanted))
    for row in _counted(desk, "csv", wanted, every_row(desk, folder, wanted, identity_id)):
        lines.writerow([safe_cell(row.identity), row.kind.label, row.period.isoformat(), *_numbers(row)])
    return out.getvalue().encode("utf-8-sig")  # Excel takes UTF-8 for what it is only with this mark


@use_case(needs=Permission.READ, exports=True)
def excel(desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None = None) -> bytes:
    """A workbook with dates and numbers as such; nothing in it is a formula or a link."""
    out = io.BytesIO()
    as_written = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**as_written, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("Quotas")
        sheet.freeze_panes(1, 0)
        for place, (heading, width) in enumerate(zip(_headings(wanted), _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, heading.capitalize(), book.add_format({"bold": True}))
        rows = _counted(desk, "xlsx", wanted, every_row(desk, folder, wanted, identity_id))
        for number, row in enumerate(rows, start=1):
            if number > _EXCEL_ROWS:
                raise Problem(f"These are more than {_EXCEL_ROWS:,} rows, all that an Excel sheet holds. Take the CSV.")
            _write(sheet, number, row)
    return out.getvalue()


@use_case(needs=Permission.READ, exports=True)
def parquet(desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None = None) -> bytes:
    """For other programs: typed columns, names as they are."""
    out = io.BytesIO()
    rows = _counted(desk, "parquet", wanted, every_row(desk, folder, wanted, identity_id))
    with parquet_files.ParquetWriter(out, _SCHEMA) as writer:
        while chunk := [_as_dict(row) for row in islice(rows, _CHUNK)]:
            writer.write_table(pa.Table.from_pylist(chunk, _SCHEMA))
    return out.getvalue()


def _headings(wanted: Wanted) -> list[str]:
    return ["identity", "kind", f"{wanted.grain} from", "limit", "spent", "sent", "remaining", "days at limit"]


def _numbers(row: Row) -> tuple[int, ...]:
    return row.allowed, row.spent, row.sent, row.remaining, row.days_at_limit


def _as_dict(row: Row) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)} | {"kind": row.kind.value}


def _write(sheet: Any, number: int, row: Row) -> None:
    sheet.write_string(number, 0, row.identity)
    sheet.write_string(number, 1, row.kind.label)
    sheet.write_datetime(number, 2, row.period)
    for place, value in enumerate(_numbers(row), start=3):
        sheet.write_number(number, place, value)


def _counted(desk: Desk, form: str, wanted: Wanted, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; after the last one the audit log knows how many were taken."""
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is what is told
        yield row
    new = {"rows": count, "period": wanted.period.value, "form": form}
    desk.audit("quotas.exported", f"workspace:{desk.workspace}", new=new)

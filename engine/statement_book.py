"""`python -m engine.statement_book`: writes the statement that comes in as JSON as an Excel workbook to its output."""

import io
import json
import sys
from typing import Any

import xlsxwriter

_WIDTHS = (44, 32, 18, 12)


def book_of(order: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Warm-up")
        strong, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        total = book.add_format({"bold": True, "num_format": "#,##0.00"})
        sheet.write_string(0, 0, order["title"], strong)
        for place, (heading, width) in enumerate(zip(order["headings"], _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(1, place, heading, strong)
        for at, (address, identity, days, price) in enumerate(order["lines"], start=2):
            sheet.write_string(at, 0, address)
            sheet.write_string(at, 1, identity)
            sheet.write_number(at, 2, days)
            sheet.write_number(at, 3, price, money)
        end = len(order["lines"]) + 2
        sheet.write_string(end, 0, "Sum", strong)
        sheet.write_number(end, 2, order["days"], strong)
        sheet.write_number(end, 3, order["sum"], total)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(book_of(json.load(sys.stdin)))

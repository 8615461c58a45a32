"""Which rows a CSV file holds, whatever program wrote it: its encoding, delimiter, line ends and heading are found here.

Row numbers are those that a spreadsheet shows: the first row is 1, a quoted line break does not begin a new row.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass

from engine.desk import Problem

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "mac-roman": "Mac Roman",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_BYTES = 50 * 1024 * 1024
_LONGEST_CELL = 1_000_000
_NOT_CSV = {
    b"PK\x03\x04": "This is an Excel workbook or a ZIP file, not CSV. In Excel choose File › Save as › “CSV UTF-8”.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, not CSV. In Excel choose File › Save as › “CSV UTF-8”.",
    b"%PDF": "This is a PDF, not CSV. Export the list as CSV where it comes from.",
    b"\x1f\x8b": "This file is compressed. Unpack it and upload the CSV inside.",
}
_BINARY = "This is not a text file. Export the list as CSV where it comes from."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file; `number` is the spreadsheet's, `cells` are as many as there are headings."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file, read: every heading differs from the others, blank rows are left out."""

    encoding: str
    delimiter: str
    has_heading: bool
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def read(content: bytes, encoding: str = "", delimiter: str = "") -> Sheet:
    """The file's rows; `encoding` and `delimiter` say what a person chose over what would be found. Problem if none."""
    chosen = encoding or encoding_of(content)
    text = _hint_dropped(_decoded(content, chosen))
    separator = delimiter or _hinted(_decoded(content, chosen)) or _delimiter_of(text)
    records = _records(text, separator)
    if not records:
        raise Problem("The file is empty. Choose a CSV file with one lead a row.")
    has_heading = not any("@" in cell or "linkedin.com/" in cell.lower() for cell in records[0].cells)
    width = max(len(record.cells) for record in records)
    if width > MOST_COLUMNS:
        raise Problem(f"The file has {width} columns; the most is {MOST_COLUMNS}. Remove the columns that no text uses.")
    body = records[1:] if has_heading else records
    if not body:
        raise Problem("The file has a heading and no rows below it. Choose a file with one lead a row.")
    if len(body) > MOST_ROWS:
        raise Problem(f"The file has {len(body):,} rows; the most is {MOST_ROWS:,}. Split it into several files.")
    headings = _headings(records[0].cells if has_heading else (), width)
    padded = tuple(Row(row.number, row.cells + ("",) * (width - len(row.cells))) for row in body)
    return Sheet(chosen, separator, has_heading, headings, padded)


def encoding_of(content: bytes) -> str:
    """The encoding that the bytes show; Problem for what is no text."""
    _require_text(content)
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in content:
        return _wide(content)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "mac-roman" if _is_mac(content) else "cp1252"
    return "utf-8"


def _require_text(content: bytes) -> None:
    if not content.strip(b"\x00 \t\r\n"):
        raise Problem("The file is empty. Choose a CSV file with one lead a row.")
    if len(content) > MOST_BYTES:
        raise Problem(f"The file has more than {MOST_BYTES // 1024 // 1024} MB. Split it into several files.")
    for start, sentence in _NOT_CSV.items():
        if content.startswith(start):
            raise Problem(sentence)


def _wide(content: bytes) -> str:
    """UTF-16 without its mark: in Western text every second byte is zero."""
    sample = content[:4000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if min(even, odd) * 8 > max(even, odd) or max(even, odd) * 5 < len(sample):
        raise Problem(_BINARY)
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_mac(content: bytes) -> bool:
    """Old Mac line ends, and bytes that mean letters there and signs nobody writes in Windows-1252."""
    return b"\r" in content and b"\n" not in content and any(byte in content for byte in (0x8A, 0x8E, 0x9A, 0x9F, 0x88))


def _decoded(content: bytes, encoding: str) -> str:
    if encoding not in ENCODINGS:
        raise Problem(f"There is no encoding “{encoding}”; choose one from the list.")
    try:
        text = content.decode(
            "utf-8-sig" if encoding == "utf-8" else encoding, "replace" if encoding == "cp1252" else "strict"
        )
    except UnicodeDecodeError:
        raise Problem(f"The file is not {ENCODINGS[encoding]}. Choose another encoding.") from None
    odd = sum(1 for character in text[:20_000] if character < " " and character not in "\t\r\n")
    if odd * 20 > min(len(text), 20_000):
        raise Problem(_BINARY)
    return text.removeprefix("\ufeff")


def _hinted(text: str) -> str:
    """Excel writes the delimiter into a first line of its own, as “sep=;”."""
    start = text[:6].lower()
    return start[4] if start.startswith("sep=") and start[4:5] in DELIMITERS else ""


def _hint_dropped(text: str) -> str:
    return text[5:].lstrip("\r\n") if _hinted(text) else text


def _delimiter_of(text: str) -> str:
    sample = text[:50_000]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains the sample: the share of rows that have the commonest width above one, and the width."""
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row][:50]
    except csv.Error:
        return 0.0, 0
    several = Counter(width for width in widths if width > 1)
    if not several:
        return 0.0, 0
    width, count = several.most_common(1)[0]
    # A comma inside prose splits some rows; a real delimiter splits the heading too.
    return round(count / len(widths), 1) + (1.0 if widths[0] == width else 0.0), width


def _records(text: str, delimiter: str) -> list[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    found = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                found.append(Row(number, tuple(cell.strip() for cell in cells)))
    except csv.Error as error:
        raise Problem(f"Row {len(found) + 1} can't be read ({error}); a quotation mark is probably missing there.") from None
    return found


def _headings(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    given = [" ".join(cell.split())[:100] for cell in cells] + [""] * (width - len(cells))
    seen: Counter[str] = Counter()
    headings = []
    for place, heading in enumerate(given, start=1):
        name = heading or f"Column {place}"
        seen[name] += 1
        headings.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(headings)

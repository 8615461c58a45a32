"""Any CSV that people have: real bytes in every encoding, delimiter and line end; and what is none."""

import io
import zipfile
from itertools import product

import pytest

from engine.csv_reading import read
from engine.desk import Problem

ROWS = [
    ["E-Mail", "Vorname", "Notiz"],
    ["zoe@bravo.test", "Zoë", "erste Zeile\nzweite Zeile"],
    ["jürgen@bravo.test", "Jürgen; Karl", 'sagt "hallo, Welt"'],
    ["ines@bravo.test", "Inés", "a|b"],
]
ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with BOM": lambda text: text.encode("utf-8-sig"),
    "UTF-16 LE with BOM": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16 BE with BOM": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "Windows-1252": lambda text: text.encode("cp1252"),
}
LINE_ENDS = {"Windows": "\r\n", "Unix": "\n", "old Mac": "\r"}


def written(delimiter: str, line_end: str) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',;|\t\n"') else text

    return "".join(delimiter.join(map(cell, row)) + line_end for row in ROWS)


@pytest.mark.parametrize(("encoding", "delimiter", "line_end"), [*product(ENCODINGS, ",;\t|", LINE_ENDS)])
def test_every_encoding_delimiter_and_line_end_gives_the_same_rows(encoding: str, delimiter: str, line_end: str) -> None:
    sheet = read(ENCODINGS[encoding](written(delimiter, LINE_ENDS[line_end])))
    assert sheet.delimiter == delimiter
    assert list(sheet.headings) == ROWS[0]
    assert [list(row.cells) for row in sheet.rows] == ROWS[1:]
    assert [row.number for row in sheet.rows] == [2, 3, 4]


def test_row_numbers_are_the_spreadsheets_through_blank_rows_and_quoted_breaks() -> None:
    sheet = read(b'email,note\na@b.test,"x\ny\nz"\n\n,\nc@d.test,\n')
    assert [(row.number, row.cells[0]) for row in sheet.rows] == [(2, "a@b.test"), (5, "c@d.test")]


@pytest.mark.parametrize(
    ("content", "headings", "rows"),
    [
        (b"ada@b.test\ngrace@b.test\n", ("Column 1",), 2),  # no heading, one column
        (b"Ada,ada@b.test\nGrace,grace@b.test\n", ("Column 1", "Column 2"), 2),
        (b"sep=;\nemail;name\na@b.test;Ada\n", ("email", "name"), 1),  # Excel's own hint
        (b"sep=|\r\nemail|name\r\na@b.test|Ada\r\n", ("email", "name"), 1),
        (b"email,email,\na@b.test,c@d.test,x\n", ("email", "email (2)", "Column 3"), 1),
        (b"email,name\na@b.test\nc@d.test,Ada,too many\n", ("email", "name", "Column 3"), 2),  # ragged
        (b" email , name \n a@b.test , Ada \n", ("email", "name"), 1),
        (b'email,title\na@b.test,"CEO, Founder"\n', ("email", "title"), 1),
        (b"email;title\na@b.test;CEO, Founder\nc@d.test;CTO, Co-founder\n", ("email", "title"), 1 + 1),
    ],
)
def test_headings_and_rows_are_found(content: bytes, headings: tuple[str, ...], rows: int) -> None:
    sheet = read(content)
    assert sheet.headings == headings
    assert len(sheet.rows) == rows


def workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \r\n\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b"email,name\n", "heading and no rows"),
        (workbook(), "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "old Excel workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not a text file"),
        (b"email\na@b.test\x00\x01\x00\x02\x03\x00\x00\n", "not a text file"),
        (bytes(range(1, 32)) * 20, "not a text file"),
        ((",".join(f"c{n}" for n in range(300)) + "\n" + ",".join("x" * 300) + "\n").encode(), "300 columns"),
        (b"email\n" + b"a@b.test\n" * 100_001, "100,001 rows"),
        (b'email,name\na@b.test,"' + b"x" * 1_100_000, "quotation mark"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_of_leads_gets_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(Problem, match=says):
        read(content)


def test_a_person_can_correct_both_guesses() -> None:
    content = "email;name\na@b.test;Łukasz\n".encode("cp1250")
    assert read(content).rows[0].cells[1] != "Łukasz"
    assert read(content, "cp1250").rows[0].cells[1] == "Łukasz"
    assert read(content, "cp1250", ",").headings == ("email;name",)
    with pytest.raises(Problem, match="not UTF-8"):
        read(content, "utf-8")

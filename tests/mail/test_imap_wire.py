"""What a mail server says is kept as imaplib keeps it, whatever shape a line has."""

import imaplib
from collections.abc import Iterator
from typing import Any

import pytest

from engine.connections.imap_wire import Wire

LINES = [
    b"* 8 EXISTS",
    b"* 3 EXPUNGE",
    b"* SEARCH",
    b"* SEARCH 3 4 5",
    b"* FLAGS (\\Answered \\Flagged $Label)",
    b"* OK [UIDNEXT 9] Predicted next UID",
    b"* OK [PERMANENTFLAGS (\\Seen \\*)] Flags permitted.",
    b"* OK [PERMANENTFLAGS (\\Seen a]b)] Gmail lets a flag hold a bracket.",
    b"* OK [NOMODSEQ] none",
    b"* OK Still here",
    b"* OK",
    b"* NO [ALERT] Almost full",
    b"* BAD what",
    b"* BYE [UNAVAILABLE] too many",
    b"* CAPABILITY IMAP4rev1 MOVE",
    b'* STATUS "Warm-up" (MESSAGES 4)',
    b"* 2 FETCH (UID 4 FLAGS (\\Seen))",
    b"* 2 FETCH (UID 4 BODY[] {3}",
    b"* LIST () {5}",
    b"* VANISHED (EARLIER) 41,43:116",
    b"* X-GM-EXT \xc3\xbc",
    b"+ go on",
    b"+",
    b"OUTP0 OK [COPYUID 1 2 3] done",
    b"OUTP0 NO [TRYCREATE] no such folder",
    b"OUTP9 OK never asked",
    b"nonsense",
    b"* ",
    b"",
]


class Spoken(Wire):
    """A wire over lines that are written down instead of a socket."""

    def __init__(self, lines: list[bytes]) -> None:
        self._mode_ascii()  # type: ignore[attr-defined]
        self.debug, self.tagged_commands, self.untagged_responses = 0, {b"OUTP0": None}, {}
        self.tagre = imaplib.re.compile(rb"(?P<tag>OUTP\d+) (?P<type>[A-Z]+) (?P<data>.*)")  # type: ignore[attr-defined]
        self._unread = None
        self._said: Iterator[bytes] = iter(lines)

    def readline(self) -> bytes:
        return next(self._said, b"")

    def read(self, size: int) -> bytes:
        return b"x" * size


class Plain(Spoken):
    _get_response = imaplib.IMAP4._get_response  # type: ignore[attr-defined,assignment]


def heard(kind: type[Spoken], line: bytes) -> tuple[Any, ...]:
    wire = kind([line + b"\r\n", b" INTERNALDATE x)\r\n"])
    try:
        answer = wire._get_response()
    except imaplib.IMAP4.abort as abort:
        return (str(abort),)
    return answer, wire.untagged_responses, wire.tagged_commands


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_kept_as_imaplib_keeps_it(line: bytes) -> None:
    assert heard(Spoken, line) == heard(Plain, line)


@pytest.mark.parametrize("kind", [Spoken, Plain])
def test_a_line_that_breaks_off_ends_the_conversation(kind: type[Spoken]) -> None:
    for cut in ([b"* 8 EXI"], []):
        with pytest.raises(imaplib.IMAP4.abort):
            kind(cut)._get_response()

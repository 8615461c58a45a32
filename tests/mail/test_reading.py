"""Some headers of many mails: the same whatever shape the server's answer has, and no word that breaks out of a search."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from engine.connections.imap import ImapSession
from engine.connections.imap_reading import fetch_headers, look, quoted, read_and_flag

ARRIVED = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HEADERS = b"Message-ID: <a@x>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n from Ada\r\n\r\n"
READ = {"MESSAGE-ID": "<a@x>", "SUBJECT": "Grüße from Ada"}
DATE = b'INTERNALDATE "30-Nov-2026 10:00:00 +0200"'
LITERAL = b"BODY[HEADER.FIELDS (MESSAGE-ID SUBJECT)] {%d}" % len(HEADERS)


class Server:
    """What imaplib would hand over: to one question its answer, to several at once what each says."""

    Error = ReadOnlyError = ValueError

    def __init__(
        self,
        answer: list[Any],
        *status: str,
        told: str = "SEARCH",
        codes: dict[str, Any] | None = None,
        words: bytes = b"",
        alone: str = "",
    ) -> None:
        self._alone = alone or status[-1]
        self._imap = self
        self.answer = answer
        self.status = status
        self.untagged_responses: dict[str, Any] = {}
        self._words = words
        self._told = {told: answer, **(codes or {})}

    def uid(self, _command: str, *_args: object) -> tuple[str, list[Any]]:
        return self._alone, self.answer

    def together(self, *commands: bytes) -> list[tuple[str, list[Any]]]:
        self.asked = commands
        self.untagged_responses = dict(self._told)
        return [(one, [self._words]) for one in self.status]

    def _normalise_folder(self, name: str) -> bytes:
        return f'"{name}"'.encode()


def session(answer: list[Any], status: str = "OK") -> ImapSession:
    return cast(ImapSession, Server(answer, status))


@pytest.mark.parametrize(
    "answer",
    [
        [(b"1 (UID 7 " + DATE + b" " + LITERAL, HEADERS), b")"],
        [(b"1 (" + LITERAL, HEADERS), b" " + DATE + b" UID 7)"],
        [(b"1 (UID 7 FLAGS (\\Seen) " + DATE + b" " + LITERAL, HEADERS), b")"],
        [(b"1 (UID 7 " + DATE + b" " + LITERAL, HEADERS), b")", b"4 (FLAGS (\\Seen) UID 9)"],  # nobody asked for the second
    ],
)
def test_the_order_of_an_answer_s_parts_does_not_matter(answer: list[Any]) -> None:
    (one,) = fetch_headers(session(answer), [7], "MESSAGE-ID SUBJECT")
    assert (one.uid, one.headers, one.arrived) == (7, READ, ARRIVED)


@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        (b" 1-Mar-2027 00:30:00 +0530", datetime(2027, 2, 28, 19, tzinfo=UTC)),
        (b"01-mar-2027 20:30:00 -0400", datetime(2027, 3, 2, 0, 30, tzinfo=UTC)),
        (b"31-Feb-2027 20:30:00 -0400", None),
        (b"01-Foo-2027 20:30:00 +0000", None),
    ],
)
def test_when_a_mail_arrived_is_told_in_the_server_s_zone(written: bytes, arrived: datetime | None) -> None:
    answer = [(b'1 (UID 7 INTERNALDATE "' + written + b'" ' + LITERAL, HEADERS), b")"]
    assert fetch_headers(session(answer), [7], "MESSAGE-ID SUBJECT")[0].arrived == arrived


def test_headers_that_come_as_a_quoted_word_are_read_too() -> None:
    answer = [b'1 (UID 7 BODY[HEADER.FIELDS (SUBJECT)] "Subject: Hi" ' + DATE + b")"]
    (one,) = fetch_headers(session(answer), [7], "SUBJECT")
    assert (one.headers, one.arrived) == ({"SUBJECT": "Hi"}, ARRIVED)


def test_mails_come_by_uid_and_one_that_is_gone_is_left_out() -> None:
    def mail(uid: int) -> list[Any]:
        return [(b"%d (UID %d " % (uid, uid) + DATE + b" " + LITERAL, HEADERS), b")"]

    assert [one.uid for one in fetch_headers(session([*mail(9), *mail(7)]), [7, 8, 9], "SUBJECT")] == [7, 9]
    assert fetch_headers(session([None]), [7], "SUBJECT") == []


@pytest.mark.parametrize(
    "raw",
    [b"Subject: \xff\xfe\r\n\r\n", b"Subject: =?nobody?q?x?=\r\n\r\n", b"Subject: =?utf-8?b?A?=\r\n", b"no colon\r\n", b""],
)
def test_headers_that_nobody_can_read_are_no_reason_to_fail(raw: bytes) -> None:
    answer = [(b"1 (UID 7 " + DATE + b" BODY[HEADER.FIELDS (SUBJECT)] {%d}" % len(raw), raw), b")"]
    assert fetch_headers(session(answer), [7], "SUBJECT")[0].arrived == ARRIVED


def test_a_line_separator_of_unicode_ends_no_header() -> None:
    raw = "Subject: Hi\u2028Message-ID: <forged@x>\r\n\r\n".encode()
    answer = [(b"1 (UID 7 " + DATE + b" BODY[HEADER.FIELDS (SUBJECT)] {%d}" % len(raw), raw), b")"]
    assert list(fetch_headers(session(answer), [7], "SUBJECT")[0].headers) == ["SUBJECT"]


def test_a_refusal_is_an_error_and_no_empty_folder() -> None:
    with pytest.raises(ValueError):
        fetch_headers(session([], "NO"), [7], "SUBJECT")
    for said in (("OK", "NO"), ("NO", "BAD")):
        with pytest.raises(ValueError):
            look(cast(ImapSession, Server([b"3"], *said)), "Junk", "ALL")


def test_a_folder_that_is_gone_is_told_in_words_with_the_server_s_own() -> None:
    server = Server([], "NO", "BAD", words=b"[NONEXISTENT] Mailbox doesn't exist: Junk")
    with pytest.raises(ValueError) as trouble:
        look(cast(ImapSession, server), "Junk", "ALL")
    said = "The folder Junk can't be opened; the server said: [NONEXISTENT] Mailbox doesn't exist: Junk"
    assert str(trouble.value) == said


def test_a_folder_that_can_only_be_read_is_an_error() -> None:
    with pytest.raises(ValueError):
        look(cast(ImapSession, Server([b"3"], "OK", "OK", codes={"READ-ONLY": [b""]})), "Junk", "ALL")


def test_a_search_s_answer_may_be_empty_or_in_parts() -> None:
    server = Server([b"3 1", None, b"", b"2 (MODSEQ 9)"], "OK", "OK")
    assert look(cast(ImapSession, server), "INBOX", "SINCE 1-Nov-2026 ALL") == [3, 1, 2]
    assert server.asked == (b'SELECT "INBOX"', b"UID SEARCH SINCE 1-Nov-2026 ALL")


def test_a_server_that_takes_one_command_at_a_time_is_asked_once_more() -> None:
    server = Server([b"3"], "OK", "BAD", told="nothing", alone="OK")
    assert look(cast(ImapSession, server), "INBOX", "ALL") == [3]


def test_mails_are_marked_while_another_folder_s_are_counted() -> None:
    server = Server([b'"Warm-up" (MESSAGES 41)'], "OK", "OK", told="STATUS")
    assert read_and_flag(cast(ImapSession, server), [7, 9], "Warm-up") == 41
    assert server.asked == (rb"UID STORE 7,9 +FLAGS.SILENT (\Seen \Flagged)", b'STATUS "Warm-up" (MESSAGES)')
    assert read_and_flag(cast(ImapSession, Server([], "OK", "NO")), [7], "Warm-up") is None
    for said, told in ((("NO", "OK"), "STATUS"), (("OK", "OK"), "nothing")):
        with pytest.raises(ValueError):
            read_and_flag(cast(ImapSession, Server([b"(MESSAGES 1)"], *said, told=told)), [7], "Warm-up")


def test_a_word_stays_inside_its_quotes() -> None:
    assert quoted('a" "b\\') == '"a\\" \\"b\\\\"'
    with pytest.raises(ValueError):
        quoted("a\r\nx LOGOUT")

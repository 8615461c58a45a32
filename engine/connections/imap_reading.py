"""Which mails of a folder answer a question, and some of their headers, each read in one look at the server's answer.

IMAPClient goes through a question byte by byte and through an answer token by token, and `email` through every line of a
mail: together they cost more than all the rest of a visit. An answer of an unusual shape still goes the long way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Any

from imapclient.response_parser import parse_fetch_response

from engine.connections.imap import ImapSession

_MESSAGES = re.compile(rb"\(MESSAGES (\d+)\)\s*$", re.IGNORECASE)
_UID = re.compile(rb"[ (]UID (\d+)")
_ARRIVED = re.compile(rb'INTERNALDATE " ?(\d\d?)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
_MONTHS = {name: number for number, name in enumerate(b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_FOLDED = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Headed:
    """A mail of the selected folder: its headers by their names in upper case, decoded; `arrived` in UTC, if it is told."""

    uid: int
    headers: dict[str, str]
    arrived: datetime | None


def look(session: ImapSession, folder: str, criteria: str) -> list[int]:
    """The uids, in this folder, of what the criteria name, in the words of RFC 3501 and ASCII only; it stays selected.

    The session's Error when there is no such folder, or it may only be read. One round trip.
    """
    name, wire = session._normalise_folder(folder), session._imap
    wire.untagged_responses, wire.is_readonly = {}, False
    selected, searched = wire.together(b"SELECT " + name, b"UID SEARCH " + criteria.encode("ascii"))
    wire.state = "SELECTED" if selected[0] == "OK" else "AUTH"
    if selected[0] != "OK":
        raise _refused(session, f"The folder {folder} can't be opened", selected)
    if "READ-ONLY" in wire.untagged_responses:
        raise session.ReadOnlyError(f"{folder} can only be read.")
    answer = wire.untagged_responses.pop("SEARCH", [])
    if searched[0] != "OK":  # a server that takes one command at a time
        searched = status, answer = wire.uid("SEARCH", criteria)
        if status != "OK":
            raise _refused(session, f"The folder {folder} can't be searched", searched)
    return [int(one) for line in answer if line for one in line.split() if one.isdigit()]


def _refused(session: ImapSession, what: str, answer: tuple[str, list[Any]]) -> Exception:
    """The session's Error with the server's own words."""
    words = answer[1][-1] if answer[1] else b""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else answer[0]
    error: Exception = session.Error(f"{what}; the server said: {said or answer[0]}")
    return error


def read_and_flag(session: ImapSession, uids: Sequence[int], folder: str) -> int | None:
    """Mark mails of the selected folder as read and important; says how many mails lie in another folder, if it exists.

    One round trip.
    """
    wanted = ",".join(map(str, uids)).encode()
    mark = b"UID STORE " + wanted + rb" +FLAGS.SILENT (\Seen \Flagged)"
    marked, counted = session._imap.together(mark, b"STATUS " + session._normalise_folder(folder) + b" (MESSAGES)")
    if marked[0] != "OK":
        raise _refused(session, "The mails can't be marked", marked)
    if counted[0] != "OK":
        return None
    return _number_of_mails(session, session._imap.untagged_responses.pop("STATUS", []))


def count(session: ImapSession, folder: str) -> int:
    """How many mails lie in a folder that is not selected; the session's Error when there is none of that name."""
    return _number_of_mails(session, session._command_and_check("status", session._normalise_folder(folder), "(MESSAGES)"))


def quoted(word: str) -> str:
    """A word of a criterion; ValueError for one that would end the command's line."""
    if not word.isprintable():
        raise ValueError("A search can't hold a control character.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number_of_mails(session: ImapSession, answer: list[Any]) -> int:
    found = _MESSAGES.search(answer[-1] or b"") if answer else None
    if found is None:
        raise session.Error("STATUS: no number of messages")
    return int(found[1])


def fetch_headers(session: ImapSession, uids: Sequence[int], names: str) -> list[Headed]:
    """The headers of these names ("FROM SUBJECT") of mails of the selected folder, by uid; one that is gone is left out."""
    if not uids:
        return []
    wanted = ",".join(map(str, uids))
    status, answer = session._imap.uid("FETCH", wanted, f"(INTERNALDATE BODY.PEEK[HEADER.FIELDS ({names})])")
    if status != "OK":
        raise session.Error(f"FETCH: {status}")
    found = _usual(answer)
    if found is None:
        found = _of_any_shape(answer)
    asked = set(uids)
    return sorted((one for one in found if one.uid in asked), key=lambda one: one.uid)


def _usual(answer: list[Any]) -> list[Headed] | None:
    """Each mail as imaplib gives it: a pair of what stands before its literal and the literal, then what follows it."""
    found = []
    for pair, end in zip(answer[::2], answer[1::2], strict=False):
        if not (isinstance(pair, tuple) and isinstance(end, bytes) and end.endswith(b")")):
            return None
        around = pair[0] + end
        uid, arrived = _UID.search(around), _ARRIVED.search(around)
        if uid is None or arrived is None or b"BODY[" not in pair[0]:
            return None
        found.append(Headed(int(uid[1]), _headers(pair[1]), _instant(arrived)))
    return found if len(answer) == 2 * len(found) else None


def _of_any_shape(answer: list[Any]) -> list[Headed]:
    found = []
    for uid, parts in parse_fetch_response(answer, normalise_times=False).items():
        raw = next((value for name, value in parts.items() if name.startswith(b"BODY[")), None)
        at = parts.get(b"INTERNALDATE")
        arrived = at.astimezone(UTC) if isinstance(at, datetime) else None
        found.append(Headed(uid, _headers(raw if isinstance(raw, bytes) else b""), arrived))
    return found


def _headers(raw: bytes) -> dict[str, str]:
    lines = _FOLDED.sub(b" ", raw).decode("utf-8", "replace").split("\n")  # not at every line separator of Unicode
    parts = (line.partition(":") for line in lines)
    return {name.strip().upper(): _decoded(value.strip()) for name, colon, value in parts if colon}


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, UnicodeError, ValueError, MessageError):  # a charset that nobody knows
        return value


def _instant(written: re.Match[bytes]) -> datetime | None:
    """Read by hand: the date of every mail is told, and a parser of all dates that mails know takes ten times as long."""
    day, month, year, hour, minute, second, sign, hours, minutes = written.groups()
    try:
        local = datetime(int(year), _MONTHS[month.upper()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    away = timedelta(hours=int(hours), minutes=int(minutes))
    return local - away if sign == b"+" else local + away

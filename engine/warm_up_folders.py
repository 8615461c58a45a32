"""One mailbox's folders during a warm-up visit: a few round trips to find, mark and move its own mails and no others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.parser import BytesParser
from typing import Any

from engine.connections.imap import ImapSession
from engine.warm_up_letters import HEADER
from engine.warm_up_recognition import HEADERS, LOOK_BACK, Expected, recognised

FOLDER = "Warm-up"
KEPT = 200  # a fuller folder loses its oldest
_PARSER = BytesParser()
_FIELDS = f"BODY.PEEK[HEADER.FIELDS ({' '.join(HEADERS)})]"


@dataclass(frozen=True, slots=True)
class Found:
    uid: int
    mail: Expected
    message_id: str


def find(session: ImapSession, folder: str, expected: Sequence[Expected], key: bytes, now: datetime) -> list[Found]:
    """Which of the expected mails lie in this folder; it stays selected."""
    session.select_folder(folder)
    asked: list[Any] = ["SINCE", (now - LOOK_BACK).date(), _any([["HEADER", HEADER, ""], *map(_words, expected)])]
    uids = session.search(asked, "UTF-8" if any(not one.token.isascii() for one in expected) else None)
    if not uids:
        return []
    found, open_mails = [], {one.id: one for one in expected}
    for uid, parts in sorted(session.fetch(uids, [_FIELDS, "INTERNALDATE"]).items()):
        headers = _headers(parts)
        mail = recognised(headers, _arrived(parts), open_mails.values(), key)
        if mail is not None:
            del open_mails[mail.id]
            found.append(Found(uid, mail, headers.get("MESSAGE-ID", "").strip()))
    return found


def copies(session: ImapSession, folder: str, message_ids: Sequence[str]) -> list[int]:
    """The sender's own copies in Sent; it stays selected."""
    session.select_folder(folder)
    return list(session.search(_any([["HEADER", "Message-ID", one] for one in message_ids])))


def read_and_flag(session: ImapSession, uids: Sequence[int]) -> None:
    session.add_flags(list(uids), [rb"\Seen", rb"\Flagged"], silent=True)


def move(session: ImapSession, uids: Sequence[int], folder: str) -> None:
    """Move within the server; where it can't, copy, and only then delete exactly these."""
    if session.has_capability("MOVE"):
        session.move(list(uids), folder)
        return
    session.copy(list(uids), folder)
    session.add_flags(list(uids), [rb"\Deleted"], silent=True)
    if session.has_capability("UIDPLUS"):
        session.uid_expunge(list(uids))


def own_folder(session: ImapSession) -> int:
    """Make the folder if it is missing; says how many mails lie in it."""
    try:
        return int(session.folder_status(FOLDER, ["MESSAGES"])[b"MESSAGES"])
    except session.Error:
        session.create_folder(FOLDER)
        return 0


def keep_small(session: ImapSession, holds: int) -> None:
    """Delete the oldest of the own folder beyond what is kept."""
    if holds <= KEPT:
        return
    session.select_folder(FOLDER)
    oldest = sorted(session.search(["ALL"]))[: holds - KEPT // 2]
    if oldest and session.has_capability("UIDPLUS"):
        session.add_flags(oldest, [rb"\Deleted"], silent=True)
        session.uid_expunge(oldest)


def _words(one: Expected) -> list[str]:
    return ["FROM", one.sender, "SUBJECT", one.token]


def _any(criteria: Iterable[list[str]]) -> list[Any]:
    first, *rest = criteria
    return ["OR", first, _any(rest)] if rest else first


def _headers(parts: dict[bytes, Any]) -> dict[str, str]:
    """By their names in upper case. The parser that understands every header costs five times as much."""
    raw = next((value for name, value in parts.items() if name.startswith(b"BODY[")), b"")
    return {name.upper(): _decoded(str(value)) for name, value in _PARSER.parsebytes(raw, headersonly=True).items()}


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, UnicodeError, ValueError):  # a charset that nobody knows: it is none of ours
        return value


def _arrived(parts: dict[bytes, Any]) -> datetime | None:
    at = parts.get(b"INTERNALDATE")
    return at.astimezone(UTC) if isinstance(at, datetime) else None

"""One mailbox's folders during a warm-up visit: a few round trips to find, mark and move its own mails and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imapclient.datetime_util import format_criteria_date

from engine.connections import imap_reading
from engine.connections.imap import ImapSession
from engine.connections.imap_reading import count, fetch_headers, look, quoted
from engine.warm_up_letters import HEADER
from engine.warm_up_recognition import HEADERS, LOOK_BACK, Expected, recognised

FOLDER = "Warm-up"
_SIGNED = f"HEADER {HEADER} {quoted('')}"
KEPT = 200  # a fuller folder loses its oldest


@dataclass(frozen=True, slots=True)
class Found:
    uid: int
    mail: Expected
    message_id: str


def find(session: ImapSession, folder: str, expected: Sequence[Expected], key: bytes, now: datetime) -> list[Found]:
    """Which of the expected mails lie in this folder; it stays selected."""
    words = [_words(one) for one in expected if (one.sender + one.token).isascii()]
    since = format_criteria_date((now - LOOK_BACK).date()).decode()
    uids = look(session, folder, f"SINCE {since} {_any([_SIGNED, *words])}")
    found, open_mails = [], {one.id: one for one in expected}
    for headed in fetch_headers(session, uids, " ".join(HEADERS)):
        mail = recognised(headed.headers, headed.arrived, open_mails.values(), key)
        if mail is not None:
            del open_mails[mail.id]
            found.append(Found(headed.uid, mail, headed.headers.get("MESSAGE-ID", "")))
    return found


def copies(session: ImapSession, folder: str, message_ids: Sequence[str]) -> list[int]:
    """The sender's own copies in Sent; it stays selected."""
    return look(session, folder, _any([f"HEADER Message-ID {quoted(one)}" for one in message_ids]))


def read_and_flag(session: ImapSession, uids: Sequence[int]) -> int:
    """Mark mails as read and important; make the own folder if it is missing, and say how many mails lie in it."""
    holds = imap_reading.read_and_flag(session, uids, FOLDER)
    return own_folder(session) if holds is None else holds


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
        return count(session, FOLDER)
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


def _words(one: Expected) -> str:
    return f"(FROM {quoted(one.sender)} SUBJECT {quoted(one.token)})"


def _any(criteria: Sequence[str]) -> str:
    return " ".join(["OR"] * (len(criteria) - 1) + list(criteria))

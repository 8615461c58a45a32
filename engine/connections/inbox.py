"""Reading what is new in a folder over IMAP: read-only, oldest first, a bounded number at a time, nothing marked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from engine.connections.imap import ImapSession

MOST_BYTES = 400_000  # of one mail; what lies beyond is an attachment
_PART = f"BODY.PEEK[]<0.{MOST_BYTES}>"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder was read. UIDs mean something only under their UIDVALIDITY."""

    uid_validity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Arrived:
    uid: int
    at: datetime
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read, and how far the folder is read with it; `more` when a rest is left for another time."""

    mails: tuple[Arrived, ...]
    place: Place
    more: bool


def fetch_new(session: ImapSession, folder: str, place: Place | None, since: date, most: int, now: datetime) -> Batch:
    """The next mails of a folder after `place`; without a place, or when it means nothing any more, those since a day.

    A mail that is read twice that way is kept once: whoever keeps them knows them by their own key.
    """
    status = session.select_folder(folder, readonly=True)
    validity, following = int(status[b"UIDVALIDITY"]), int(status.get(b"UIDNEXT", 1))
    if place is not None and place.uid_validity == validity:
        # "n:*" names the last mail even when it is older, so it is asked only where there is something.
        found = [] if following <= place.last_uid + 1 else session.search(["UID", f"{place.last_uid + 1}:*"])
        uids = sorted(uid for uid in found if uid > place.last_uid)
        start = place.last_uid
    else:
        uids, start = sorted(session.search(["SINCE", since])), following - 1
    wanted = uids[:most]
    mails = _fetch(session, wanted, now)
    reached = wanted[-1] if wanted else start
    more = len(uids) > len(wanted)
    return Batch(mails, Place(validity, reached if more or place is not None else max(reached, start)), more)


def _fetch(session: ImapSession, uids: list[int], now: datetime) -> tuple[Arrived, ...]:
    if not uids:
        return ()
    found: dict[int, dict[bytes, Any]] = session.fetch(uids, [_PART, "INTERNALDATE"])
    return tuple(Arrived(uid, _at(parts, now), _raw(parts)) for uid, parts in sorted(found.items()))


def _raw(parts: dict[bytes, Any]) -> bytes:
    return next((bytes(value) for name, value in parts.items() if name.startswith(b"BODY[") and value), b"")


def _at(parts: dict[bytes, Any], now: datetime) -> datetime:
    at = parts.get(b"INTERNALDATE")
    if not isinstance(at, datetime):
        return now
    return min(at.astimezone(UTC), now)

"""One cycle of warm-up visits to 500 mailboxes of a real Dovecot, beside a bare IMAPClient loop doing the same work.

Each mailbox holds a person's own mails, two warm-up mails in its inbox and one in Junk, all of which it is time to read:
a visit finds, rescues, marks and files them, writes each step down and plans the answers. The bare loop finds by the same
search, which also finds mails that lost their header, reads the same fields, checks the same signature, and moves and
marks the same; it knows no database. `OUTPOST_BENCH_MAILBOXES` shrinks it.
"""

import imaplib
import os
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any, TypeVar

from imapclient import IMAPClient
from sqlalchemy import func, select

from benchmarks.rows import Row
from benchmarks.warm_up_office import KEY, NOW, Known, Office, open_office
from engine import warm_up_keeping
from engine.connections.network import NetworkGuard
from engine.warm_up_folders import FOLDER
from engine.warm_up_keeping import Way
from engine.warm_up_letters import HEADER, signature
from engine.warm_up_tasks import due
from storage.tables import WarmUpMessage
from tests.bed.bed import Bed, bed_alone
from tests.bed.configuration import PASSWORD

MAILBOXES = int(os.environ.get("OUTPOST_BENCH_MAILBOXES", "500"))
MOST_ROUND_TRIPS = 12
_IN_TURN = 10
Each = TypeVar("Each")
_SINCE = (NOW - timedelta(days=8)).date()
_FIELDS = f"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM SUBJECT {HEADER.upper()} AUTO-SUBMITTED)]"


def run() -> list[Row]:
    with bed_alone() as (bed, folder):
        office = open_office(bed, folder / "outpost.db", MAILBOXES)
        (bare_trips, bare_cpu), (trips, cpu) = _alternating(_bare(office), _outpost(office))
        _require_done(office)
    name = f"warm-up, one visit to {MAILBOXES:,} mailboxes"
    return [
        Row(name, "round trips of a mailbox", trips, "round trips", "limit", MOST_ROUND_TRIPS, at_most=1.0),
        Row(name, "the same", trips, "round trips", "bare IMAPClient", bare_trips),
        Row(name, "CPU of a mailbox", cpu, "ms", "bare IMAPClient", bare_cpu, at_most=1.3),
    ]


def _alternating(*cycles: Iterator[None]) -> list[tuple[float, float]]:
    """Round trips and milliseconds of CPU a mailbox, of each cycle; what else the machine does hits all alike.

    AssertionError when a connection is left open.
    """
    open_before = _sockets()
    trips, spent = [0] * len(cycles), [0.0] * len(cycles)
    for _ in range(0, MAILBOXES, _IN_TURN):
        for place, cycle in enumerate(cycles):
            with _counted() as counted:
                begin = time.process_time()
                next(cycle)
                spent[place] += time.process_time() - begin
            trips[place] += counted[0]
    left = _sockets() - open_before
    if left:
        raise AssertionError(f"{left} connections were left open.")
    return [(turns / MAILBOXES, cpu / MAILBOXES * 1000) for turns, cpu in zip(trips, spent, strict=True)]


@contextmanager
def _counted() -> Iterator[list[int]]:
    """How often something was waited for after something was sent: each command, and each part of one that waits."""
    trips, asked = [0], [False]
    sent, read = ssl.SSLSocket.sendall, ssl.SSLSocket.recv_into

    def sendall(self: ssl.SSLSocket, *given: object) -> None:
        asked[0] = True
        sent(self, *given)  # type: ignore[arg-type]

    def recv_into(self: ssl.SSLSocket, *given: object) -> int:
        trips[0] += asked[0]
        asked[0] = False
        return read(self, *given)  # type: ignore[arg-type]

    ssl.SSLSocket.sendall, ssl.SSLSocket.recv_into = sendall, recv_into  # type: ignore[method-assign,assignment]
    try:
        yield trips
    finally:
        ssl.SSLSocket.sendall, ssl.SSLSocket.recv_into = sent, read  # type: ignore[method-assign]


def _sockets() -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(1 for one in links if one.is_symlink() and str(one.readlink()).startswith("socket:"))


def _outpost(office: Office) -> Iterator[None]:
    """Visits some mailboxes at each turn."""
    way = Way(
        lambda _session, mailbox: office.bed.account(mailbox.address),
        lambda _session: KEY,
        warm_up_keeping.opener(NetworkGuard.allowing(["127.0.0.0/8"]), office.bed.ca_file),
    )
    with office.database.read() as session:
        ids = due(session, NOW, MAILBOXES)
    for some in _in_turns(ids):
        warm_up_keeping.visit_all(office.database, some, way, lambda: NOW)
        yield


def _require_done(office: Office) -> None:
    with office.database.read() as session:
        filed = session.scalar(select(func.count()).where(WarmUpMessage.filed_at.is_not(None)))
        sent = session.scalar(select(func.count()).where(WarmUpMessage.answers_id.is_(None)))
    if filed != sent:
        raise AssertionError(f"{filed} of {sent} mails were filed.")


def _bare(office: Office) -> Iterator[None]:
    context = ssl.create_default_context(cafile=office.bed.ca_file)
    for some in _in_turns(list(office.bare.items())):
        for address, mails in some:
            _visit(office.bed, context, address, {signature(KEY, one.message_id): one for one in mails})
        yield


def _in_turns(all_of_them: list[Each]) -> Iterator[list[Each]]:
    return (all_of_them[at : at + _IN_TURN] for at in range(0, len(all_of_them), _IN_TURN))


def _visit(bed: Bed, context: ssl.SSLContext, address: str, wanted: dict[str, Known]) -> None:
    with IMAPClient("localhost", bed.ports.imaps, ssl_context=context, timeout=30) as session:
        session._imap.debug = 0  # else imaplib writes every line to a log
        session.login(address, PASSWORD)
        in_junk = _find(session, "Junk", wanted)
        session.move(in_junk, "INBOX")
        found = _find(session, "INBOX", wanted)
        try:
            session.folder_status(FOLDER, ["MESSAGES"])
        except imaplib.IMAP4.error:
            session.create_folder(FOLDER)
        session.add_flags(found, [rb"\Seen", rb"\Flagged"], silent=True)
        session.move(found, FOLDER)


def _find(session: IMAPClient, folder: str, wanted: dict[str, Known]) -> list[int]:
    session.select_folder(folder)
    criteria: list[Any] = ["HEADER", HEADER, ""]
    for one in wanted.values():
        criteria = ["OR", ["FROM", one.sender, "SUBJECT", one.token], criteria]
    uids = session.search(["SINCE", _SINCE, criteria])
    return [
        uid
        for uid, parts in session.fetch(uids, [_FIELDS, "INTERNALDATE"]).items()
        if _is_ours(next(value for name, value in parts.items() if name.startswith(b"BODY[")), wanted)
    ]


def _is_ours(headers: bytes, wanted: dict[str, Known]) -> bool:
    parsed = message_from_bytes(headers)
    known = wanted.get(parsed[HEADER])
    return known is not None and known.message_id == parsed["Message-ID"]

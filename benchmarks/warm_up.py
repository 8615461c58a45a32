"""One cycle of warm-up visits to 500 mailboxes of a real Dovecot, beside a bare IMAPClient loop doing the same work.

Each mailbox holds a person's own mails, two warm-up mails in its inbox and one in Junk, all of which it is time to read:
a visit finds, rescues, marks and files them, writes each step down and plans the answers. The bare loop finds by the same
search, checks the same signature, and moves and marks the same, and knows no database. `OUTPOST_BENCH_MAILBOXES` shrinks it.
"""

import imaplib
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from imapclient import IMAPClient
from sqlalchemy import func, select

from benchmarks.rows import Row
from benchmarks.warm_up_office import KEY, NOW, Office, open_office
from engine import warm_up_keeping
from engine.connections.network import NetworkGuard
from engine.warm_up_folders import FOLDER
from engine.warm_up_handling import due
from engine.warm_up_keeping import Way
from engine.warm_up_letters import HEADER, signature
from storage.tables import WarmUpMessage
from tests.bed.bed import Bed, bed_alone
from tests.bed.configuration import PASSWORD

MAILBOXES = int(os.environ.get("OUTPOST_BENCH_MAILBOXES", "500"))
MOST_ROUND_TRIPS = 12
_SINCE = (NOW - timedelta(days=8)).date()
_FIELDS = f"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM SUBJECT {HEADER.upper()} AUTO-SUBMITTED)]"


def run() -> list[Row]:
    with bed_alone() as (bed, folder):
        office = open_office(bed, folder / "outpost.db", MAILBOXES)
        bare_trips, bare_cpu = _measured(lambda: _bare(office))
        trips, cpu = _measured(lambda: _outpost(office))
        _require_done(office)
    name = f"warm-up, one visit to {MAILBOXES:,} mailboxes"
    return [
        Row(name, "round trips of a mailbox", trips, "round trips", "limit", MOST_ROUND_TRIPS, at_most=1.0),
        Row(name, "the same", trips, "round trips", "bare IMAPClient", bare_trips),
        Row(name, "CPU of a mailbox", cpu, "ms", "bare IMAPClient", bare_cpu, at_most=1.3),
    ]


def _measured(cycle: Callable[[], None]) -> tuple[float, float]:
    """Round trips and milliseconds of this process's CPU a mailbox; AssertionError when a connection is left open."""
    open_before = _sockets()
    with _counted() as trips:
        begin = time.process_time()
        cycle()
        spent = time.process_time() - begin
    left = _sockets() - open_before
    if left:
        raise AssertionError(f"{left} connections were left open.")
    return trips[0] / MAILBOXES, spent / MAILBOXES * 1000


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


def _outpost(office: Office) -> None:
    way = Way(
        lambda _session, mailbox: office.bed.account(mailbox.address),
        lambda _session: KEY,
        warm_up_keeping.opener(NetworkGuard.allowing(["127.0.0.0/8"]), office.bed.ca_file),
    )
    with office.database.read() as session:
        ids = due(session, NOW, MAILBOXES)
    for mailbox_id in ids:
        warm_up_keeping.visit_one(office.database, mailbox_id, way, NOW)


def _require_done(office: Office) -> None:
    with office.database.read() as session:
        filed = session.scalar(select(func.count()).where(WarmUpMessage.filed_at.is_not(None)))
        sent = session.scalar(select(func.count()).where(WarmUpMessage.answers_id.is_(None)))
    if filed != sent:
        raise AssertionError(f"{filed} of {sent} mails were filed.")


def _bare(office: Office) -> None:
    context = ssl.create_default_context(cafile=office.bed.ca_file)
    for address, ids in office.bare.items():
        _visit(office.bed, context, address, {signature(KEY, one): one for one in ids})


def _visit(bed: Bed, context: ssl.SSLContext, address: str, wanted: dict[str, str]) -> None:
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


def _find(session: IMAPClient, folder: str, wanted: dict[str, str]) -> list[int]:
    session.select_folder(folder)
    uids = session.search(["SINCE", _SINCE, "HEADER", HEADER, ""])
    return [
        uid
        for uid, parts in session.fetch(uids, [_FIELDS, "INTERNALDATE"]).items()
        if _is_ours(next(value for name, value in parts.items() if name.startswith(b"BODY[")), wanted)
    ]


def _is_ours(headers: bytes, wanted: dict[str, str]) -> bool:
    parsed = message_from_bytes(headers)
    return wanted.get(parsed[HEADER]) == parsed["Message-ID"]

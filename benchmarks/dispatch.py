"""Prebuilt mails to Postfix's smtp-sink through all gates and with full durability, beside three ways without them.

20,000 mails are the promise's size (`OUTPOST_BENCH_MAILS=20000`); the default is smaller. All send the same bytes to the
same sink. What is measured is dispatch alone: the turns of lanes, their deliveries and what is written; neither the rings
nor the agenda, and no gap between an address's mails, which no person may set below a minute.

One connection a visit, of up to fifty mails, is the channel's way for mails in a row; beside it stands smtplib on a single
connection. A task of Huey's or Celery's knows of no other mail and opens its own. (Three times Celery is more than smtplib
itself reaches with a connection a mail, so the promise is about this way.) The second half of the rows shows everybody with
a connection a mail, as it is where the gap leaves every visit a single one. Outpost asks the sink in one round trip where
smtplib takes three. Huey has the number of threads that served it best, Celery its own default of processes. Redis keeps
nothing on disk, and Huey's file is as durable as Huey makes it.
"""

import math
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from benchmarks import peers
from benchmarks.rows import Row
from benchmarks.sending import CONTENT, MAILS, RECIPIENT, SENDER, THREADS, connect, end, free_port, send, sink, wait_for
from engine import sequence
from engine.channels.effects import Delivery, Letter, MailAccount, Outcome, Server, Stepwise, Trace, at_a_stretch
from engine.channels.line import Line
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.smtp import SmtpSession
from engine.counter import Counter
from engine.crew import Crew
from engine.hands import Hands
from engine.queue import MOST_IN_A_ROW
from engine.rounds import Visit
from storage.database import Database
from storage.kinds import ActionState, LeadState, Security
from storage.ledger import Entry
from storage.tables import Action, Lane, Lead, Mailbox
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY

_HUEYS = (4, 8, THREADS)  # threads
_IDENTITIES, _ADDRESSES = 20, 20  # of each: at 20,000 mails an address sends fifty, as much as one should a day
_ALWAYS = {"work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}
_NO_LIMIT = 50_000_000  # so high that pacing asks for two milliseconds of the benchmark's own clock
_TICK = timedelta(milliseconds=50)
_GUARD = NetworkGuard.allowing(["127.0.0.0/8"])
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="outpost-dispatch-") as place, sink() as port:
        folder = Path(place)
        bare, bare_cpu = _bare(port)
        ours, ours_cpu = _outpost(folder / "in_a_row.db", port, MOST_IN_A_ROW)
        bare_each, _ = _bare_each(port)
        ours_each, _ = _outpost(folder / "each.db", port, 1)
        huey = max(_huey(folder, port, threads) for threads in _HUEYS)
        celery = _celery(folder, port)
    name, kept, each = f"dispatch, {MAILS:,} mails", "all gates, synchronous FULL", "a connection a mail"
    return [
        Row(name, f"{THREADS} threads, {kept}", ours, "mails/s", "bare smtplib", bare, at_least=0.5),
        Row(name, "the same", ours, "mails/s", "bare Huey tasks", huey, at_least=1.5),
        Row(name, "the same", ours, "mails/s", "Celery on Redis", celery, at_least=3.0),
        Row(name, "CPU of a mail, sending included", ours_cpu, "ms", "bare smtplib", bare_cpu),
        Row(name, each, ours_each, "mails/s", f"bare smtplib, {each}", bare_each),
        Row(name, each, ours_each, "mails/s", "bare Huey tasks", huey),
        Row(name, each, ours_each, "mails/s", "Celery on Redis", celery),
    ]


def _bare(port: int) -> tuple[float, float]:
    """Mails a second and milliseconds of CPU a mail of a plain loop over one connection."""
    begin, cpu = time.perf_counter(), time.process_time()
    with connect(port) as session:
        for _ in range(MAILS):
            session.sendmail(SENDER, [RECIPIENT], CONTENT)
    return MAILS / (time.perf_counter() - begin), (time.process_time() - cpu) / MAILS * 1000


def _bare_each(port: int) -> tuple[float, float]:
    """The same with a connection a mail."""
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(MAILS):
        send(port)
    return MAILS / (time.perf_counter() - begin), (time.process_time() - cpu) / MAILS * 1000


class _InTheClear(SmtpSession):
    """The channel's session with a server that offers neither TLS nor AUTH."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _GUARD.connect(host, port, self.deadline)


class _Prebuilt(Stepwise):
    """Implements `effects.Mailer` over the channel's own line to a server, with bytes that were built beforehand."""

    def __init__(self) -> None:
        self.line = Line(_sign_in)

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        return at_a_stretch(self.delivery(account, letter, seconds))

    def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
        return self.line.transmission(account, SENDER, RECIPIENT, CONTENT, Deadline.after(seconds))

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return Trace.UNKNOWABLE


def _sign_in(account: MailAccount, deadline: Deadline) -> SmtpSession:
    session = _InTheClear(account.smtp, _GUARD, _NO_TLS, deadline)
    session.ehlo()
    return session


def _account(port: int, _session: Session, mailbox: Mailbox) -> MailAccount:
    server = Server("127.0.0.1", port, Security.SSL)
    return MailAccount(mailbox.address, "Ada", mailbox.address, "-", imap=server, smtp=server)


def _letter(_session: Session, action: Entry) -> Letter:
    return Letter(action.message_id or "", "marie@bravo.test", "A question", "prebuilt")


def _outpost(path: Path, port: int, in_a_row: int) -> tuple[float, float]:
    database = new_database(path)
    lanes = iter(_prepare(database))
    numbers, turn = count(), threading.Lock()
    crew = Crew(Counter(database, path.with_suffix(".mark"), lambda: MONDAY))

    def now() -> datetime:
        return MONDAY + next(numbers) * _TICK

    def visit(lane: int) -> Visit:
        left, mailer = iter(range(in_a_row)), _Prebuilt()
        hands = Hands(mailer, partial(_account, port), _letter, leave=mailer.line.leave)
        return crew.carry_on(Visit(lane, now, "bench", hands, lambda: next(left, None) is not None))

    def work() -> None:
        while True:
            with turn:
                lane = next(lanes, None)
            if lane is None:
                return
            while (done := visit(lane)).tried:
                lane = done.lane_id

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    begin, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, spent = time.perf_counter() - begin, time.process_time() - cpu
    with database.read() as session:
        sent = len(session.scalars(select(Action.id).where(Action.state == ActionState.ACCEPTED)).all())
    database.close()
    if sent != MAILS:
        raise AssertionError(f"{sent} of {MAILS} mails were sent.")
    return MAILS / took, spent / MAILS * 1000


def _prepare(database: Database) -> list[int]:
    """Identities with a running campaign each, dealt by Shuffle to its addresses; its leads have one step, planned."""
    with database.write() as session:
        makers.installation(session)
        home = makers.workspace(session)
        numbers = iter(range(MAILS))
        for _ in range(_IDENTITIES):
            ada = makers.identity(session, home.id, **_ALWAYS)
            addresses = [makers.mailbox(session, ada, limit=_NO_LIMIT, gap_seconds=0).id for _ in range(_ADDRESSES)]
            spring = makers.campaign(session, ada)
            same = {"workspace_id": home.id, "campaign_id": spring.id, "first_name": "Marie", "state": LeadState.NEW}
            same |= {"state_since": MONDAY, "created_at": MONDAY}
            dealt = zip(islice(numbers, math.ceil(MAILS / _IDENTITIES)), cycle(addresses), strict=False)
            people = [{**same, "email": f"lead{each}@bravo.test", "mailbox_id": address} for each, address in dealt]
            session.execute(insert(Lead), people)
            leads = session.scalars(select(Lead.id).where(Lead.campaign_id == spring.id).order_by(Lead.id)).all()
            sequence.begin(session, spring.id, leads, MONDAY)
        return list(session.scalars(select(Lane.id).order_by(Lane.id)))


def _huey(folder: Path, port: int, threads: int) -> float:
    own = folder / f"huey{threads}"
    own.mkdir()
    command = [sys.executable, "-m", "benchmarks.peers", "huey", str(own), str(port), str(MAILS), str(threads)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout
    return MAILS / float(said)


def _celery(folder: Path, port: int) -> float:
    redis_port, done = free_port(), folder / "celery.done"
    url = f"redis://127.0.0.1:{redis_port}/0"
    server = ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    redis = subprocess.Popen(server, stdout=subprocess.DEVNULL)
    try:
        wait_for(redis_port, redis)
        peers.celery.conf.broker_url = url
        for _ in range(MAILS):
            peers.send_by_celery.delay()
        return MAILS / _consumed(url, port, done)
    finally:
        end(redis)


def _consumed(url: str, port: int, done: Path) -> float:
    """Seconds from the first mail that a Celery worker sends to the last."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.peers", "worker", "--without-gossip", "--without-mingle"]
    given = {**os.environ, "BENCH_REDIS": url, "BENCH_SINK": str(port), "BENCH_DONE": str(done), "C_FORCE_ROOT": "1"}
    worker = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_size(done, 1, worker)
        begin = time.perf_counter()
        _wait_for_size(done, MAILS, worker)
        return time.perf_counter() - begin
    finally:
        end(worker)


def _wait_for_size(done: Path, size: int, worker: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 900
    while not done.exists() or done.stat().st_size < size:
        if worker.poll() is not None or time.monotonic() > ends:
            raise RuntimeError("The Celery worker ended before its work did.")
        time.sleep(0.01)

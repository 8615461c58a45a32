"""A real installation in a folder, its worker as a real process, and a mail server that its mailboxes sign in to."""

import os
import signal
import ssl
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from engine import agenda, clock, sequence
from engine.config import PROJECT, load
from engine.installation import open_outpost
from engine.mail_accounts import password_place
from practice.mail import listening, make_certificates
from practice.mail_imap import PASSWORD
from storage.database import Database
from storage.kinds import ActionState, Reason, Security
from storage.tables import Action, Heartbeat, Setting
from storage.vault import Vault
from tests import makers
from tests.bed.bed import wait_until
from tests.dispatch.sink import ALWAYS
from tests.fresh import lay_installation, place_of

A_DAY = 43_200  # so many mails a day are one in two seconds


def server_context(folder: Path) -> ssl.SSLContext:
    """What a server of this folder shows; the workers of a Site there trust it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificates(folder)[1])
    return context


@dataclass
class Site:
    """`folder` holds data, key, clock and mail; whatever was started ends with `stop`."""

    folder: Path
    copies: bool = False
    data: Path = Path()  # by default a folder in `folder`
    database: Database = field(init=False)
    vault: Vault = field(init=False)
    log: Path = Path()  # by default a file in `folder`
    patience: int = 15  # seconds that the database's lock is waited for
    worker: "subprocess.Popen[bytes] | None" = None
    port: int = 0
    _servers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.data if self.data.parts else self.folder / "data"
        self.log = self.log if self.log.parts else self.folder / "worker.log"
        make_certificates(self.folder)
        (self.folder / "clock").write_text("0")
        lay_installation(self.environment())
        opened = open_outpost(load(self.environment()), {})
        self.database, self.vault = opened.database, opened.vault

    def environment(self) -> dict[str, str]:
        place = place_of(self.data / "outpost.db")
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OUTPOST_")},
            "OUTPOST_DATA": str(self.data),
            "OUTPOST_DATABASE": place if isinstance(place, str) else f"sqlite:///{place}?timeout={self.patience}",
            "OUTPOST_KEY_FILE": str(self.folder / "data.key"),
            "OUTPOST_CLOCK": str(self.folder / "clock"),
            "SSL_CERT_FILE": str(self.folder / "mail-ca.pem"),
        }

    def now(self) -> datetime:
        """What the worker's clock says."""
        return clock.now() + timedelta(seconds=float((self.folder / "clock").read_text()))

    def move_clock(self, by: timedelta) -> None:
        scratch = self.folder / "clock.new"
        scratch.write_text(str(float((self.folder / "clock").read_text()) + by.total_seconds()))
        scratch.replace(self.folder / "clock")

    def serve_mail(self) -> None:
        """The sink in a process of its own and, with copies, an IMAP server that shows them."""
        self._serve("tests.crash.sink_server", str(self.folder), *(["copies"] if self.copies else []))
        wait_until((self.folder / "sink.port").exists, "the sink to listen", 30)
        self.port = int((self.folder / "sink.port").read_text())
        if self.copies:
            self._serve("practice.mail", "--data", str(self.folder))
            wait_until(lambda: listening(self.folder) is not None, "the IMAP server to listen", 30)

    def _serve(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._servers.append(subprocess.Popen(command, cwd=PROJECT, env=self.environment()))

    def plan(self, lanes: int, leads: int, limit: int = A_DAY, gap: int = 0) -> None:
        """Identities that are always at work, one address each, and a first step planned for every lead."""
        with self.database.write() as session:
            home = makers.workspace(session)
            loopback = ["127.0.0.0/8", "::1/128"]
            session.merge(Setting(key="allowed_networks", value=loopback, changed_at=self.now()))
            imap = listening(self.folder)
            for _ in range(lanes):
                ada = makers.identity(session, home.id, **ALWAYS)
                mailbox = makers.mailbox(
                    session,
                    ada,
                    limit=limit,
                    gap_seconds=gap,
                    smtp_host="localhost",
                    smtp_port=self.port,
                    smtp_security=Security.SSL,
                    imap_host="localhost",
                    imap_port=imap.imap.port if imap else 993,
                    imap_security=Security.STARTTLS,
                    sent_folder="Sent" if self.copies else "",
                    files_sent_itself=self.copies,
                    next_probe_at=self.now() + timedelta(days=30),
                )
                mailbox.username = mailbox.address
                mailbox.password = self.vault.seal(PASSWORD, password_place(mailbox))
                spring = makers.campaign(session, ada)
                people = [makers.lead(session, spring, mailbox_id=mailbox.id).id for _ in range(leads)]
                sequence.begin(session, spring.id, people, self.now())

    def start(self, **settings: str) -> "subprocess.Popen[bytes]":
        """A worker; its log is appended to."""
        command = [sys.executable, "-m", "engine.worker"]
        with self.log.open("ab") as out:
            environment = {**self.environment(), **settings}
            self.worker = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=out, stderr=out)
        return self.worker

    def refused(self) -> tuple[int, str]:
        """The status and the words of a worker that is expected not to start."""
        command = [sys.executable, "-m", "engine.worker"]
        ended = subprocess.run(command, cwd=PROJECT, env=self.environment(), capture_output=True, text=True, timeout=30)
        return ended.returncode, ended.stderr

    def is_at_work(self) -> bool:
        """Whether the worker that was started last has written its sign of life."""
        assert self.worker is not None
        assert self.worker.poll() is None, self.log.read_text()[-3000:]
        return self.beat() is not None and self.beat_pid() == self.worker.pid

    def beat(self) -> Heartbeat | None:
        with self.database.read() as session:
            return session.scalars(select(Heartbeat).order_by(Heartbeat.started_at.desc()).limit(1)).first()

    def beat_at(self) -> datetime | None:
        beat = self.beat()
        return beat.at if beat else None

    def note(self) -> str:
        """The sentence beside the last sign of life."""
        beat = self.beat()
        return beat.note if beat else ""

    def beat_pid(self) -> int | None:
        beat = self.beat()
        return beat.pid if beat else None

    def wait_for_beats(self, number: int = 2, seconds: float = 30) -> None:
        """Wait until the worker has looked around so many times more."""
        for _ in range(number):
            wait_until(partial(self._has_beaten_after, self.beat_at()), "a sign of life", seconds)

    def _has_beaten_after(self, last: datetime | None) -> bool:
        return self.beat_at() not in (None, last)

    def taken(self) -> list[tuple[float, str]]:
        """When the sink took which Message-ID."""
        path = self.folder / "taken"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(float(line[0]), line[1]) for line in lines]

    def states(self) -> Counter[ActionState]:
        with self.database.read() as session:
            return Counter(dict(session.execute(select(Action.state, func.count()).group_by(Action.state)).all()))

    def reasons(self) -> set[Reason | None]:
        """Why actions wait, as their rows say."""
        with self.database.read() as session:
            return set(session.scalars(select(Action.reason)))

    def wake(self) -> None:
        """Have the worker look at every lane now."""
        with self.database.write() as session:
            agenda.wake_all(session, self.now())

    def left(self) -> int:
        """Actions that are neither final nor with a person."""
        return sum(
            number for state, number in self.states().items() if not state.is_final and state is not ActionState.PARKED
        )

    def end_worker(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        assert self.worker is not None
        self.worker.send_signal(number)
        return self.worker.wait(seconds)

    def stop(self) -> None:
        for process in [*([self.worker] if self.worker else []), *self._servers]:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(5)
        self.database.close()

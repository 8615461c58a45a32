"""Real mail servers for tests: Dovecot and Postfix on loopback, in one folder, up in half a second, as root.

Every address of the bed's domains is a mailbox, so each test has its own and nothing is ever wiped. `Bed.stop` ends only the
processes that `Bed.start` started.
"""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import trustme

from engine.channels.effects import MailAccount, Server
from storage.kinds import Security
from tests.bed import configuration
from tests.bed.configuration import PASSWORD, Ports

_MASTER = "/usr/lib/postfix/sbin/master"
_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
_numbers = count(1)


def missing() -> str:
    """Why the bed can't run on this machine, as a sentence; empty when it can."""
    if os.geteuid() != 0:
        return "The mail bed needs root: Postfix can't run without."
    absent = [tool for tool in ("/usr/sbin/dovecot", _MASTER) if not Path(tool).exists()]
    return f"The mail bed needs the Debian packages dovecot and postfix; missing: {', '.join(absent)}." if absent else ""


def free_ports(number: int) -> list[int]:
    """Ports that are free now; they stay reserved until all are known."""
    held = []
    for _ in range(number):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        held.append(listener)
    ports = [listener.getsockname()[1] for listener in held]
    for listener in held:
        listener.close()
    return ports


@dataclass
class Bed:
    """The running servers. `ca_file` is the authority that signed their certificate for "localhost"."""

    folder: Path
    ports: Ports = field(default_factory=lambda: Ports(*free_ports(9)))
    imap_connections: int = 15
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def ca_file(self) -> str:
        return str(self.folder / "tls/ca.pem")

    @property
    def imap(self) -> Server:
        return Server("localhost", self.ports.imaps, Security.SSL)

    @property
    def smtp(self) -> Server:
        return Server("localhost", self.ports.submission, Security.STARTTLS)

    def start(self) -> "Bed":
        for name in ("dv", "mail", "log", "dovecot", "postfix", "tls"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self._make_certificates()
        self._start_dovecot()
        self._start_postfix()
        for port in (self.ports.imaps, self.ports.submission, self.ports.submissions):
            wait_until(lambda port=port: _listens(port), f"port {port} to listen", 15)
        return self

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self._processes.clear()

    def new_address(self, name: str = "ada", domain: str = "alpha.test") -> str:
        """A mailbox that nobody has used; its password is PASSWORD. One of tiny.test is full after a kilobyte."""
        return f"{name}{os.getpid()}-{next(_numbers)}@{domain}"

    def new_account(self, name: str = "ada", domain: str = "alpha.test") -> MailAccount:
        return self.account(self.new_address(name, domain))

    def account(self, address: str, password: str = PASSWORD) -> MailAccount:
        return MailAccount(address, "Ada Lovelace", address, password, self.imap, self.smtp, sent_folder="Sent")

    def mails(self, address: str, folder: str = "INBOX") -> list[EmailMessage]:
        """All mails in one folder, oldest first."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw_mails(address, folder)]  # type: ignore[misc]

    def raw_mails(self, address: str, folder: str = "INBOX") -> list[bytes]:
        context = ssl.create_default_context(cafile=self.ca_file)
        with imaplib.IMAP4_SSL("localhost", self.ports.imaps, ssl_context=context, timeout=10) as box:
            box.login(address, PASSWORD)
            box.select(f'"{folder}"', readonly=True)
            numbers = box.search(None, "ALL")[1][0].split()
            return [box.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers]

    def append(self, address: str, folder: str, content: bytes) -> None:
        """Put a mail into a folder, as a provider that files what it sends would."""
        context = ssl.create_default_context(cafile=self.ca_file)
        with imaplib.IMAP4_SSL("localhost", self.ports.imaps, ssl_context=context, timeout=10) as box:
            box.login(address, PASSWORD)
            assert box.append(f'"{folder}"', r"(\Seen)", "", content)[0] == "OK"

    def wait_for_mails(
        self, address: str, number: int = 1, folder: str = "INBOX", seconds: float = 10
    ) -> list[EmailMessage]:
        wait_until(lambda: len(self.raw_mails(address, folder)) >= number, f"{number} mails for {address}", seconds)
        return self.mails(address, folder)

    def wait_until_delivered(self) -> None:
        """Until what Postfix has taken lies in a folder, as it would a quarter of an hour later on a clock that is moved."""
        queues = [self.folder / "pspool" / name for name in ("maildrop", "incoming", "active")]
        wait_until(lambda: not any(any(queue.iterdir()) for queue in queues), "the mails to be delivered", 60)

    def _make_certificates(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1", "mail.alpha.test")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(str(self.folder / "tls/key.pem"))
        chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
        (self.folder / "tls/cert.pem").write_bytes(chain)

    def _start_dovecot(self) -> None:
        conf = self.folder / "dovecot/dovecot.conf"
        conf.write_text(configuration.dovecot(self.folder, self.ports, self.imap_connections))
        (self.folder / "dovecot/oauth2.conf.ext").write_text(configuration.dovecot_tokens(self.ports))
        (self.folder / "dovecot/before.sieve").write_text(configuration.SIEVE)
        (self.folder / "dovecot/domains").write_text(configuration.DOMAIN_FILE)
        (self.folder / "log/dovecot.log").touch()
        user = pwd.getpwnam("dovecot")
        for name in ("dv", "mail", "dovecot", "log/dovecot.log", "dovecot/before.sieve"):
            os.chown(self.folder / name, user.pw_uid, user.pw_gid)
        drop = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"]
        subprocess.run([*drop, "sievec", "-c", str(conf), str(self.folder / "dovecot/before.sieve")], check=True)
        self._spawn("dovecot", [*drop, "/usr/sbin/dovecot", "-F", "-c", str(conf)])

    def _start_postfix(self) -> None:
        folder = self.folder / "postfix"
        files = {
            "main.cf": configuration.postfix_main(self.folder),
            "master.cf": configuration.postfix_master(self.ports),
            **configuration.postfix_tables(self.ports),
        }
        for name, text in files.items():
            (folder / name).write_text(text)
            # Postfix naps while a file is younger than two seconds.
            past = (folder / name).stat().st_mtime - 60
            os.utime(folder / name, (past, past))
        self._make_queue()
        self._spawn("postfix", [_MASTER, "-c", str(folder), "-d"], MAIL_CONFIG=str(folder))

    def _make_queue(self) -> None:
        user, drop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
        spool, data = self.folder / "pspool", self.folder / "pdata"
        for path, mode, owner, group in (
            (spool, 0o755, 0, 0),
            (spool / "pid", 0o755, 0, 0),
            *((spool / name, 0o700, user.pw_uid, 0) for name in _QUEUES),
            (spool / "maildrop", 0o730, user.pw_uid, drop),
            (spool / "public", 0o710, user.pw_uid, drop),
            (data, 0o755, user.pw_uid, user.pw_gid),
        ):
            path.mkdir(exist_ok=True)
            path.chmod(mode)
            os.chown(path, owner, group)

    def _spawn(self, name: str, command: list[str], **environment: str) -> None:
        with (self.folder / f"log/{name}.out").open("w") as out:
            process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for a condition; AssertionError names it when it does not come in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds} s in vain for {what}.")
        time.sleep(0.03)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def bed_alone() -> Iterator[tuple[Bed, Path]]:
    """A bed for one program, and a folder beside it; RuntimeError says why it can't run here."""
    if missing():
        raise RuntimeError(missing())
    with tempfile.TemporaryDirectory(prefix="bed-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        bed = start_in(Path(folder) / "one")
        try:
            yield bed, Path(folder)
        finally:
            bed.stop()


def start_in(folder: Path, **values: int) -> Bed:
    """A bed in a fresh folder; an old one of that name is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    bed = Bed(folder, **values)
    try:
        return bed.start()
    except BaseException:
        bed.stop()
        raise

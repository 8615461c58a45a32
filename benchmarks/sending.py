"""The mails that the dispatch benchmark sends, as bytes built beforehand, and what takes them.

smtp-sink speaks neither TLS nor AUTH, which the e-mail channel insists on; so whoever sends does so in the clear.
"""

import os
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from engine.queue import WORKERS

MAILS = int(os.environ.get("OUTPOST_BENCH_MAILS", "4000"))
THREADS = WORKERS  # as many as the worker has
SINK = "/usr/sbin/smtp-sink"
SENDER, RECIPIENT = "ada@alpha.test", "marie@bravo.test"
CONTENT = (
    f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nSubject: A question\r\nMIME-Version: 1.0\r\n"
    'Content-Type: text/plain; charset="utf-8"\r\n\r\n' + "Hello Marie, shall we talk about radium?\r\n" * 20
).encode()


def connect(port: int) -> smtplib.SMTP:
    """smtplib's client, connected to the sink."""
    return smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test", timeout=30)


def send(port: int) -> None:
    """Hand one mail to the sink, as a task does that knows of no other; an exception says that it was not taken."""
    with connect(port) as session:
        session.sendmail(SENDER, [RECIPIENT], CONTENT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 15
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not answer on port {port}.")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port of this machine; ended at the end."""
    port = free_port()
    # Root's postfix tools give up their rights; ours run as whoever runs this.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([SINK, *user, f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port
    finally:
        end(process)

"""`make demo`: the practice workspace with its mail servers, its panel and its worker; Ctrl-C ends them all.

`--fresh` begins anew; `--begins 2026-11-30T08:30` fixes where its clock starts; `--crowds` adds the workspaces that the
screenshots need.
"""

from engine import interrupts

if __name__ == "__main__":
    interrupts.leave_at_once()

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.config import PROJECT, load
from engine.desk import Problem
from practice.linkedin.server import PASSWORD as LINKEDIN_PASSWORD
from practice.mail import Listening, listening
from practice.mail_imap import PASSWORD as MAIL_PASSWORD
from practice.opening import OWNER, PASSWORD, Wishes, environment, fill_when_empty

_SECONDS = 20
_SIGNS = f"""
  Practice workspace: everybody in it is invented, and no mail leaves this computer.

  Open      {{address}}
  Sign in   {OWNER}
  Password  {PASSWORD}

  (mara@outpost.test is a manager and odo@outpost.test is ops, with the same password. New e-mail
  addresses connect with the password "{MAIL_PASSWORD}", or sign in at the stand-ins
  of Google and Microsoft 365; ada@approval.test there needs an administrator's approval.
  LinkedIn is played too: ada.lovelace@example.com connects with "{LINKEDIN_PASSWORD}"; ada.lovelace+sms@…
  is asked for a code (123456), +app for a tap in the app, +captcha for a check by a person; +sales has a seat
  in Sales Navigator, where every search and list finds 60 people.)
  Ctrl-C ends it; `make demo` goes on where it was, `make demo FRESH=1` begins anew.
"""


def main(arguments: Sequence[str]) -> int:
    wishes = _wishes(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with Ctrl-C ignored
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        os.environ.update(environment(wishes))
        return _play(wishes, Path(os.environ["OUTPOST_DATA"]))
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _play(wishes: Wishes, data: Path) -> int:
    with _Running([sys.executable, "-m", "practice.mail", "--data", str(data)]) as servers:
        mail = _wait_for_mail(servers, data)
        os.environ.update(_outside_world(mail))
        _say("Making the practice workspace and four months of its history …")
        fill_when_empty(mail, wishes)
        said = data / "linkedin-listens"
        said.unlink(missing_ok=True)
        with _Running([sys.executable, "-m", "practice.linkedin.server", "--said", str(said)]) as linkedin:
            os.environ["OUTPOST_LINKEDIN"] = _wait_for_linkedin(linkedin, said)
            _say(_SIGNS.format(address=load().public_url))
            with _Running([sys.executable, "app.py"]) as panel:
                return panel.wait()


def _outside_world(mail: Listening) -> dict[str, str]:
    """What tells the panel and its worker where Google, Microsoft and the mail servers are."""
    imap, smtp = (f"{one.host}:{one.port}:{one.security}" for one in (mail.imap, mail.smtp))
    return {
        "SSL_CERT_FILE": mail.ca_file,
        "OUTPOST_PROVIDERS": mail.sign_in,
        "OUTPOST_PROVIDERS_PAGES": mail.sign_in_pages,
        "OUTPOST_PROVIDERS_CA": mail.ca_file,
        "OUTPOST_PROVIDERS_IMAP": imap,
        "OUTPOST_PROVIDERS_SMTP": smtp,
    }


def _wishes(arguments: Sequence[str]) -> Wishes:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--crowds", action="store_true")
    parser.add_argument("--begins", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    return Wishes(**vars(parser.parse_args(arguments)))


class _Running:
    """A process of ours that is ended, and waited for, when the block ends."""

    def __init__(self, command: list[str]) -> None:
        # Its own session: Ctrl-C reaches this process alone, which then ends them in their order.
        self._process = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _wait_for_mail(servers: "subprocess.Popen[bytes]", data: Path) -> Listening:
    """Where the servers listen, once it is these that wrote it."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and servers.poll() is None:
        if (said := listening(data)) and said.pid == servers.pid:
            return said
        time.sleep(0.05)
    raise Problem("The practice mail servers did not start; their message stands above.")


def _wait_for_linkedin(server: "subprocess.Popen[bytes]", said: Path) -> str:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and server.poll() is None:
        if said.exists() and (address := said.read_text()):
            return address
        time.sleep(0.05)
    raise Problem("The practice LinkedIn did not start; its message stands above.")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

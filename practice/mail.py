"""The practice workspace's mail servers and sign-in in one process: `python -m practice.mail --data DIR`.

DIR/mail.json says where they listen and whom to trust: {"imap": port, "smtp": port, "ca": file, "sign_in": ports, "pid":
number}. Ports and certificates are kept, so that mailboxes connected yesterday still work today.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.channels.effects import Server
from practice.certificates import HOST, make_certificates
from practice.mail_imap import serve_imap
from practice.mail_smtp import serve_smtp
from practice.oauth import StandIn
from storage.kinds import Security


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the stand-ins listen, as other processes read it."""

    imap: Server
    smtp: Server
    ca_file: str
    sign_in: str  # Google's and Microsoft's, as the panel asks them
    sign_in_pages: str  # … and as a person's browser does
    pid: int


def listening(data: Path) -> Listening | None:
    """What the running servers of this folder wrote; None before they are up."""
    try:
        said = json.loads((data / "mail.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    imap, smtp = Server(HOST, said["imap"], Security.STARTTLS), Server(HOST, said["smtp"], Security.STARTTLS)
    programs, people = said.get("sign_in", (0, 0))
    return Listening(imap, smtp, said["ca"], f"https://{HOST}:{programs}", f"http://127.0.0.1:{people}", said["pid"])


async def serve(data: Path) -> None:
    """Run all servers until the process is told to end (TERM or INT)."""
    boxes = data / "mail"
    boxes.mkdir(parents=True, exist_ok=True)
    authority_file, certificate_file = make_certificates(data)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate_file)
    before = _ports_before(data)
    stand_in = StandIn(data, (before["sign_in"][0], before["sign_in"][1])).start()
    imap = await serve_imap(boxes, before["imap"], certificate_file, stand_in.vouches)
    smtp = await serve_smtp(boxes, before["smtp"], context, stand_in.vouches)
    try:
        async with imap, smtp:
            _write(data, imap, smtp, authority_file, stand_in)
            await _told_to_end()
    finally:
        stand_in.stop()


def _ports_before(data: Path) -> dict[str, Any]:
    """Where they listened the last time; 0 takes a free port."""
    kept: dict[str, Any] = {"imap": 0, "smtp": 0, "sign_in": (0, 0)}
    try:
        return {**kept, **json.loads((data / "mail.json").read_text())}
    except (FileNotFoundError, ValueError):
        return kept


def _write(
    data: Path, imap: asyncio.AbstractServer, smtp: asyncio.AbstractServer, authority_file: Path, stand_in: StandIn
) -> None:
    said = {"imap": _port(imap), "smtp": _port(smtp), "ca": str(authority_file), "sign_in": stand_in.ports}
    said["pid"] = os.getpid()
    scratch = data / "mail.json.new"
    scratch.write_text(json.dumps(said))
    scratch.replace(data / "mail.json")


def _port(server: asyncio.AbstractServer) -> int:
    return int(server.sockets[0].getsockname()[1])  # type: ignore[attr-defined]


async def _told_to_end() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main() -> None:
    # aiosmtpd warns of an attribute that its own sign-in reads, at every sign-in.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    asyncio.run(serve(parser.parse_args().data.resolve()))


if __name__ == "__main__":
    main()

"""A mail server that takes a mail for good before it answers: `python -m tests.crash.sink_server FOLDER [copies]`.

FOLDER/taken gets one line a mail: when, its Message-ID and its sender. With `copies` it also files each mail in the
sender's Sent folder of the practice IMAP server, as the large providers do.
"""

import mailbox
import os
import signal
import ssl
import sys
import time
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path

from practice.mail import make_certificates
from practice.mail_imap import box_folder
from tests.bed.scripted import Script, scripted_smtp


class Taken(list[bytes]):
    """The mails taken so far, each on the disk before the server says yes."""

    def __init__(self, folder: Path, *, copies: bool) -> None:
        super().__init__()
        self._folder = folder
        self._copies = copies

    def append(self, content: bytes) -> None:
        mail = message_from_bytes(content)
        sender = parseaddr(mail["From"])[1]
        if self._copies:
            box = mailbox.Maildir(box_folder(self._folder / "mail", sender), create=False)
            box.get_folder("Sent").add(content)
        line = f"{time.monotonic()} {mail['Message-ID']} {sender}\n".encode()
        descriptor = os.open(self._folder / "taken", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, line)
        os.fsync(descriptor)
        os.close(descriptor)


def main(folder: Path, *, copies: bool) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificates(folder)[1])
    (folder / "mail").mkdir(exist_ok=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    script = Script(context=context, implicit_tls=True, contents=Taken(folder, copies=copies))
    with scripted_smtp(script) as port:
        scratch = folder / "sink.port.new"
        scratch.write_text(str(port))
        scratch.replace(folder / "sink.port")
        signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main(Path(sys.argv[1]), copies="copies" in sys.argv[2:])

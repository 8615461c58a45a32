"""The e-mail channel: one letter, at most once, with the evidence of what came of it.

The moment that decides is the dot after the content. Before it nothing has happened and every trouble is a `Failed`.
After it only the server's answer counts: 2xx is `Accepted`, 4xx and 5xx are `Failed`, and no answer is `Uncertain`.
"""

import imaplib
import re
import smtplib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from engine import crash_points
from engine.channels.effects import Accepted, Failed, Letter, MailAccount, Outcome, Trace, Uncertain
from engine.channels.refusals import Stage, lost, not_connected, refusal
from engine.channels.wire import UnsendableLetter, ascii_address, build
from engine.connections import graph
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.smtp import SmtpSession, open_smtp, sign_in_to
from engine.connections.trouble import ConnectionTrouble, scrub
from engine.connections.trust import refused, trusted
from storage.kinds import Reason

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_QUEUED_AS = re.compile(r"queued as ([A-Za-z0-9.-]+)", re.I)
_LOST = (OSError, smtplib.SMTPException, ValueError)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Implements `effects.Mailer` over SMTP and IMAP; a `ca_file` replaces the system's certificate authorities.

    `now` dates the letters that bring no date.
    """

    network: NetworkGuard
    now: Callable[[], datetime]
    ca_file: str | None = None

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        """Send one letter within `seconds`, at most once, and file the copy where the host does not; never raises."""
        try:
            content = build(account, letter, self.now())
            sender, recipient = ascii_address(account.address), ascii_address(letter.recipient)
        except UnsendableLetter as problem:
            return Failed(Reason.MESSAGE_REFUSED, str(problem), permanent=True)
        if account.graph_in_use is not None:
            return graph.send(account.graph_in_use, content)
        deadline = Deadline.after(seconds)
        outcome = self.transmit(account, sender, recipient, content, deadline)
        if isinstance(outcome, Accepted):
            outcome.evidence["copy"] = self._file_copy(account, letter.message_id, content, deadline)
        return outcome

    def transmit(self, account: MailAccount, sender: str, recipient: str, content: bytes, deadline: Deadline) -> Outcome:
        """Hand built bytes to the account's SMTP server; nothing is filed."""
        try:
            session = open_smtp(account.smtp, self.network, trusted(self.ca_file), deadline)
        except ConnectionTrouble as trouble:
            return not_connected(trouble)
        try:
            sign_in_to(session, account)
            crash_points.reached("connected")
            return _hand_over(session, sender, recipient, content)
        except ConnectionTrouble as trouble:
            return not_connected(trouble)
        finally:
            session.leave()

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        """Look for a Message-ID in the Sent folder; never raises."""
        if account.graph_in_use is not None:
            return graph.look_up(account.graph_in_use, message_id)
        if not account.sent_folder:
            return Trace.UNKNOWABLE
        try:
            with self._imap(account, Deadline.after(seconds)) as session:
                session.select_folder(account.sent_folder, readonly=True)
                if _is_filed(session, message_id):
                    return Trace.FOUND
        except (ConnectionTrouble, OSError, imaplib.IMAP4.error, ValueError):
            return Trace.UNREADABLE
        return Trace.ABSENT if account.files_sent_itself else Trace.UNKNOWABLE

    def _file_copy(self, account: MailAccount, message_id: str, content: bytes, deadline: Deadline) -> str:
        """Put the copy into Sent. A failure changes nothing about the mail, so it becomes words only."""
        if account.files_sent_itself:
            return "filed by the host"
        if not account.sent_folder:
            return "not filed: this address has no known Sent folder"
        try:
            with self._imap(account, deadline) as session:
                session.select_folder(account.sent_folder)
                if _is_filed(session, message_id):  # some hosts file what they send and don't say so
                    return "filed by the host"
                session.append(account.sent_folder, content, flags=[rb"\Seen"])
        except ConnectionTrouble as trouble:
            return f"not filed: {trouble.note}"
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            return f"not filed: {refused(account.imap, error).note}"
        return f"appended to {account.sent_folder}"

    def _imap(self, account: MailAccount, deadline: Deadline) -> AbstractContextManager[ImapSession]:
        return account_session(account, self.network, trusted(self.ca_file), deadline)


def _hand_over(session: SmtpSession, sender: str, recipient: str, content: bytes) -> Outcome:
    envelope = (
        (Stage.SENDER, f"MAIL FROM:<{sender}>", (250,)),
        (Stage.RECIPIENT, f"RCPT TO:<{recipient}>", (250, 251)),
        (Stage.CONTENT, "DATA", (354,)),
    )
    stage = Stage.SENDER
    try:
        for stage, command, good in envelope:
            code, said = session.docmd(command)
            if code not in good:
                return refusal(stage, code, said)
        session.send(_LEADING_DOT.sub(b"..", _whole_lines(content)))
    except _LOST:
        return lost(stage)
    crash_points.reached("content")
    return _finish(session)


def _finish(session: SmtpSession) -> Outcome:
    """Send the dot; from here on the server may have taken the mail."""
    try:
        session.send(b".\r\n")
        crash_points.reached("data")
        code, said = session.getreply()
    except _LOST as error:
        return Uncertain(f"The whole mail was sent and no answer came: {scrub(str(error))}")
    if 400 <= code < 600:
        return refusal(Stage.CONTENT, code, said)
    if not 200 <= code < 300:
        return Uncertain(f"The whole mail was sent and the answer makes no sense: {scrub(said)}")
    crash_points.reached("accepted_by_server")
    answer = scrub(said)
    queued = _QUEUED_AS.search(answer)
    evidence = {"answer": f"{code} {answer}", "host": session.server.host}
    return Accepted({**evidence, "queue_id": queued.group(1)} if queued else evidence)


def _whole_lines(content: bytes) -> bytes:
    lines = _LINE_END.sub(b"\r\n", content)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _is_filed(session: ImapSession, message_id: str) -> bool:
    return bool(session.search(["HEADER", "Message-ID", message_id]))

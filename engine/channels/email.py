"""The e-mail channel: one letter, at most once, with the evidence of what came of it, and its copy in the Sent folder."""

import imaplib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from engine.channels.effects import Accepted, Delivery, Failed, Letter, MailAccount, Outcome, Stepwise, Trace, at_a_stretch
from engine.channels.line import Line
from engine.channels.wire import UnsendableLetter, ascii_address, build
from engine.connections import graph
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.smtp import SmtpSession, open_smtp, sign_in_to
from engine.connections.trouble import ConnectionTrouble
from engine.connections.trust import refused, trusted
from storage.kinds import Reason


@dataclass(frozen=True, slots=True)
class EmailChannel(Stepwise):
    """Implements `effects.Mailer` over SMTP and IMAP; a `ca_file` replaces the system's certificate authorities.

    `now` dates the letters that bring no date. `line` is the connection of one that sends several letters in a row.
    """

    network: NetworkGuard
    now: Callable[[], datetime]
    ca_file: str | None = None
    line: Line | None = None

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        """Send one letter within `seconds`, at most once, and file the copy where the host does not; never raises."""
        return at_a_stretch(self.delivery(account, letter, seconds))

    def delivery(self, account: MailAccount, letter: Letter, seconds: float) -> Delivery:
        """The same step by step; the copy is filed in one."""
        try:
            content = build(account, letter, self.now())
            sender, recipient = ascii_address(account.address), ascii_address(letter.recipient)
        except UnsendableLetter as problem:
            return Failed(Reason.MESSAGE_REFUSED, str(problem), permanent=True)
        if account.graph_in_use is not None:
            return graph.send(account.graph_in_use, content)
        deadline = Deadline.after(seconds)
        outcome = yield from self._transmission(account, sender, recipient, content, deadline)
        if isinstance(outcome, Accepted):
            if _files_copies(account):
                self.leave()  # some hosts count all connections of an address
            outcome.evidence["copy"] = self._file_copy(account, letter.message_id, content, deadline)
        return outcome

    def transmit(self, account: MailAccount, sender: str, recipient: str, content: bytes, deadline: Deadline) -> Outcome:
        """Hand built bytes to the account's SMTP server; nothing is filed."""
        return at_a_stretch(self._transmission(account, sender, recipient, content, deadline))

    def _transmission(
        self, account: MailAccount, sender: str, recipient: str, content: bytes, deadline: Deadline
    ) -> Delivery:
        line = self.line or Line(self._sign_in)
        try:
            return (yield from line.transmission(account, sender, recipient, content, deadline))
        finally:
            if self.line is None:
                line.leave()

    def in_a_row(self) -> "EmailChannel":
        """The channel for letters that one thread sends in a row: a connection stays between them, until `leave`."""
        return replace(self, line=Line(self._sign_in))

    def leave(self) -> None:
        """Nothing follows: say goodbye where a connection was kept."""
        if self.line is not None:
            self.line.leave()

    def _sign_in(self, account: MailAccount, deadline: Deadline) -> SmtpSession:
        session = open_smtp(account.smtp, self.network, trusted(self.ca_file), deadline)
        try:
            sign_in_to(session, account)
        except ConnectionTrouble:
            session.leave()
            raise
        return session

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


def _files_copies(account: MailAccount) -> bool:
    return bool(account.sent_folder) and not account.files_sent_itself


def _is_filed(session: ImapSession, message_id: str) -> bool:
    return bool(session.search(["HEADER", "Message-ID", message_id]))

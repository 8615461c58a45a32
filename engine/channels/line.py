"""Handing letters to an address's SMTP server, over one connection for as many of them as go out in a row.

The moment that decides is the dot after the content. Before it nothing has happened and every trouble is a `Failed`.
After it only the server's answer counts: 2xx is `Accepted`, 4xx and 5xx are `Failed`, and no answer is `Uncertain`.
"""

import re
import smtplib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from engine import clock, crash_points
from engine.channels.effects import Accepted, Delivery, Failed, MailAccount, Outcome, Uncertain
from engine.channels.refusals import Stage, lost, not_connected, refusal
from engine.connections.network import Deadline
from engine.connections.smtp import SmtpSession
from engine.connections.trouble import ConnectionTrouble, scrub

_QUEUED_AS = re.compile(r"queued as ([A-Za-z0-9.-]+)", re.I)
_LOST = (OSError, smtplib.SMTPException, ValueError)
_DOT = b".\r\n"
_CLOSING = 421  # RFC 5321 4.2.3: the server closes the connection, whatever it was asked
KEPT = 10.0  # seconds that a connection is idle at most; servers wait for minutes, what lies between may not


@dataclass(frozen=True, slots=True)
class _Refused:
    """The letter was not taken, and whether that says something of the letter or of the connection alone."""

    outcome: Failed
    of_the_connection: bool


@dataclass(slots=True)
class Line:
    """The connection of one visit to the SMTP server of an account; `sign_in` opens one, or raises ConnectionTrouble.

    Signing in takes several times what a letter takes, so the connection stays for the next letter of the same account
    where the server took this one. `leave` ends it. Not for two threads at a time.
    """

    sign_in: Callable[[MailAccount, Deadline], SmtpSession]
    _kept: tuple[MailAccount, SmtpSession] | None = None
    _since: float = field(default=0.0)  # monotonic seconds

    def transmission(
        self, account: MailAccount, sender: str, recipient: str, content: bytes, deadline: Deadline
    ) -> Delivery:
        """Hand over built bytes, at most once."""
        session = self._of(account, deadline)
        if session is not None:
            outcome, is_of_the_connection = yield from self._attempt(account, session, sender, recipient, content)
            if not is_of_the_connection:
                return outcome
            # Only this connection was refused: it had been idle, or had carried as many letters as one may.
        try:
            session = self.sign_in(account, deadline)
        except ConnectionTrouble as trouble:
            return not_connected(trouble)
        outcome, _ = yield from self._attempt(account, session, sender, recipient, content)
        return outcome

    def _attempt(
        self, account: MailAccount, session: SmtpSession, sender: str, recipient: str, content: bytes
    ) -> Generator[None, None, tuple[Outcome, bool]]:
        """What came of it, and whether that says something of the connection alone."""
        crash_points.reached("connected")
        try:
            refused = yield from _offer(session, sender, recipient)
            if refused is not None:
                return refused.outcome, refused.of_the_connection
            outcome = yield from _hand_over(session, content)
        except BaseException:
            session.close()
            raise
        if isinstance(outcome, Accepted):
            self._kept, self._since = (account, session), clock.monotonic()
        else:
            session.leave()
        return outcome, False

    def leave(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._kept is not None:
            self._kept[1].leave()
            self._kept = None

    def _of(self, account: MailAccount, deadline: Deadline) -> SmtpSession | None:
        """The connection that was kept, if it is this account's and was used a moment ago."""
        if self._kept is None:
            return None
        owner, session = self._kept
        if owner != account or clock.monotonic() - self._since > KEPT or not session.is_quiet():
            self.leave()
            return None
        self._kept, session.deadline = None, deadline
        return session


def _offer(session: SmtpSession, sender: str, recipient: str) -> Generator[None, None, _Refused | None]:
    """From whom and to whom; None when the server waits for the content, and else the session is over.

    In one round trip where the server takes commands together (RFC 2920). Such a server may wait for content although it
    refused the recipient; it drops what it has when the connection ends there (RFC 5321 4.1.1.4).
    """
    envelope = (
        (Stage.SENDER, f"MAIL FROM:<{sender}>\r\n", (250,)),
        (Stage.RECIPIENT, f"RCPT TO:<{recipient}>\r\n", (250, 251)),
        (Stage.CONTENT, "DATA\r\n", (354,)),
    )
    together = session.has_extn("pipelining")
    stage = Stage.SENDER
    try:
        if together:
            session.send("".join(command for _, command, _ in envelope))
            yield
        for stage, command, good in envelope:
            if not together:
                session.send(command)
                yield
            code, said = session.getreply()
            if code not in good:
                session.close() if together else session.leave()
                return _Refused(refusal(stage, code, said), stage is Stage.SENDER or code == _CLOSING)
    except _LOST:
        session.close()
        return _Refused(lost(stage), of_the_connection=True)
    return None


def _hand_over(session: SmtpSession, content: bytes) -> Delivery:
    crash_points.reached("content")
    try:
        # In one piece with the dot. Where this raises, not all of it was handed over, and the dot is its end: no server can
        # have taken the mail. Where it returns, the server may have.
        session.send(_wired(content) + _DOT)
    except _LOST:
        return lost(Stage.CONTENT)
    crash_points.reached("data")
    yield
    try:
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


def _wired(content: bytes) -> bytes:
    """Whole lines that end in CR and LF, the dots at their beginnings doubled (RFC 5321 4.5.2)."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not lines.endswith(b"\n"):
        lines += b"\n"
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")

"""What a mail server's refusal means for the mail, for the person it was for, and for the mailbox.

Every refusal here is proof that nothing happened: it was given before the content was taken, or instead of taking it.
Sources: RFC 5321 and 3463, and the texts Gmail and Microsoft 365 send (facts of November 2026).
"""

import re
from datetime import timedelta
from enum import StrEnum

from engine.channels.effects import Failed
from engine.channels.incoming.bounces import cause_of_refusal
from engine.channels.incoming.causes import Cause
from engine.connections.trouble import ConnectionTrouble, Trouble, scrub
from storage.kinds import Reason

_SOON = timedelta(minutes=15)
_HOURS_LATER = timedelta(hours=4)  # a daily limit that rolls over 24 hours frees a part of itself by then
_A_DAY_LATER = timedelta(days=1)  # a full box is emptied by its owner, who has to notice it first


class Stage(StrEnum):
    """The command that the server answered."""

    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    CONTENT = "DATA"


_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_LIMIT_STATUS = frozenset({"5.4.5", "4.4.5", "5.1.90", "5.7.705", "5.7.708", "4.7.28", "5.2.121", "4.2.121"})
_LIMIT_WORDS = re.compile(
    r"\b(sending|send|daily|hourly|submission|message|recipient)\w* ?(user )?(sending )?(limit|quota)\w*"
    r" ?(is |was |has been )?(exceeded|reached)"
    r"|submissionquotaexceeded|too many (messages|mails|emails)|exceeded (your|the) .{0,30}(limit|quota)|sending limit",
    re.I,
)
# The server speaks to us: our quota, not the recipient's.
_OF_US = re.compile(
    r"exceeded your|\bsender\b|\bpolic(y|ies)\b|\bmessage (count |size )?quota|too many (messages|mails|emails)|\brate\b"
    r"|/ ?(h|hour|day)\b",
    re.I,
)
_POLICY_STATUS, _BOX = re.compile(r"[45]\.7\.\d{1,3}"), re.compile(r"mail ?box|in-?box|disk|storage", re.I)
_FULL_STATUS = frozenset({"5.2.2", "4.2.2"})
_SENDING = re.compile(r"\b(sending|submission\w*|outbound|daily|hourly)\b", re.I)
# The receiving system's own disk, the session's, or the size of this mail: not the person's box.
_OTHER_STATUS = re.compile(r"[45]\.[35]\.\d{1,3}|[45]\.2\.3")
_TOO_BIG = re.compile(r"\b(message|mail|e-mail|content)\b( \S+){0,2} (exceeds|too (big|large|long))", re.I)
_SIGN_IN_STATUS = frozenset({"5.7.139", "5.7.30"})
# No such address, box disabled, no such domain.
_NOBODY_THERE = re.compile(r"5\.1\.\d{1,3}|5\.2\.[01]|5\.4\.4")
_ABOUT_THE_SENDER = re.compile(
    r"not owned by user|relay(ing)? (access )?denied|\bsend ?as\b"
    r"|not (allowed|permitted|authori[sz]ed) to (send|use) .{0,30}(as|from|sender|address)",
    re.I,
)


def refusal(stage: Stage, code: int, said: str | bytes) -> Failed:
    """The outcome of an answer that is no "yes"; `code` is -1 when the answer was no SMTP."""
    words = scrub(said)
    note = f"{code} {words}" if code > 0 else f"The server's answer makes no sense: {words}"
    found = _ENHANCED.search(words)
    status = found.group(0) if found else ""
    if stage is not Stage.SENDER and _is_full_box(code, status, words, note):
        return Failed(Reason.RECIPIENT_FULL, note, permanent=False, retry_after=_A_DAY_LATER)
    if status in _LIMIT_STATUS or _LIMIT_WORDS.search(words):
        return Failed(Reason.PROVIDER_LIMIT, note, permanent=False, retry_after=_HOURS_LATER)
    if code == 530 or status in _SIGN_IN_STATUS:
        return Failed(Reason.SIGN_IN_REFUSED, note, permanent=False, connection_ended=True)
    if not 500 <= code < 600:
        return Failed(Reason.PROVIDER_BUSY, note, permanent=False, retry_after=_SOON)
    return _lasting(stage, code, status, words, note)


def _is_full_box(code: int, status: str, words: str, note: str) -> bool:
    """Judged by the words by which a report of it would be judged: it is the same soft bounce."""
    if not 400 <= code < 600 or status in _LIMIT_STATUS or _SENDING.search(words):
        return False
    if _POLICY_STATUS.fullmatch(status) and not _BOX.search(words):
        return False
    if status in _FULL_STATUS:
        return True
    if _OTHER_STATUS.fullmatch(status) or _TOO_BIG.search(words) or _OF_US.search(words):
        return False
    cause = cause_of_refusal(note)
    # 552 alone says it as well: "exceeded storage allocation" (RFC 5321 4.2.3).
    return cause is Cause.MAILBOX_FULL or (code == 552 and not status and cause is Cause.UNKNOWN)


def _lasting(stage: Stage, code: int, status: str, words: str, note: str) -> Failed:
    if stage is Stage.RECIPIENT and (_NOBODY_THERE.fullmatch(status) or (not status and code in (550, 551, 552, 553))):
        return Failed(Reason.RECIPIENT_REFUSED, note, permanent=True)
    # Every mail of this address would be refused alike, so the address needs a person and no lead is given up for it.
    # Nothing but the sender is known at MAIL; Postfix waits with it until RCPT (smtpd_delay_reject).
    if stage is Stage.SENDER or (stage is Stage.RECIPIENT and _ABOUT_THE_SENDER.search(words)):
        return Failed(Reason.MESSAGE_REFUSED, note, permanent=False, connection_ended=True)
    return Failed(Reason.MESSAGE_REFUSED, note, permanent=True)


def not_connected(trouble: ConnectionTrouble) -> Failed:
    """The outcome when no session came about: nothing was said about any mail yet."""
    if trouble.trouble.ends_connection:
        forbidden = trouble.trouble is Trouble.SMTP_AUTH_DISABLED
        note = trouble.note
        return Failed(Reason.SIGN_IN_REFUSED, note, permanent=False, connection_ended=True, disabled_by_tenant=forbidden)
    # Without a token nothing was said to the server: that is no trouble of this mail.
    busy = trouble.trouble in (Trouble.CONNECTION_LIMIT, Trouble.UNAVAILABLE, Trouble.MAILBOX_FULL)
    return Failed(Reason.PROVIDER_BUSY if busy else Reason.UNREACHABLE, trouble.note, permanent=False, retry_after=_SOON)


def lost(stage: str) -> Failed:
    """The connection ended before the content was complete: a server must drop its part (RFC 5321 4.1.1.4)."""
    return Failed(Reason.UNREACHABLE, f"The connection ended at {stage}, before the mail was complete.", permanent=False)

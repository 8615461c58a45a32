"""Whether a mail is an abuse complaint by a feedback loop (RFC 5965), and about whom and which mail."""

import re
from dataclasses import dataclass

from engine.channels.incoming.bounces import ADDRESS, message_ids
from engine.channels.incoming.parsed import Mail

_TYPE = re.compile(r"^[ \t]*feedback-type:[ \t]*([\w-]+)", re.I | re.M)
_RECIPIENT = re.compile(
    r"^[ \t]*(?:original-rcpt-to|removal-recipient|x-hmxmroriginalrecipient):[ \t]*([^\n]+)", re.I | re.M
)
_RETURNED_TO = re.compile(r"^[>|\s]*(?:to|x-apparently-to|x-hmxmroriginalrecipient):[ \t]*([^\n]+)", re.I | re.M)
# Reports on authentication (RFC 6591) and of mail that is no spam are no complaints.
_NO_COMPLAINT = ("auth-failure", "not-spam", "dmarc", "virus")
_HOTMAIL_LOOP = re.compile(r"^x-hmxmroriginalrecipient:", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Whom it is about, as far as the provider says it, and the Message-IDs of the mail complained about."""

    recipients: tuple[str, ...]
    message_ids: tuple[str, ...]


def read(mail: Mail) -> Complaint | None:
    told = _TYPE.search(mail.report) or (_TYPE.search(mail.text) if mail.report_type == "feedback-report" else None)
    if told is None and not _is_loop_without_report(mail):
        return None
    if told is not None and told.group(1).lower() in _NO_COMPLAINT:
        return None
    found = [*_RECIPIENT.findall(mail.report), *_RECIPIENT.findall(mail.text), *_RETURNED_TO.findall(mail.returned)]
    named = [each.lower() for line in found for each in ADDRESS.findall(line)]
    return Complaint(tuple(dict.fromkeys(named))[:20], message_ids(mail))


def _is_loop_without_report(mail: Mail) -> bool:
    """Microsoft's programme (JMRP) sends the mail itself, with a header or part that names the recipient."""
    if mail.report_type == "feedback-report":
        return True
    by_loop = re.search(r"staff@hotmail\.com|@(?:fbl|feedback|complaints?)\.|email feedback report", _heads(mail), re.I)
    return bool(by_loop) and bool(_HOTMAIL_LOOP.search(f"{mail.returned}\n{mail.text}"))


def _heads(mail: Mail) -> str:
    return f"{mail.header('from')} {mail.subject}"

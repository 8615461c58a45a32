"""What a mail that came in is: the order of the questions. Pure, never raises; versioned, so that it can be asked again."""

from dataclasses import dataclass
from datetime import date

from engine.channels.incoming import auto_replies, bounces, complaints, quotes, wishes
from engine.channels.incoming.bounces import Failure
from engine.channels.incoming.parsed import Mail
from storage.kinds import IncomingKind

VERSION = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """`about` are the addresses it concerns, `answers` the Message-IDs it is an answer to or brings back, nearest first."""

    kind: IncomingKind
    answers: tuple[str, ...]
    about: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    text: str = ""
    back_on: date | None = None


def classify(mail: Mail, arrived: date) -> Reading:
    """Bounce, complaint, auto-reply, a wish to be left alone, a person's mail: the first that fits."""
    bounce = bounces.read(mail)
    if bounce is not None:
        kind = IncomingKind.HARD_BOUNCE if any(each.is_hard for each in bounce.failures) else IncomingKind.SOFT_BOUNCE
        named = [address for each in bounce.failures for address in (each.address, each.sent_to) if address]
        about = tuple(dict.fromkeys(named))
        return Reading(kind, bounce.message_ids, about, bounce.failures)
    complaint = complaints.read(mail)
    if complaint is not None:
        return Reading(IncomingKind.COMPLAINT, complaint.message_ids, complaint.recipients)
    if mail.report_type:  # on authentication, on a read receipt, of a success
        return Reading(IncomingKind.OTHER, ())
    text = quotes.new_text(mail)
    if mail.header("x-apple-unsubscribe"):
        return Reading(IncomingKind.UNSUBSCRIBE, mail.answers, text=text)
    if auto_replies.is_auto_reply(mail, text):
        return Reading(IncomingKind.AUTO_REPLY, mail.answers, text=text, back_on=auto_replies.back_on(mail, arrived))
    kind = IncomingKind.UNSUBSCRIBE if wishes.wants_out(text) else IncomingKind.REPLY
    return Reading(kind, mail.answers, text=text)

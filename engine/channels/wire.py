"""A letter as the bytes that travel: RFC 5322, CRLF, ASCII only, so that any server can take it.

Nothing that came from a person can become a header of its own: a control character in any header value is refused.
"""

import re
import unicodedata
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna

from engine.channels.effects import Letter, MailAccount

_POLICY = SMTP.clone(cte_type="7bit")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,900}>")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
_OWN = frozenset(
    {"from", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version", "sender"}
)


class UnsendableLetter(Exception):  # noqa: N818 - it is told to a person, like a Problem
    """This letter can't become a mail; the message is a whole sentence."""


def build(account: MailAccount, letter: Letter, now: datetime) -> bytes:
    """The whole mail with CRLF line ends; `now` dates a letter that brings no date. UnsendableLetter says what is wrong."""
    sender = ascii_address(account.address)
    headers = [
        ("From", f"{_phrase(account.display_name)} <{sender}>" if account.display_name.strip() else sender),
        ("To", ascii_address(letter.recipient)),
        ("Subject", _text("Subject", letter.subject)),
        ("Date", format_datetime(letter.date or now)),
        ("Message-ID", _message_id(letter.message_id)),
        *_thread(letter),
        *(_extra(name, value) for name, value in letter.headers),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + _body(letter)


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA); UnsendableLetter for one that only SMTPUTF8 could carry."""
    _refuse_control_characters("an address", address)
    local, at, domain = address.strip().rpartition("@")
    if not at or not local.isascii() or not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise UnsendableLetter(f"{address!r} is not an address that every mail server takes; correct the part before the @.")
    try:
        return f"{local}@{idna.encode(domain, uts46=True, std3_rules=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise UnsendableLetter(f"{domain!r} is not a domain; correct the part after the @.") from error


def _thread(letter: Letter) -> list[tuple[str, str]]:
    headers = []
    if letter.in_reply_to:
        headers.append(("In-Reply-To", _message_id(letter.in_reply_to)))
    if letter.references:
        # The first names the thread and the last ones the place in it; what lies between may be left out (RFC 5322 3.6.4).
        kept = letter.references if len(letter.references) <= 20 else (letter.references[0], *letter.references[-19:])
        headers.append(("References", "\r\n ".join(_message_id(reference) for reference in kept)))
    return headers


def _extra(name: str, value: str) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN or name.lower().startswith("content-"):
        raise UnsendableLetter(f"{name!r} can't be set as a header of its own.")
    return name, _text(name, value)


def _text(name: str, value: str) -> str:
    """The value folded, as encoded words where ASCII can't carry it."""
    _refuse_control_characters(f"the header {name}", value)
    return value if _fits_plainly(value) else Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def _fits_plainly(value: str) -> bool:
    """A line may be 998 long; folding ASCII would only invite servers to fold it again in other places."""
    return value.isascii() and "=?" not in value and value == value.strip() and len(value) < 900


def _phrase(name: str) -> str:
    """A display name: bare words, a quoted string, or encoded words, whichever carries it unharmed."""
    _refuse_control_characters("the display name", name)
    tidy = " ".join(name.split())
    if _PLAIN_WORDS.fullmatch(tidy) and "=?" not in tidy:
        return tidy
    if tidy.isascii() and len(tidy) <= 60 and "=?" not in tidy:
        return '"' + tidy.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Header(tidy, "utf-8", header_name="From").encode(linesep="\r\n")


def _message_id(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise UnsendableLetter(f"{value[:80]!r} is not a Message-ID.")
    return value


def without_control_characters(text: str) -> str:
    """The text with spaces in place of what no header may hold."""
    return "".join(" " if _is_control(character) else character for character in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _refuse_control_characters(where: str, value: str) -> None:
    if any(map(_is_control, value)):
        raise UnsendableLetter(f"There is a line break or another control character in {where}; take it out.")


def _body(letter: Letter) -> bytes:
    body = EmailMessage(policy=_POLICY)
    body.set_content(_unixed(letter.text), subtype="plain", charset="utf-8")
    if letter.html:
        body.add_alternative(_unixed(letter.html), subtype="html", charset="utf-8")
    return body.as_bytes()


def _unixed(text: str) -> str:
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return tidy.encode("utf-8", "replace").decode("utf-8")

"""A mail's bytes taken apart: headers as text, what its writer wrote, and what it returns or encloses. Never raises.

Line ends are made alike first, so that a mail reads the same with LF, CRLF and CR.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from html import unescape
from quopri import decodestring

_MOST_BYTES = 2_000_000
_MOST_PARTS = 200
_TAGS_WITH_CONTENT = re.compile(r"<(script|style|head|title)\b.*?</\1\s*>", re.I | re.S)
_BREAKS = re.compile(r"<\s*(?:br|/p|/div|/tr|/li|/h\d|/blockquote)\b[^>]{0,500}>", re.I)
_TAG = re.compile(r"<[a-z!/?][^<>]{0,2000}>", re.I)
_BLANKS = re.compile(r"[ \t\xa0]+")
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers")
MESSAGE_ID = re.compile(r"<[^<>\s@]{1,400}@[^<>\s@]{1,255}>")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `text` is what its writer wrote, `returned` what it brings back of another mail, both as plain text.

    `report` holds the fields of machine-readable parts (delivery status, feedback report) as they stand.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    report: str
    returned: str
    content_type: str
    report_type: str

    def header(self, name: str) -> str:
        """The first header of that name, decoded, on one line; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def answers(self) -> tuple[str, ...]:
        """The Message-IDs that it says it answers, the nearest first."""
        named = MESSAGE_ID.findall(self.header("in-reply-to"))
        return tuple(dict.fromkeys([*named, *reversed(MESSAGE_ID.findall(self.header("references")))]))[:50]


def parse(raw: bytes) -> Mail:
    """Take a mail apart; whatever the bytes are, there is an answer."""
    unified = raw[:_MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    try:
        return _parse(message_from_bytes(unified))
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, IndexError, RecursionError):
        # The standard library's parser has known crashes on damaged structures; then the mail is one plain text.
        head, _, body = unified.partition(b"\n\n")
        return Mail((), _decoded(body or head, "utf-8"), "", "", "", "text/plain", "")


def _parse(message: Message) -> Mail:
    plain: list[str] = []
    rich: list[str] = []
    report: list[str] = []
    returned: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in _RETURNED:
            returned.append(_whole(part))
        elif kind in ("message/delivery-status", "message/global-delivery-status", "message/feedback-report"):
            report.append(_whole(part))
        elif kind == "text/html":
            rich.append(_content(part))
        elif kind.startswith("text/") or (part is message and not part.is_multipart()):
            plain.append(_content(part))
    html = "\n".join(rich)
    text = "\n".join(plain)
    return Mail(
        headers=tuple((key.lower(), decoded_header(value)) for key, value in message.raw_items()),
        text=text if text.strip() else html_to_text(html),
        html=html,
        report="\n\n".join(report),
        returned="\n\n".join(returned),
        content_type=message.get_content_type(),
        report_type=str(message.get_param("report-type") or "").lower(),
    )


def _parts(message: Message) -> Iterator[Message]:
    """The leaves and the enclosed mails, without going into the latter."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting[:0] = [child for child in part.get_payload() if isinstance(child, Message)]
        elif not _is_file(part):
            yield part


def _is_file(part: Message) -> bool:
    is_text = part.get_content_type() in ("text/plain", "text/html")
    return is_text and str(part.get("content-disposition", "")).lower().startswith("attachment")


def _whole(part: Message) -> str:
    """An enclosed mail or report with its headers, each part of it decoded."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _content(part)
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding in ("base64", "quoted-printable"):
        return _encoded(encoding, payload)
    texts = []
    for inner in payload[:_MOST_PARTS]:
        if isinstance(inner, Message):
            head = "\n".join(f"{key}: {decoded_header(value)}" for key, value in inner.raw_items())
            leaves = "\n".join(_content(leaf) for leaf in _parts(inner) if not leaf.is_multipart())
            texts.append(f"{head}\n\n{leaves}".rstrip("\n"))
    return "\n\n".join(texts)


def _encoded(encoding: str, payload: Sequence[object]) -> str:
    """A report must not be encoded (RFC 2046 5.2), so the parser took its code for fields; some systems encode it still."""
    lines = "\n".join(str(inner) for inner in payload).strip().encode("utf-8", "replace")
    try:
        return _clean((b64decode(lines) if encoding == "base64" else decodestring(lines)).decode("utf-8", "replace"))
    except ValueError:
        return _clean(lines.decode("utf-8", "replace"))


def _content(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        content = None
    if not isinstance(content, bytes):
        return ""
    return _decoded(content, str(part.get_content_charset() or "utf-8"))


def _decoded(content: bytes, charset: str) -> str:
    # A charset that says less than the bytes hold is common; UTF-8 that fits is hardly ever anything else.
    for name in ("utf-8" if charset in ("us-ascii", "ascii", "unknown-8bit") else charset, "utf-8"):
        try:
            return _clean(content.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return _clean(content.decode("latin-1"))


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def decoded_header(value: object) -> str:
    """A header's value as readable text on one line."""
    text = str(value)
    try:
        pieces = decode_header(text)
        text = "".join(piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8") for piece, charset in pieces)
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if not text.isascii() else text
    return " ".join(text.replace("\0", "").split())


def html_to_text(html: str) -> str:
    """What somebody would read of it, roughly; for words and quotes to be found in, never to be shown as HTML."""
    text = _BREAKS.sub("\n", _TAGS_WITH_CONTENT.sub(" ", html[:500_000]))
    lines = (_BLANKS.sub(" ", line).strip() for line in unescape(_TAG.sub("", text)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

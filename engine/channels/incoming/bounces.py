"""Whether a mail is a bounce: whom it concerns, why, and whether for good. Pure, on bytes of any system; never raises.

The machine-readable report comes first (RFC 3464), then what systems without one write in their texts, and flufl.bounce
for the formats that it knows and we don't.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_string

from flufl.bounce import scan_message

from engine.channels.incoming.bounce_texts import looks_like_bounce, own_words, told_in_text
from engine.channels.incoming.causes import Cause, cause_of
from engine.channels.incoming.doubts import is_doubtful
from engine.channels.incoming.parsed import MESSAGE_ID, Mail

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_STATUS = re.compile(r"(?<![\d.])([245])[.](\d)[.](\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.\-])([45][0-5]\d)(?=[\s\-#]|$)", re.M)
_FIELD = re.compile(r"^[ \t]*([A-Za-z][A-Za-z-]{2,40})[ \t]*:[ \t]*((?:[^\n]*)(?:\n[ \t]+[^\n]+)*)", re.M)
_BLOCKS = re.compile(r"\n[ \t]*\n")
_STILL_TRIES = re.compile(
    r"will (?:keep|continue)|still (?:be )?(?:tr|in the)|do not need to resend|warning message only"
    r"|(?:has|have) (?:not yet been|been delayed)|attempts?(?: \S+){0,5} (?:will )?(?:be )?continue|will be retried"
    r"|weiterhin versucht|noch nicht zugestellt|wurde verzögert|tentatives(?: \S+){0,3} se poursuiv"
    r"|pas encore été (?:remis|livr)"
    r"|a été retard|se ha retrasado|seguir(?:á|emos)? intent|aún no se ha|continuer\w+ (?:a|i tentativi)|non è ancora stat"
    r"|è stat\w ritardat|continuar\w* (?:a tentar|tentando)|ainda não foi|nog niet (?:bezorgd|afgeleverd)|is vertraagd"
    r"|nie zosta\w+ jeszcze|opóźnion|ещ[её] не (?:было )?доставл|задерж|попытки(?: \S+){0,3} продолж"
    r"|遅延|再試行|延迟|延遲|지연",
    re.I,
)
_REASON = re.compile(r"\(reason: ([^\n]{3,400})\)?$", re.M)
_GOOD_NEWS = frozenset({"delivered", "relayed", "expanded"})
_RETURNED_ID = re.compile(r"^[>|\s]*message-id:\s*(<[^<>\s]{3,500}>)", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that was not reached; `address` is empty when none is named. Delayed: the system still tries.

    `sent_to` is whom the mail was for, where a forwarding made it another address; else empty.
    """

    address: str
    status: str
    code: str
    cause: Cause
    words: str
    is_delay: bool = False
    sent_to: str = ""

    @property
    def is_hard(self) -> bool:
        return self.cause.is_hard and not self.is_delay


@dataclass(frozen=True, slots=True)
class Bounce:
    """`message_ids` are those of the mail that came back, as far as it is enclosed."""

    failures: tuple[Failure, ...]
    message_ids: tuple[str, ...] = ()


def read(mail: Mail) -> Bounce | None:
    """The bounce that this mail is, or None."""
    told = list(_reported(mail))
    if told and all(each is None for each in told):
        return None  # a report of success
    failures = [each for each in told if each is not None]
    if not failures and not looks_like_bounce(mail):
        return None
    if not failures:
        failures = _from_text(mail)
    return Bounce(tuple(_named(failures, mail)), message_ids(mail))


def cause_of_refusal(said: str) -> Cause:
    """Why a server refused a recipient to our face, by its whole answer ("550 5.1.1 …")."""
    return _judged(_status_in(said), _code_in(said), said, "in reply to RCPT TO")


def message_ids(mail: Mail) -> tuple[str, ...]:
    """The Message-IDs in what came back with the mail."""
    found = [*_RETURNED_ID.findall(mail.returned), *_RETURNED_ID.findall(mail.text), *mail.answers]
    ids = [each for each in found if MESSAGE_ID.fullmatch(each)]
    return tuple(dict.fromkeys(ids))[:20]


def _reported(mail: Mail) -> Iterator[Failure | None]:
    """One per recipient of the delivery report; None for a recipient that was reached."""
    is_one = "report" in mail.content_type or looks_like_bounce(mail)
    report = mail.report or (_nested_report(mail) if is_one else "")
    for block in _BLOCKS.split(report):
        fields = _fields(block)
        named = fields.get("final-recipient") or fields.get("original-recipient") or fields.get("x-actual-recipient")
        if named is None:
            continue
        action = fields.get("action", "failed").split()[:1]
        if action and action[0].lower() in _GOOD_NEWS:
            yield None
            continue
        yield _failure(fields, mail, is_delay=action == ["delayed"])


def _nested_report(mail: Mail) -> str:
    """Some systems put the report's fields into a part of another type, or into the text."""
    text = f"{mail.text}\n\n{mail.returned}"
    return text if re.search(r"^(?:final|original)-recipient:", text, re.I | re.M) else ""


def _fields(block: str) -> dict[str, str]:
    return {name.lower(): " ".join(value.split()) for name, value in reversed(_FIELD.findall(block))}


def _failure(fields: dict[str, str], mail: Mail, is_delay: bool) -> Failure:
    names = ("final-recipient", "original-recipient", "x-actual-recipient")
    address = next(
        (found for name in names if (found := _address(fields.get(name, "")))),
        "",
    )
    said = fields.get("diagnostic-code", "")
    if not said or len(said) < 12:
        said = f"{said} {_lines_about(address, own_words(mail))}".strip()
    status = _status_in(fields.get("status", ""))
    spoken = _status_in(said)
    if status.endswith(".0.0") or not status or (status.startswith("5.0") and spoken):
        status = spoken or status
    code = _code_in(said)
    told = f"{fields.get('x-powermta-bouncecategory', '')} {_lines_about(address, own_words(mail))}"
    cause = _judged(status, code, said, told)
    original = _address(fields.get("original-recipient", ""))
    return Failure(address, status, code, cause, said[:500], is_delay, "" if original == address else original)


def _judged(status: str, code: str, said: str, told: str, near: str = "") -> Cause:
    """`near` is the part of what was said that speaks of the address: where it tells why, it outweighs the rest."""
    said = said.rpartition("->")[2]  # what the remote server said, behind a relay's own summary
    tells_why = near and cause_of("", "", near) is not Cause.UNKNOWN
    cause = cause_of(status, code, near if tells_why else said)
    return Cause.FILTERED if cause is Cause.USER_UNKNOWN and is_doubtful(status, said, told) else cause


def _from_text(mail: Mail) -> list[Failure]:
    failures = []
    for address, said in told_in_text(mail):
        failures.append(_spoken(address, said))
    if failures:
        return failures
    for address in _by_library(mail):
        failures.append(_spoken(address, own_words(mail)))
    return failures or [_spoken("", own_words(mail))]


def _spoken(address: str, said: str) -> Failure:
    answer = _answer_to(address, said)
    status, code = _status_in(answer), _code_in(answer)
    cause = _judged(status, code, answer, said, near=_paragraph_of(address, answer))
    return Failure(address, status, code, cause, " ".join(said.split())[:500], _is_delay(said, status))


def _answer_to(address: str, said: str) -> str:
    """The reply line of a transcript that names the address, where there is one; else all that is said."""
    reason = _REASON.search(said)
    if reason is not None and cause_of(_status_in(reason[1]), _code_in(reason[1]), reason[1]) is not Cause.UNKNOWN:
        return reason[1]  # the remote server's own words, which Sendmail's summary below may contradict
    if not address:
        return said
    before = r"^[ >]*(?:<<< |\(reason: |diagnostic-code: *smtp; *)?"
    reply = rf"([45]\d\d[ -](?:[45][.]\d[.]\d+ )?<?{re.escape(address)}>?(?:[.]{{3}}|[,:]) *\S[^\n]*)"
    answers = re.findall(before + reply, said, re.I | re.M)
    return next((each for each in answers if cause_of(_status_in(each), _code_in(each), each) is not Cause.UNKNOWN), said)


def _paragraph_of(address: str, said: str) -> str:
    """The lines from the one that names the address to the next empty one; "" where the address is not named."""
    place = said.lower().find(address) if address else -1
    return _BLOCKS.split(said[said.rfind("\n", 0, place) + 1 :])[0] if place >= 0 else ""


def _is_delay(said: str, status: str) -> bool:
    return _STILL_TRIES.search(said) is not None and not status.startswith("5")


def _named(failures: list[Failure], mail: Mail) -> Iterator[Failure]:
    """Each failure with an address: where the report names none, the text or the returned mail may."""
    spare = None
    for failure in failures:
        if failure.address:
            yield failure
            continue
        if spare is None:
            spare = next(iter([*_by_library(mail), *_returned_to(mail)]), "")
        yield replace(failure, address=spare)


def _by_library(mail: Mail) -> list[str]:
    asked = ("from", "subject", "to", "x-failed-recipients")
    head = "\n".join(f"{name}: {value}" for name, value in mail.headers if name in asked)
    try:
        found = scan_message(message_from_string(f"{head}\n\n{mail.text}"))
    except Exception:  # the library's readers of odd formats raise whatever a damaged text makes them
        return []
    names = [each.decode("ascii", "ignore") if isinstance(each, bytes) else str(each) for each in found]
    return sorted(name for name in names if ADDRESS.fullmatch(name))


def _returned_to(mail: Mail) -> list[str]:
    for source in (mail.returned, mail.text):
        for line in re.findall(r"^[>|\s]*to:[ \t]*([^\n]+)", source, re.I | re.M):
            found = ADDRESS.findall(line)
            if found:
                return [found[0].lower()]
    return []


def _lines_about(address: str, text: str) -> str:
    """What the text says near the address, or all of it where the address is not in it."""
    place = text.lower().find(address.lower()) if address else -1
    return text[max(0, place - 200) : place + 800] if place >= 0 else text[:3000]


def _address(field: str) -> str:
    found = ADDRESS.search(field.rpartition(";")[2] if ";" in field else field) or ADDRESS.search(field)
    return found.group().lower().rstrip(".") if found else ""


def _status_in(text: str) -> str:
    """The most telling status: a plain "5.0.0" yields to one that says more."""
    found = [".".join(groups) for groups in _STATUS.findall(text)]
    telling = [each for each in found if not each.startswith("2") and not each.endswith(".0.0")]
    return next(iter(telling or [each for each in found if not each.startswith("2")]), "")


def _code_in(text: str) -> str:
    return next(iter(_CODE.findall(text)), "")

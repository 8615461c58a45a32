"""Which mail in a folder is which warm-up mail: only one that the ledger expects there, so no stranger drives the robot.

Three keys in order: the pool's signature over the Message-ID, the recorded Message-ID, and, where a provider strips the
one and rewrites the other, sender, recipient, the two words in the subject, and the time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from hmac import compare_digest

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from engine.warm_up_letters import HEADER, signature
from storage.kinds import MAYBE_OUT_STATES, Landing
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Action, Mailbox, WarmUpMessage

LOOK_BACK = timedelta(days=8)
_EARLY = timedelta(days=1)  # the dates of two machines may lie so far apart
HEADERS = ("MESSAGE-ID", "FROM", "SUBJECT", HEADER.upper(), "AUTO-SUBMITTED")

_SENDER = aliased(Mailbox)
_EXPECTED = Prepared(
    select(
        WarmUpMessage.id,
        WarmUpMessage.message_id,
        WarmUpMessage.arrived_as,
        WarmUpMessage.token,
        WarmUpMessage.answers_id,
        WarmUpMessage.seen_at,
        WarmUpMessage.read_at,
        WarmUpMessage.landed,
        WarmUpMessage.rescued_at,
        _SENDER.address,
        Action.sending_at,
        Action.created_at,
    )
    .join(Action, Action.id == WarmUpMessage.action_id)
    .join(_SENDER, _SENDER.id == WarmUpMessage.sender_id)
    .where(
        WarmUpMessage.recipient_id == bindparam("mailbox"),
        WarmUpMessage.filed_at.is_(None),
        Action.state.in_(MAYBE_OUT_STATES),
        Action.sending_at > bindparam("since"),
    )
    .order_by(WarmUpMessage.id)
)


@dataclass(frozen=True, slots=True)
class Expected:
    """A warm-up mail on its way to one mailbox, or its sender's copy."""

    id: int
    message_id: str
    arrived_as: str | None
    sender: str
    token: str
    sent_at: datetime
    is_reply: bool
    seen_at: datetime | None
    read_at: datetime | None
    landed: Landing | None = None
    rescued_at: datetime | None = None


def expected_by(session: Session, mailbox_id: int, now: datetime) -> list[Expected]:
    """The mails to this mailbox that are not filed yet, of the last days."""
    given = {"mailbox": mailbox_id, "since": now - LOOK_BACK}
    return [
        Expected(
            row.id,
            row.message_id,
            row.arrived_as,
            row.address,
            row.token,
            row.sending_at or row.created_at,
            row.answers_id is not None,
            row.seen_at,
            row.read_at,
            row.landed,
            row.rescued_at,
        )
        for row in _EXPECTED.rows(connection_of(session), given)
    ]


def recognised(
    headers: Mapping[str, str], arrived: datetime | None, expected: Iterable[Expected], key: bytes
) -> Expected | None:
    """The expected mail that these headers (names in upper case) are; None for anything else, also for automatic mail."""
    if headers.get("AUTO-SUBMITTED", "no").strip().lower() != "no":
        return None
    message_id, signed = headers.get("MESSAGE-ID", "").strip(), headers.get(HEADER.upper(), "").strip()
    candidates = list(expected)
    known = next((one for one in candidates if message_id and message_id in (one.message_id, one.arrived_as)), None)
    if known is not None:
        ours = not signed or compare_digest(signed.encode(), signature(key, known.message_id).encode())
        return known if ours else None
    by_signature = (one for one in candidates if signed and compare_digest(signed.encode(), _sign(key, one)))
    return next(by_signature, None) or _by_subject(headers, arrived, candidates)


def is_warm_up(session: Session, mailbox_id: int, headers: Mapping[str, str], key: bytes) -> bool:
    """Whether a mail in this mailbox belongs to warm-up, so that campaigns never take it for a reply."""
    plain = {name.upper(): value for name, value in headers.items()}
    message_id, signed = plain.get("MESSAGE-ID", "").strip(), plain.get(HEADER.upper(), "").strip()
    if signed and compare_digest(signed.encode(), signature(key, message_id).encode()):
        return True
    sender = parseaddr(plain.get("FROM", ""))[1].lower()
    sent_by = aliased(Mailbox)
    tokens = session.execute(
        select(WarmUpMessage.token, WarmUpMessage.message_id, WarmUpMessage.arrived_as, sent_by.address)
        .join(sent_by, sent_by.id == WarmUpMessage.sender_id)
        .where(
            WarmUpMessage.recipient_id == mailbox_id,
            or_(sent_by.address == sender, WarmUpMessage.message_id == message_id, WarmUpMessage.arrived_as == message_id),
        )
    )
    subject = plain.get("SUBJECT", "")
    return any(
        message_id in (own, other) or (address == sender and token in subject) for token, own, other, address in tokens
    )


def _by_subject(headers: Mapping[str, str], arrived: datetime | None, candidates: list[Expected]) -> Expected | None:
    sender, subject = parseaddr(headers.get("FROM", ""))[1].lower(), " ".join(headers.get("SUBJECT", "").split())
    for one in candidates:
        in_time = arrived is None or one.sent_at - _EARLY <= arrived <= one.sent_at + LOOK_BACK
        if one.sender == sender and one.token in subject and in_time:
            return one
    return None


def _sign(key: bytes, one: Expected) -> bytes:
    return signature(key, one.message_id).encode()

"""Keeping what was read of a folder: each mail once, with its effects and the cursor in one transaction.

What a mail is gets judged before, by `judge`, with no database at hand: taking it apart costs milliseconds, in which nobody
else could write.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import incoming_effects, incoming_unread, logs
from engine.channels.incoming import reading
from engine.channels.incoming.bounces import Failure
from engine.channels.incoming.parsed import MESSAGE_ID, Mail, parse
from engine.channels.incoming.reading import Reading
from engine.connections.inbox import Arrived, Batch
from engine.connections.inbox import Place as FolderPlace
from engine.incoming_matching import Match, match
from engine.warm_up_recognition import is_warm_up
from storage.kinds import IncomingKind
from storage.tables import FolderCursor, IncomingMail, Lead, Mailbox
from storage.vault import Place, Vault

RAW_KEPT = timedelta(days=30)
UNREAD = 0  # the version of a mail that no reader could read; -n: version n tried again in vain
_log = logs.logger("incoming")


@dataclass(frozen=True, slots=True)
class Keys:
    """What recognises warm-up mail, and what seals."""

    warm_up: bytes
    vault: Vault


@dataclass(frozen=True, slots=True)
class Judged:
    """A mail taken apart, and what it was found to be; what a defect of ours kept from being said is None."""

    arrived: Arrived
    key: str
    mail: Mail | None
    told: Reading | None
    defect: Exception | None = None


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """A batch's mails, each judged, and where the folder is read on."""

    mails: tuple[Judged, ...]
    place: FolderPlace


def judge(batch: Batch) -> JudgedBatch:
    """What the mails of a batch are, by themselves; no defect over one keeps the others from being judged."""
    return JudgedBatch(tuple(_judged(arrived) for arrived in batch.mails), batch.place)


def _judged(arrived: Arrived) -> Judged:
    key, mail = hash_of(arrived.raw), None
    try:
        mail = parse(arrived.raw)
        key = key_of(mail, arrived.raw)
        return Judged(arrived, key, mail, reading.classify(mail, arrived.at.date()))
    except Exception as defect:  # whoever keeps the mail says so, and keeps it for a better reader
        return Judged(arrived, key, mail, None, defect)


def keep(session: Session, mailbox: Mailbox, folder: str, batch: JudgedBatch, keys: Keys, now: datetime) -> int:
    """Keep a batch and move the cursor; how many mails were new."""
    new = sum(_keep_safely(session, mailbox, folder, judged, keys, now) for judged in batch.mails)
    cursor = session.get(FolderCursor, (mailbox.id, folder))
    if cursor is None:
        cursor = FolderCursor(mailbox_id=mailbox.id, folder=folder)
        session.add(cursor)
    cursor.uid_validity, cursor.last_uid, cursor.at = batch.place.uid_validity, batch.place.last_uid, now
    return new


def forget_raw(session: Session, now: datetime) -> int:
    """Drop the sealed originals whose time is over."""
    over = update(IncomingMail).where(IncomingMail.raw_until <= now).values(raw=None, raw_until=None)
    return len(session.execute(over.returning(IncomingMail.id), execution_options={"synchronize_session": False}).all())


def reread(session: Session, keys: Keys, now: datetime, most: int = 100) -> int:
    """Ask mails again that an older reader judged, or none could, and whose originals are kept; how many are something
    else now.

    What a new judgement means for the lead is done; what the old one did stays, for people know of it.
    """
    asked = IncomingMail.reader < reading.VERSION, IncomingMail.reader != -reading.VERSION
    old = select(IncomingMail).where(*asked, IncomingMail.raw.is_not(None))
    rows = session.scalars(old.order_by(IncomingMail.id).limit(most)).all()
    return sum(_reread_safely(session, row, keys, now) for row in rows)


def _reread_safely(session: Session, row: IncomingMail, keys: Keys, now: datetime) -> bool:
    """A mail that this version can't read either is left to the next one."""
    mailbox, was_read = session.get_one(Mailbox, row.mailbox_id), row.reader > UNREAD
    try:
        with session.begin_nested():
            raw = keys.vault.open(row.raw or b"", _place(row)).encode("latin-1")
            changed = (
                _judge_again(session, row, mailbox, raw, now)
                if was_read
                else _take_up(session, row, mailbox, raw, keys, now)
            )
            row.reader = reading.VERSION
    except SQLAlchemyError:
        raise
    except Exception as error:
        _log.exception("incoming.failed", mailbox=row.mailbox_id, mail=row.id, problem=type(error).__name__)
        row.reader = reading.VERSION if was_read else -reading.VERSION
        return False
    if not was_read:
        incoming_unread.clear(session, mailbox, now)
    return changed


def _judge_again(session: Session, row: IncomingMail, mailbox: Mailbox, raw: bytes, now: datetime) -> bool:
    was, mail = row.kind, parse(raw)
    told = reading.classify(mail, row.arrived_at.date())
    email = session.scalar(select(Lead.email).where(Lead.id == row.lead_id))
    if row.lead_id is None or email is None or told.kind is IncomingKind.OTHER:
        return False
    _describe(row, told, Match(row.lead_id, row.action_id, email), mail, row.sender)
    if row.kind is was:
        return False
    incoming_effects.apply(session, row, mailbox, email, now)
    return True


def _take_up(session: Session, row: IncomingMail, mailbox: Mailbox, raw: bytes, keys: Keys, now: datetime) -> bool:
    """What nobody could read before is handled as if it came now; what concerns no lead is not kept any longer."""
    row.raw, row.raw_until = None, None
    _understand(session, row, mailbox, _judged(Arrived(0, row.arrived_at, raw)), keys, now)
    return row.kind is not IncomingKind.OTHER


def _sealed(row: IncomingMail, raw: bytes, keys: Keys) -> bytes:
    return keys.vault.seal(raw.decode("latin-1"), _place(row))


def _place(row: IncomingMail) -> Place:
    return Place(row.workspace_id, "incoming_mail", row.id, "raw")


def key_of(mail: Mail, raw: bytes) -> str:
    """What makes a mail the same mail: its Message-ID, else what it holds."""
    named = MESSAGE_ID.fullmatch(mail.header("message-id").strip())
    return named.group().lower() if named else hash_of(raw)


def hash_of(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _keep_safely(session: Session, mailbox: Mailbox, folder: str, judged: Judged, keys: Keys, now: datetime) -> bool:
    """A defect of ours over one mail must not keep the mails behind it from being read, nor be the last word on it."""
    try:
        with session.begin_nested():
            return _keep_one(session, mailbox, folder, judged, keys, now)
    except SQLAlchemyError:
        raise
    except Exception as error:
        _log.exception("incoming.failed", mailbox=mailbox.id, uid=judged.arrived.uid, problem=type(error).__name__)
        return _keep_unread(session, mailbox, folder, judged.arrived, keys, now)


def _keep_unread(session: Session, mailbox: Mailbox, folder: str, arrived: Arrived, keys: Keys, now: datetime) -> bool:
    """Sealed, for a better reader: it may be anything, also somebody's wish to be left alone. People are told."""
    if _is_known(session, mailbox, hash_of(arrived.raw)):
        return False
    row = _new_row(session, mailbox, folder, hash_of(arrived.raw), arrived, now)
    row.reader, row.raw, row.raw_until = UNREAD, _sealed(row, arrived.raw, keys), now + RAW_KEPT
    incoming_unread.tell(session, mailbox, now)
    return True


def _keep_one(session: Session, mailbox: Mailbox, folder: str, judged: Judged, keys: Keys, now: datetime) -> bool:
    if _is_known(session, mailbox, judged.key, hash_of(judged.arrived.raw)):
        return False
    row = _new_row(session, mailbox, folder, judged.key, judged.arrived, now)
    _understand(session, row, mailbox, judged, keys, now)
    return True


def _is_known(session: Session, mailbox: Mailbox, *keys: str) -> bool:
    known = select(IncomingMail.id).where(IncomingMail.mailbox_id == mailbox.id, IncomingMail.key.in_(keys))
    return session.scalar(known.limit(1)) is not None


def _new_row(session: Session, mailbox: Mailbox, folder: str, key: str, arrived: Arrived, now: datetime) -> IncomingMail:
    row = IncomingMail(
        workspace_id=mailbox.workspace_id,
        mailbox_id=mailbox.id,
        key=key,
        folder=folder,
        kind=IncomingKind.OTHER,
        reader=reading.VERSION,
        arrived_at=arrived.at,
        read_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _understand(session: Session, row: IncomingMail, mailbox: Mailbox, judged: Judged, keys: Keys, now: datetime) -> None:
    mail, told = judged.mail, judged.told
    if mail is not None and is_warm_up(session, mailbox.id, _headers(mail), keys.warm_up):
        row.kind = IncomingKind.WARM_UP
        return
    if mail is None or told is None:
        raise judged.defect or RuntimeError("The mail was not judged.")
    sender = parseaddr(mail.header("from"))[1].lower()
    about = told.about or ((sender,) if sender and sender != mailbox.address else ())
    found = match(session, mailbox.workspace_id, mailbox.id, told.answers, about)
    if found is None or told.kind is IncomingKind.OTHER:
        return
    _describe(row, told, found, mail, sender)
    row.raw, row.raw_until = _sealed(row, judged.arrived.raw, keys), now + RAW_KEPT
    incoming_effects.apply(session, row, mailbox, found.email, now)


def _describe(row: IncomingMail, told: Reading, found: Match, mail: Mail, sender: str) -> None:
    row.kind, row.lead_id, row.action_id = told.kind, found.lead_id, found.action_id
    row.sender, row.subject = sender[:320], mail.subject[:500]
    row.text, row.back_on = told.text, told.back_on
    failure = _failure_of(told, found.email)
    if failure is not None:
        # A report about somebody else than the lead (where its mail was forwarded to) does not condemn the lead.
        named = not failure.address or failure.address == found.email
        row.kind = IncomingKind.HARD_BOUNCE if failure.is_hard and named else IncomingKind.SOFT_BOUNCE
        row.cause, row.is_delay, row.text = failure.cause.value, failure.is_delay, failure.words


def _failure_of(told: Reading, email: str) -> Failure | None:
    same = (each for each in told.failures if email in (each.address, each.sent_to))
    return next(same, next(iter(told.failures), None))


def _headers(mail: Mail) -> Mapping[str, str]:
    return dict(reversed(mail.headers))

"""Keeping what was read of a folder: each mail once, with its effects and the cursor in one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import incoming_effects, logs
from engine.channels.incoming import reading
from engine.channels.incoming.bounces import Failure
from engine.channels.incoming.parsed import MESSAGE_ID, Mail, parse
from engine.channels.incoming.reading import Reading
from engine.connections.inbox import Arrived, Batch
from engine.incoming_matching import Match, match
from engine.warm_up_recognition import is_warm_up
from storage.kinds import IncomingKind
from storage.tables import FolderCursor, IncomingMail, Lead, Mailbox
from storage.vault import Place, Vault

RAW_KEPT = timedelta(days=30)
_log = logs.logger("incoming")


@dataclass(frozen=True, slots=True)
class Keys:
    """What recognises warm-up mail, and what seals."""

    warm_up: bytes
    vault: Vault


def keep(session: Session, mailbox: Mailbox, folder: str, batch: Batch, keys: Keys, now: datetime) -> int:
    """Keep a batch and move the cursor; how many mails were new."""
    new = sum(_keep_safely(session, mailbox, folder, arrived, keys, now) for arrived in batch.mails)
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
    """Ask mails again that an older reader judged and whose originals are kept; how many are something else now.

    What a new judgement means for the lead is done; what the old one did stays, for people know of it.
    """
    old = select(IncomingMail).where(IncomingMail.reader < reading.VERSION, IncomingMail.raw.is_not(None))
    changed = 0
    for row in session.scalars(old.order_by(IncomingMail.id).limit(most)).all():
        was, raw = row.kind, keys.vault.open(row.raw or b"", _place(row)).encode("latin-1")
        row.reader = reading.VERSION
        mailbox, mail = session.get_one(Mailbox, row.mailbox_id), parse(raw)
        told = reading.classify(mail, row.arrived_at.date())
        email = session.scalar(select(Lead.email).where(Lead.id == row.lead_id))
        if row.lead_id is None or email is None or told.kind is IncomingKind.OTHER:
            continue
        _describe(row, told, Match(row.lead_id, row.action_id, email), mail, row.sender)
        if row.kind is not was:
            incoming_effects.apply(session, row, mailbox, email, now)
            changed += 1
    return changed


def _place(row: IncomingMail) -> Place:
    return Place(row.workspace_id, "incoming_mail", row.id, "raw")


def key_of(mail: Mail, raw: bytes) -> str:
    """What makes a mail the same mail: its Message-ID, else what it holds."""
    named = MESSAGE_ID.fullmatch(mail.header("message-id").strip())
    return named.group().lower() if named else "sha256:" + hashlib.sha256(raw).hexdigest()


def _keep_safely(session: Session, mailbox: Mailbox, folder: str, arrived: Arrived, keys: Keys, now: datetime) -> bool:
    """A defect of ours over one mail must not keep the mails behind it from being read: it is logged and passed over."""
    try:
        with session.begin_nested():
            return _keep_one(session, mailbox, folder, arrived, keys, now)
    except SQLAlchemyError:
        raise
    except Exception as error:
        _log.exception("incoming.failed", mailbox=mailbox.id, uid=arrived.uid, problem=type(error).__name__)
        return False


def _keep_one(session: Session, mailbox: Mailbox, folder: str, arrived: Arrived, keys: Keys, now: datetime) -> bool:
    mail = parse(arrived.raw)
    key = key_of(mail, arrived.raw)
    known = select(IncomingMail.id).where(IncomingMail.mailbox_id == mailbox.id, IncomingMail.key == key)
    if session.scalar(known) is not None:
        return False
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
    _understand(session, row, mailbox, mail, arrived.raw, keys, now)
    return True


def _understand(
    session: Session, row: IncomingMail, mailbox: Mailbox, mail: Mail, raw: bytes, keys: Keys, now: datetime
) -> None:
    sender = parseaddr(mail.header("from"))[1].lower()
    if is_warm_up(session, mailbox.id, _headers(mail), keys.warm_up):
        row.kind = IncomingKind.WARM_UP
        return
    told = reading.classify(mail, row.arrived_at.date())
    about = told.about or ((sender,) if sender and sender != mailbox.address else ())
    found = match(session, mailbox.workspace_id, mailbox.id, told.answers, about)
    if found is None or told.kind is IncomingKind.OTHER:
        return
    _describe(row, told, found, mail, sender)
    row.raw = keys.vault.seal(raw.decode("latin-1"), _place(row))
    row.raw_until = now + RAW_KEPT
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
    same = (each for each in told.failures if each.address == email)
    return next(same, next(iter(told.failures), None))


def _headers(mail: Mail) -> Mapping[str, str]:
    return dict(reversed(mail.headers))

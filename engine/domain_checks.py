"""The checks of mail domains: kept by domain, made by the worker, and what a red one forbids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.connections.domain_records import Records
from engine.desk import Desk, use_case
from storage.database import Database
from storage.kinds import MailboxState, Permission, RecordState
from storage.tables import DomainCheck, Mailbox

_AGAIN_WELL, _AGAIN_RED, _AGAIN_UNKNOWN = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
_RED = (RecordState.MISSING, RecordState.WRONG)
Look = Callable[[str], Records]


@dataclass(frozen=True, slots=True)
class Check:
    """The last one of a domain."""

    domain: str
    checked_at: datetime
    spf: RecordState
    dkim: RecordState
    dmarc: RecordState
    note: str

    @property
    def is_red(self) -> bool:
        return any(state in _RED for state in (self.spf, self.dkim, self.dmarc))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def check_of(session: Session, address: str) -> Check | None:
    """The last check of an address's domain; None before the first."""
    row = session.get(DomainCheck, domain_of(address))
    if row is None or row.checked_at is None:
        return None
    return Check(row.domain, row.checked_at, row.spf, row.dkim, row.dmarc, row.note)


@use_case(needs=Permission.READ, reads=True)
def check(desk: Desk, mailbox_id: int) -> Check | None:
    return check_of(desk.session, desk.session.get_one(Mailbox, mailbox_id).address)


@use_case(needs=Permission.MANAGE)
def check_soon(desk: Desk, mailbox_id: int) -> bool:
    """Let the worker look again within a minute; answers whether that was not due anyway."""
    row = desk.session.get(DomainCheck, domain_of(desk.session.get_one(Mailbox, mailbox_id).address))
    if row is None or row.next_check_at <= desk.now:
        return False
    row.next_check_at = desk.now
    return True


def check_due(database: Database, look: Look, now: datetime, most: int = 20) -> int:
    """Check domains of connected addresses whose time has come; says how many. Asking happens outside transactions."""
    with database.read() as session:
        domains = _due(session, now)[:most]
    for domain in domains:
        found = look(domain)
        with database.write() as session:
            _keep(session, domain, found, now)
    return len(domains)


def _due(session: Session, now: datetime) -> list[str]:
    connected = select(Mailbox.address).where(
        Mailbox.removed_at.is_(None), Mailbox.state.in_((MailboxState.OK, MailboxState.DEGRADED))
    )
    later = set(session.scalars(select(DomainCheck.domain).where(DomainCheck.next_check_at > now)))
    return sorted({domain_of(address) for address in session.scalars(connected)} - later)


def _keep(session: Session, domain: str, found: Records, now: datetime) -> None:
    states = (found.spf, found.dkim, found.dmarc)
    wait = _AGAIN_UNKNOWN if RecordState.UNKNOWN in states else _AGAIN_WELL
    wait = _AGAIN_RED if any(state in _RED for state in states) else wait
    row = session.get(DomainCheck, domain)
    if row is None:
        row = DomainCheck(domain=domain)
        session.add(row)
    row.checked_at, row.next_check_at = now, now + wait
    row.spf, row.dkim, row.dmarc, row.note = found.spf, found.dkim, found.dmarc, found.note

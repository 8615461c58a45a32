"""The checks of mail domains: kept by domain, made by the worker or at a launch, and what a red one forbids."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import domain_verdicts
from engine.connections.domain_records import Records
from engine.desk import Desk, Problem, use_case
from engine.domain_verdicts import Finding
from engine.rules.alignment import Policy
from storage.database import Database
from storage.kinds import MailboxState, Permission, RecordState
from storage.tables import DomainCheck, Mailbox

_AGAIN_WELL, _AGAIN_RED, _AGAIN_UNKNOWN = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
_RED = (RecordState.MISSING, RecordState.WRONG)
_MOST_SELECTORS = 10
Look = Callable[[str, Sequence[str]], Records]


@dataclass(frozen=True, slots=True)
class Check:
    """The last one of a domain; `notes` says of each part what is wrong and what to change."""

    domain: str
    checked_at: datetime
    spf: RecordState
    dkim: RecordState
    dmarc: RecordState
    mx: RecordState
    alignment: RecordState
    unsubscribing: RecordState
    notes: dict[str, str]
    selectors: tuple[str, ...] = ()

    @property
    def is_red(self) -> bool:
        """What is merely not known, or not confirmed, is never red; nor is a missing button, which stops no mail."""
        return any(state in _RED for state in (self.mx, self.spf, self.dkim, self.dmarc, self.alignment))

    @property
    def is_unknown(self) -> bool:
        return RecordState.UNKNOWN in (self.mx, self.spf, self.dkim, self.dmarc)

    @property
    def note(self) -> str:
        """What DNS lacks, and what a mail proved to be wrong."""
        proved = {"alignment": self.alignment, "unsubscribing": self.unsubscribing}
        shown = [text for part, text in self.notes.items() if proved.get(part, RecordState.WRONG) is RecordState.WRONG]
        return " ".join(filter(None, shown))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def check_of(session: Session, address: str) -> Check | None:
    """The last check of an address's domain; None before the first."""
    row = session.get(DomainCheck, domain_of(address))
    if row is None or row.checked_at is None:
        return None
    aligned, covered = _proved(row)
    notes: dict[str, str] = row.learned.get("notes") or {"dns": row.note}
    notes = {**notes, "alignment": aligned.note, "unsubscribing": covered.note}
    states = (row.spf, row.dkim, row.dmarc, row.mx, aligned.state, covered.state)
    return Check(row.domain, row.checked_at, *states, notes, tuple(row.learned.get("selectors", ())))


def row_for(session: Session, domain: str, now: datetime) -> DomainCheck:
    """The domain's row, made where there is none yet."""
    row = session.get(DomainCheck, domain)
    if row is None:
        unknown = RecordState.UNKNOWN
        row = DomainCheck(domain=domain, next_check_at=now, mx=unknown, spf=unknown, dkim=unknown, dmarc=unknown, note="")
        row.learned = {}
        session.add(row)
    return row


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


@use_case(needs=Permission.MANAGE)
def name_selector(desk: Desk, mailbox_id: int, selector: str) -> None:
    """Look for the domain's DKIM key under this name too, from the next look on, which comes soon."""
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    domain = domain_of(mailbox.address)
    tidy = selector.strip().lower().removesuffix(f".{domain}").removesuffix("._domainkey")
    labels = tidy.split(".")
    if len(tidy) > 100 or not all(label.isascii() and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        raise Problem("A selector is the word before ._domainkey in the key's DNS name, for example s2048.")
    row = row_for(desk.session, domain, desk.now)
    learn_selectors(row, [tidy])
    row.next_check_at = desk.now
    named = {"domain": domain, "selector": tidy}
    desk.audit("domain.selector_named", f"mailbox:{mailbox_id}", new=named, identity_id=mailbox.identity_id)


def learn_selectors(row: DomainCheck, selectors: Sequence[str]) -> None:
    """The newest first; the oldest are forgotten."""
    known = list(dict.fromkeys([*selectors, *row.learned.get("selectors", ())]))
    row.learned = {**row.learned, "selectors": known[:_MOST_SELECTORS]}


def check_due(database: Database, look: Look, now: datetime, most: int = 20) -> int:
    """Check domains of connected addresses whose time has come; says how many. Asking happens outside transactions."""
    with database.read() as session:
        domains = _due(session, now)[:most]
    return check_now(database, look, domains, now)


def check_now(database: Database, look: Look, domains: Sequence[str], now: datetime) -> int:
    """Check these domains, due or not; says how many."""
    for domain in domains:
        with database.read() as session:
            row = session.get(DomainCheck, domain)
            selectors = tuple(row.learned.get("selectors", ())) if row is not None else ()
        found = look(domain, selectors)
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
    states = (found.spf, found.dkim, found.dmarc, found.mx)
    wait = _AGAIN_UNKNOWN if RecordState.UNKNOWN in states else _AGAIN_WELL
    wait = _AGAIN_RED if any(state in _RED for state in states) else wait
    row = row_for(session, domain, now)
    row.checked_at, row.next_check_at = now, now + wait
    row.spf, row.dkim, row.dmarc, row.mx, row.note = *states, found.note
    learned: dict[str, Any] = {**row.learned, "notes": dict(found.notes)}
    if found.dmarc is not RecordState.UNKNOWN:  # what was not told is no reason to forget
        learned["policy"] = asdict(found.policy) if found.policy is not None else None
    row.learned = learned


def _proved(row: DomainCheck) -> tuple[Finding, Finding]:
    seen = domain_verdicts.restored(row.learned.get("seen"))
    kept = row.learned.get("policy")
    policy = Policy(**kept) if kept else None
    return (
        domain_verdicts.alignment(row.domain, seen, policy),
        domain_verdicts.unsubscribing(row.domain, seen, policy),
    )

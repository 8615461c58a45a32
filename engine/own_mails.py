"""A mail that an address sends to itself, so that its headers show how the domain signs: asked for by a person.

The worker sends it, one at a time and domain, at most once: what was being sent when it died is given up, not repeated.
"""

import imaplib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import domain_checks, domain_verdicts, stops
from engine.channels.effects import Accepted, Failed, Letter, MailAccount
from engine.channels.email import EmailChannel
from engine.channels.wire import UnsendableLetter, ascii_address, build
from engine.connections.imap import account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble, scrub
from engine.connections.trust import trusted
from engine.desk import Desk, Problem, use_case
from engine.domain_checks import domain_of
from engine.domain_verdicts import Seen
from engine.networks import network_guard
from storage.columns import from_micros, to_micros
from storage.database import Database
from storage.kinds import Permission
from storage.tables import DomainCheck, Installation, Mailbox, WarmUp

PATIENCE = timedelta(minutes=30)
SECONDS = 40.0
_AT_MOST = timedelta(minutes=2)  # a sending takes: whoever is at it longer is dead
_ASKED, _SENDING, _SENT, _SEEN, _FAILED = "asked", "sending", "sent", "seen", "failed"
_PENDING = (_ASKED, _SENDING, _SENT)
_FIELDS = "BODY.PEEK[HEADER.FIELDS (DKIM-SIGNATURE RETURN-PATH)]"
_TEXT = (
    "Outpost sent this mail from {address} to itself, because somebody asked how {domain} signs its mails. Its headers are"
    " read, then nobody needs it any more: you can delete it.\n"
)
AccountFor = Callable[[Session, Mailbox], MailAccount]


@dataclass(frozen=True, slots=True)
class OwnMail:
    """How far the last one of a domain is; `note` says what went wrong."""

    at: datetime
    is_pending: bool
    was_seen: bool
    note: str


@use_case(needs=Permission.READ, reads=True)
def look(desk: Desk, mailbox_id: int) -> OwnMail | None:
    row = desk.session.get(DomainCheck, domain_of(desk.session.get_one(Mailbox, mailbox_id).address))
    own = row.learned.get("own") if row is not None else None
    if not own:
        return None
    return OwnMail(from_micros(own["at"]), own["state"] in _PENDING, own["state"] == _SEEN, own["note"])


@use_case(needs=Permission.MANAGE)
def ask(desk: Desk, mailbox_id: int) -> None:
    """Let the address send a mail to itself within a minute; Problem where it may send nothing now."""
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    obstacle = _obstacle(desk.session, mailbox)
    if obstacle:
        raise Problem(obstacle)
    row = domain_checks.row_for(desk.session, domain_of(mailbox.address), desk.now)
    before = row.learned.get("own")
    if before and before["state"] in _PENDING and desk.now - from_micros(before["at"]) < PATIENCE:
        raise Problem("A mail is on its way already; what it shows stands here when it has come.")
    token = secrets.token_hex(8)
    own = {"state": _ASKED, "mailbox_id": mailbox_id, "token": token, "at": to_micros(desk.now), "note": ""}
    row.learned = {**row.learned, "own": own}
    desk.audit("domain.own_mail_asked", f"mailbox:{mailbox_id}", identity_id=mailbox.identity_id)


def carry_on(database: Database, account_for: AccountFor, now: Callable[[], datetime], ca_file: str | None = None) -> int:
    """Send what was asked for, and look for what was sent; says how many domains it worked on.

    `now` is asked anew for each: a server that takes its time must not use up the others'.
    """
    with database.read() as session:
        pending = DomainCheck.learned["own"]["state"].as_string().in_(_PENDING)
        domains = list(session.scalars(select(DomainCheck.domain).where(pending).order_by(DomainCheck.domain)))
    for domain in domains:
        _carry_on(database, account_for, domain, now(), ca_file)
    return len(domains)


def _carry_on(database: Database, account_for: AccountFor, domain: str, now: datetime, ca_file: str | None) -> None:
    with database.write() as session:
        row = session.get_one(DomainCheck, domain)
        own = dict(row.learned["own"])
        mailbox = session.get(Mailbox, own["mailbox_id"])
        obstacle = "The address is gone." if mailbox is None else _obstacle(session, mailbox)
        if own["state"] not in _PENDING:
            return  # another worker is done with it
        if own["state"] == _SENDING and to_micros(now) < own.get("sending_until", 0):
            return  # another worker is at it
        if own["state"] == _SENDING:  # by a worker that died meanwhile
            obstacle = "The worker ended while the mail was being sent; ask again."
        if now - from_micros(own["at"]) > PATIENCE:
            obstacle = "The mail has not come back within half an hour; look into Junk, or ask again."
        if obstacle or mailbox is None:
            _set(row, own, _FAILED, obstacle)
            return
        try:
            account = account_for(session, mailbox)
        except Problem as problem:
            _set(row, own, _FAILED, str(problem))
            return
        guard, junk, is_new = network_guard(session), mailbox.junk_folder, own["state"] == _ASKED
        if is_new:
            _set(row, {**own, "sending_until": to_micros(now + _AT_MOST)}, _SENDING, "")
    if is_new:
        note = _send(account, str(own["token"]), guard, now, ca_file)
        _write(database, domain, own, lambda row: _set(row, own, _FAILED if note else _SENT, note))
        return
    seen = _find(account, junk, str(own["token"]), guard, ca_file)
    if seen is not None:
        _write(database, domain, own, lambda row: _learn(row, own, seen, now))


def _write(database: Database, domain: str, own: dict[str, Any], write: Callable[[DomainCheck], None]) -> None:
    """Unless it was given up meanwhile and asked for anew: what became of an old mail says nothing about the new one."""
    with database.write() as session:
        row = session.get_one(DomainCheck, domain)
        if row.learned["own"]["token"] == own["token"]:
            write(row)


def _obstacle(session: Session, mailbox: Mailbox) -> str:
    """Why this address may send nothing now; empty when it may."""
    if mailbox.removed_at is not None or not mailbox.state.may_send:
        return f"{mailbox.address} is not connected; connect it first."
    if mailbox.paused_at is not None:
        return f"{mailbox.address} is paused; resume the address first."
    if session.scalar(select(Installation.quarantined_at)) is not None:
        return "The database was restored from a backup; an owner must check what was sent since."
    if session.scalar(select(stops.is_stopped(mailbox.workspace_id, mailbox.identity_id))):
        return "Somebody pressed Stop, so nothing is sent; release it first."
    if session.scalar(select(WarmUp.id).where(WarmUp.mailbox_id == mailbox.id, WarmUp.stopped_at.is_(None))) is not None:
        return f"{mailbox.address} is warming up, and nothing else is sent from it meanwhile; use another of its domain."
    return ""


def _send(account: MailAccount, token: str, guard: NetworkGuard, now: datetime, ca_file: str | None) -> str:
    """What went wrong, or nothing. The mail has the headers that must be signed, so its signature shows whether they are."""
    domain = domain_of(account.address)
    extra = (
        ("List-Unsubscribe", f"<mailto:{account.address}?subject={token}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
    )
    text = _TEXT.format(address=account.address, domain=domain)
    letter = Letter(f"<check.{token}@{domain}>", account.address, f"Domain check {token}", text, headers=extra)
    channel = EmailChannel(guard, lambda: now, ca_file)
    try:
        content, address = build(account, letter, now), ascii_address(account.address)
    except UnsendableLetter as problem:
        return str(problem)
    if account.graph_in_use is not None:
        outcome = channel.deliver(account, letter, SECONDS)
    else:
        outcome = channel.transmit(account, address, address, content, Deadline.after(SECONDS))
    if isinstance(outcome, Accepted):
        return ""
    return outcome.note if isinstance(outcome, Failed) else ""  # it may have gone out: it is looked for


def _find(account: MailAccount, junk: str, token: str, guard: NetworkGuard, ca_file: str | None) -> Seen | None:
    """What it carried when it came; None while it has not, or where that can't be looked up now."""
    try:
        with account_session(account, guard, trusted(ca_file), Deadline.after(SECONDS)) as session:
            for folder in filter(None, ("INBOX", junk)):
                session.select_folder(folder, readonly=True)
                found = session.search(["SUBJECT", token])
                if found:
                    return _read(session.fetch([found[-1]], [_FIELDS])[found[-1]])
    except (ConnectionTrouble, OSError, imaplib.IMAP4.error, ValueError, KeyError):
        return None
    return None


def _read(parts: dict[bytes, Any]) -> Seen:
    headers = next((value for name, value in parts.items() if name.startswith(b"BODY[")), b"")
    return domain_verdicts.seen_in(message_from_bytes(headers, policy=policy.compat32))


def _learn(row: DomainCheck, own: dict[str, Any], seen: Seen, now: datetime) -> None:
    domain_checks.learn_selectors(row, [one.selector for one in seen.signatures if one.domain == row.domain])
    row.learned = {**row.learned, "seen": seen.kept()}
    row.next_check_at = now  # the keys of these selectors are looked up next
    _set(row, own, _SEEN, "")


def _set(row: DomainCheck, own: dict[str, Any], state: str, note: str) -> None:
    row.learned = {**row.learned, "own": {**own, "state": state, "note": scrub(note, 900)}}

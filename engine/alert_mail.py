"""The installation's own way to send mail, for alerts alone: its SMTP server, kept sealed, and one mail by it."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import alert_tellings, alert_texts
from engine.alert_texts import Told
from engine.channels.effects import Accepted, Failed, Letter, MailAccount, Server
from engine.channels.email import EmailChannel
from engine.channels.wire import UnsendableLetter, ascii_address, build
from engine.connections.network import Deadline, NetworkGuard
from engine.desk import Desk, Problem, use_case
from engine.networks import network_guard
from storage.kinds import DeliveryState, Permission, Security
from storage.tables import AlertDelivery, AlertMail, Installation, User
from storage.vault import Place, Vault

SECONDS = 30.0
USUAL = {465: Security.SSL, 587: Security.STARTTLS}
_PLACE = Place(0, "alert_mail", 1, "password")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NONE = "No mail server for alerts is set up yet; enter one first."


@dataclass(frozen=True, slots=True)
class MailForm:
    """An empty password keeps the one that is stored; the usual ports decide how they are encrypted."""

    host: str
    port: int
    username: str
    sender: str
    password: str = field(default="", repr=False)
    security: Security = Security.STARTTLS


@dataclass(frozen=True, slots=True)
class MailView:
    """As the page shows it: never the password. `trouble` is what the last mail that did not go out came to."""

    host: str
    port: int
    security: Security
    username: str
    sender: str
    last_at: datetime | None
    waiting: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One mail, ready to go."""

    account: MailAccount
    letter: Letter


@dataclass(frozen=True, slots=True)
class Test:
    """What sending a test needs beside the moment."""

    outgoing: Outgoing
    network: NetworkGuard
    recipient: str


@use_case(needs=Permission.OWN, reads=True)
def look(desk: Desk) -> MailView | None:
    row = desk.session.get(AlertMail, 1)
    if row is None:
        return None
    by_mail = AlertDelivery.user_id.is_not(None)
    last = desk.session.scalar(
        select(func.max(AlertDelivery.done_at)).where(by_mail, AlertDelivery.state == DeliveryState.DELIVERED)
    )
    failing = (by_mail, AlertDelivery.state == DeliveryState.WAITING, AlertDelivery.attempts > 0)
    waiting = desk.session.scalar(select(func.count()).where(*failing)) or 0
    newest = select(AlertDelivery.note).where(*failing).order_by(AlertDelivery.id.desc()).limit(1)
    trouble = desk.session.scalar(newest) or ""
    return MailView(row.host, row.port, row.security, row.username, row.sender, last, waiting, trouble)


@use_case(needs=Permission.READ, reads=True)
def is_set_up(desk: Desk) -> bool:
    return desk.session.get(AlertMail, 1) is not None


@use_case(needs=Permission.OWN)
def keep(desk: Desk, form: MailForm, vault: Vault) -> None:
    """Set or replace the server; Problem for a field that can't be meant."""
    tidy = _checked(form)
    row = desk.session.get(AlertMail, 1)
    old = None if row is None else _audited(row)
    # A password that was typed for one server is never shown to another.
    if not tidy.password and (row is None or (row.host, row.username) != (tidy.host, tidy.username)):
        raise Problem("Enter the password of this user at this server.")
    if row is None:
        row = AlertMail(id=1, security=tidy.security)
        desk.session.add(row)
    row.host, row.port, row.security, row.username = tidy.host, tidy.port, tidy.security, tidy.username
    row.sender, row.changed_at = tidy.sender, desk.now
    if tidy.password:
        row.password = vault.seal(tidy.password, _PLACE)
    desk.session.flush()
    alert_tellings.try_now(desk.session, desk.now, by_mail=True)
    new = {**_audited(row), "password_changed": bool(tidy.password)}
    desk.audit("alert_mail.changed", "installation:alert_mail", old=old, new=new)


@use_case(needs=Permission.OWN)
def forget(desk: Desk) -> None:
    """Send no alerts by mail any more, and forget the password."""
    row = desk.session.get(AlertMail, 1)
    if row is not None:
        desk.audit("alert_mail.removed", "installation:alert_mail", old=_audited(row))
        desk.session.delete(row)


@use_case(needs=Permission.OWN)
def prepare_test(desk: Desk, vault: Vault, panel: str) -> Test:
    """A test mail to the user themselves, which `send_test` sends outside this transaction."""
    user = desk.session.get(User, desk.actor.user_id) if desk.actor.user_id is not None else None
    if user is None:
        raise Problem("A test goes to the user who asks for it.")
    sentence = "This is a test: alerts of this Outpost reach you by mail."
    told = Told("test", None, "", sentence, 0, "", None, "", desk.now, f"{panel}/installation")
    outgoing_mail = outgoing(desk.session, vault, user.email, told, f"test.{desk.now.timestamp()}.{user.id}")
    desk.audit("alert_mail.tested", "installation:alert_mail", new={"to": user.email})
    return Test(outgoing_mail, network_guard(desk.session), user.email)


def send_test(test: Test, now: datetime, ca_file: str | None = None) -> None:
    """Really send it; Problem says what went wrong."""
    trouble = send(test.outgoing, test.network, now, ca_file)
    if trouble:
        raise Problem(trouble)


def outgoing(session: Session, vault: Vault, recipient: str, told: Told, key: str) -> Outgoing:
    """The mail of one telling; its Message-ID is the same whenever it is made for the same `key`. Problem: no server."""
    row = session.get(AlertMail, 1)
    if row is None or row.password is None:
        raise Problem(_NONE)
    server = Server(row.host, row.port, row.security)
    password = vault.open(row.password, _PLACE)
    account = MailAccount(row.sender, "Outpost", row.username, password, server, server)
    mark = session.scalar(select(Installation.mark)) or ""
    token = hashlib.sha256(f"{mark}|alert|{key}".encode()).hexdigest()[:32]
    message_id = f"<alert.{token}@{row.sender.rpartition('@')[2]}>"
    extra = (("Auto-Submitted", "auto-generated"),)
    return Outgoing(account, Letter(message_id, recipient, alert_texts.subject(told), alert_texts.text(told), headers=extra))


def send(mail: Outgoing, network: NetworkGuard, now: datetime, ca_file: str | None = None) -> str:
    """Send it once; what went wrong, in a sentence, or nothing."""
    try:
        content = build(mail.account, mail.letter, now)
        sender, recipient = ascii_address(mail.account.address), ascii_address(mail.letter.recipient)
    except UnsendableLetter as problem:
        return str(problem)
    channel = EmailChannel(network, lambda: now, ca_file)
    outcome = channel.transmit(mail.account, sender, recipient, content, Deadline.after(SECONDS))
    if isinstance(outcome, Accepted):
        return ""
    return outcome.note if isinstance(outcome, Failed) else f"It is not known whether it arrived. {outcome.note}"


def _checked(form: MailForm) -> MailForm:
    host, username = form.host.strip().lower(), form.username.strip()
    if not _HOST.fullmatch(host):
        raise Problem("Enter the server's name, for example smtp.example.com, without https:// and without the port.")
    if not 0 < form.port < 65_536 or form.port == 25:
        raise Problem("Port 25 is for servers among themselves; use 587 (STARTTLS) or 465 (SSL).")
    if not username or len(username) > 300 or not username.isprintable():
        raise Problem("Enter the user name of the mail server; it is often the address itself.")
    if len(form.password) > 500 or not form.password.isprintable():
        raise Problem("The password holds a sign that no server takes, or is too long; copy it anew.")
    try:
        sender = ascii_address(form.sender).lower()
    except UnsendableLetter as problem:
        raise Problem(str(problem)) from problem
    return MailForm(host, form.port, username, sender, form.password, USUAL.get(form.port, form.security))


def _audited(row: AlertMail) -> dict[str, object]:
    return {"host": row.host, "port": row.port, "security": row.security.value, "user": row.username, "from": row.sender}

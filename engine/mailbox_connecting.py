"""Connecting an e-mail address: propose its servers, sign in to both for real, and only then keep it.

The network is asked outside any transaction, so it is three steps: `may_connect` (may this person, is the address free),
`propose` / `check` (the network alone), `connect_imap` (the transaction). Nothing is kept until the last one.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import idna
from sqlalchemy import select

from engine import agenda, disconnecting, giving_back, incoming, limits, mailbox_alerts, moved_addresses
from engine.channels.effects import MailAccount, Server
from engine.channels.wire import UnsendableLetter, ascii_address
from engine.connections import probe as probing
from engine.connections import servers
from engine.connections.discovery import Proposal, guess
from engine.connections.discovery import propose as propose_servers
from engine.connections.network import NetworkGuard
from engine.connections.probe import Folders, Probe
from engine.desk import Desk, Problem, use_case
from engine.mail_accounts import password_place
from engine.mailbox_probes import next_routine_probe
from engine.networks import is_practice, network_guard
from storage.kinds import MailboxState, Permission, Provider, Security
from storage.tables import Identity, Lane, Mailbox
from storage.vault import Vault

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?")
_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f:.]+")

_USUAL = {993: Security.SSL, 465: Security.SSL, 587: Security.STARTTLS}


@dataclass(frozen=True, slots=True)
class ImapForm:
    """What the form holds; an empty user name means the address. The usual ports decide how they are encrypted."""

    address: str
    password: str = field(repr=False)
    imap_host: str
    smtp_host: str
    imap_port: int = 993
    smtp_port: int = 587
    username: str = ""
    display_name: str = ""
    imap_security: Security = Security.SSL
    smtp_security: Security = Security.STARTTLS

    @property
    def imap(self) -> Server:
        return _server(self.imap_host, self.imap_port, self.imap_security)

    @property
    def smtp(self) -> Server:
        return _server(self.smtp_host, self.smtp_port, self.smtp_security)


@dataclass(frozen=True, slots=True)
class Permit:
    """The person may connect this address here; what the network steps need to know."""

    address: str
    network: NetworkGuard
    known: Proposal | None = None  # the servers of an address that is connected already


@use_case(needs=Permission.MANAGE, reads=True)
def may_connect(desk: Desk, identity_id: int, address: str) -> Permit:
    """Before any network is touched: the address is one, and it is free or this identity's own."""
    tidy = tidy_address(address)
    row_of(desk, identity_id, tidy)
    return Permit(tidy, network_guard(desk.session), _known_servers(desk, tidy))


def propose(permit: Permit) -> Proposal:
    """The servers of the address, in at most some seconds."""
    if permit.known:
        return permit.known
    # A practice workspace asks nobody outside.
    return guess(permit.address) if permit.network.only_allowed else propose_servers(permit.address, permit.network)


def check(permit: Permit, form: ImapForm, ca_file: str | None = None, seconds: float = 20) -> Probe:
    """Sign in to both sides and list the folders; Problem for a form that can't be tried."""
    return probing.probe(_account(form), permit.network, ca_file, seconds)


@use_case(needs=Permission.MANAGE)
def connect_imap(desk: Desk, identity_id: int, form: ImapForm, folders: Folders, vault: Vault) -> int:
    """Keep an address that `check` found good; the mailbox's id. The same address of this identity gets its row back."""
    account = _account(form)
    mailbox = row_of(desk, identity_id, account.address)
    was = None if mailbox is None else {"state": mailbox.state.value, "removed": mailbox.removed_at is not None}
    if mailbox is None:
        mailbox = new_row(desk, identity_id, account.address, Provider.IMAP)
    giving_back.let_go(desk.session, mailbox, desk.now)
    mailbox.provider, mailbox.password = Provider.IMAP, vault.seal(account.password, password_place(mailbox))
    settle(desk, mailbox, account, folders, was)
    return mailbox.id


def settle(desk: Desk, mailbox: Mailbox, account: MailAccount, folders: Folders, was: dict[str, Any] | None) -> None:
    """The address works from now on, by whichever sign-in: its row says how, and its lane looks at what waits."""
    _fill(desk, mailbox, account, folders)
    mailbox_alerts.tell(desk.session, mailbox, desk.now)
    # What came in while it was away is read first: whoever answered meanwhile gets no further mail.
    incoming.read_soon(desk.session, mailbox.id, desk.now, is_owed=was is not None)
    healed = disconnecting.heal(desk.session, mailbox.id, desk.actor.label, desk.now)
    desk.audit(
        "mailbox.connected" if was is None else "mailbox.reconnected",
        f"mailbox:{mailbox.id}",
        old=was,
        new={
            "address": account.address,
            "provider": mailbox.provider.value,
            "imap": f"{account.imap.host}:{account.imap.port}",
            "smtp": f"{account.smtp.host}:{account.smtp.port}",
            "leads_back": healed.back,
            **({"leads_to_follow": healed.remaining} if healed.remaining else {}),
        },
        identity_id=mailbox.identity_id,
    )
    _wake(desk, mailbox)


def tidy_address(address: str) -> str:
    """Lower case without spaces around; Problem for what is no address."""
    tidy = address.strip().lower()
    try:
        ascii_address(tidy)
    except UnsendableLetter as problem:
        raise Problem(str(problem)) from problem
    return tidy


def _account(form: ImapForm) -> MailAccount:
    """The form as an account, checked as far as it can be without the network."""
    address = tidy_address(form.address)
    if not form.password:
        raise Problem("Enter the password (or the app password) of the address.")
    for side, server in (("IMAP", form.imap), ("SMTP", form.smtp)):
        _check_server(side, server)
    if form.imap_port in (465, 587) or form.smtp_port == 993:
        raise Problem("The ports are the wrong way round: 993 is for IMAP, 587 and 465 are for SMTP.")
    return MailAccount(
        address, form.display_name.strip(), form.username.strip() or address, form.password, form.imap, form.smtp
    )


def _check_server(side: str, server: Server) -> None:
    if not server.host:
        raise Problem(f"Enter the {side} host; the provider's help page names it.")
    if len(server.host) > 253 or not (_HOST.fullmatch(server.host) or _IPV6.fullmatch(server.host)):
        raise Problem(f"{server.host!r} is not a host name; write it like {side.lower()}.example.com, without a port.")
    if not 1 <= server.port <= 65535:
        raise Problem(f"{server.port} is not a port; use 993 for IMAP, and 587 or 465 for SMTP.")
    host = servers.host_of_server(server.host)
    if host and host.refused:
        raise Problem(host.refused)


def row_of(desk: Desk, identity_id: int, address: str) -> Mailbox | None:
    """This identity's row for the address, in use or removed; Problem when the address is connected elsewhere."""
    rows = desk.session.scalars(select(Mailbox).where(Mailbox.address == address).order_by(Mailbox.id.desc())).all()
    for row in rows:
        if row.removed_at is None and row.identity_id != identity_id:
            raise Problem(_taken(desk, row))
        if row.removed_at is None and row.state in (MailboxState.OK, MailboxState.DEGRADED):
            raise Problem(f"{address} is already connected to this identity.")
    return next((row for row in rows if row.identity_id == identity_id), None)


def _known_servers(desk: Desk, address: str) -> Proposal | None:
    """Those of the newest address of the same domain in this workspace; in a practice workspace those of any address."""
    domain = address.rpartition("@")[2]
    same = [Mailbox.workspace_id == desk.workspace, Mailbox.provider == Provider.IMAP, desk.visible(Mailbox.identity_id)]
    if not is_practice(desk.session):
        same.append(Mailbox.address.endswith(f"@{domain}", autoescape=True))
    row = desk.session.scalars(select(Mailbox).where(*same).order_by(Mailbox.id.desc()).limit(1)).first()
    if row is None:
        return None
    imap = Server(row.imap_host, row.imap_port, row.imap_security)
    smtp = Server(row.smtp_host, row.smtp_port, row.smtp_security)
    return Proposal(imap, smtp, address, f"the servers of {row.address}, which is connected already")


def _taken(desk: Desk, row: Mailbox) -> str:
    """Names the other identity only to those who may see it."""
    access = desk.access()
    visible = access is not None and (access.identity_ids is None or row.identity_id in access.identity_ids)
    if row.workspace_id == desk.workspace_id and visible:
        identity = desk.session.get_one(Identity, row.identity_id)
        return (
            f"{row.address} already sends for {identity.name}; an address sends for one identity, so remove it there first."
        )
    return f"{row.address} is already connected in this installation, and an address sends for one identity."


def new_row(desk: Desk, identity_id: int, address: str, provider: Provider) -> Mailbox:
    mailbox = Mailbox(
        workspace_id=desk.workspace,
        identity_id=identity_id,
        address=address,
        provider=provider,
        state_since=desk.now,
        created_at=desk.now,
    )
    desk.session.add(mailbox)
    desk.session.flush()  # the password is sealed for the row's id
    return mailbox


def _fill(desk: Desk, mailbox: Mailbox, account: MailAccount, folders: Folders) -> None:
    mailbox.display_name, mailbox.username = account.display_name, account.username
    mailbox.imap_host, mailbox.imap_port, mailbox.imap_security = _parts(account.imap)
    mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security = _parts(account.smtp)
    mailbox.sent_folder, mailbox.junk_folder = folders.sent, folders.junk
    mailbox.files_sent_itself = folders.files_sent_itself
    mailbox.state, mailbox.state_since, mailbox.state_note = MailboxState.OK, desk.now, ""
    mailbox.last_good_at, mailbox.probe_failures, mailbox.removed_at = desk.now, 0, None
    mailbox.next_probe_at = next_routine_probe(mailbox.id, desk.now)
    mailbox.connected_at = mailbox.connected_at or desk.now


def _server(host: str, port: int, security: Security) -> Server:
    return Server(_ascii_host(host.strip().lower().rstrip(".")), port, _USUAL.get(port, security))


def _ascii_host(host: str) -> str:
    """A host name in any script as DNS has it; what is none is left for `_check_server` to refuse."""
    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host


def _parts(server: Server) -> tuple[str, int, Security]:
    return server.host, server.port, server.security


def _wake(desk: Desk, mailbox: Mailbox) -> None:
    lane = desk.session.scalar(select(Lane).where(Lane.mailbox_id == mailbox.id))
    if lane is None:
        lane = limits.open_mailbox_lane(desk.session, mailbox, desk.now, desk.actor.user_id)
    moved_addresses.take_over_gap(desk.session, lane)
    agenda.wake_lane(desk.session, [lane.id], desk.now)

"""The webhook of a workspace: where its alerts are posted, of which kinds, and under which secret they are signed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import alert_tellings, alert_texts
from engine.alert_texts import Told
from engine.connections import webhook
from engine.connections.network import NetworkGuard
from engine.connections.webhook import Answer, BadAddress, Call
from engine.desk import Desk, Problem, use_case
from engine.networks import network_guard
from storage.kinds import TOLD_KINDS, AlertKind, DeliveryState, Permission
from storage.tables import Alert, AlertDelivery, Webhook, Workspace
from storage.vault import Place, Vault

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Posted:
    """One telling by the webhook, for the list of the last ones."""

    subject: str
    kind: AlertKind
    raised_at: datetime
    state: DeliveryState
    attempts: int
    next_at: datetime
    done_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class WebhookView:
    """As the page shows it: the host of the address, never more, and never the secret."""

    host: str
    kinds: frozenset[AlertKind]
    last: tuple[Posted, ...]


@dataclass(frozen=True, slots=True)
class Test:
    call: Call
    network: NetworkGuard


@dataclass(frozen=True, slots=True)
class Kept:
    """`secret` is given once, when it is made; empty where the old one stays."""

    secret: str = field(repr=False)


@use_case(needs=Permission.ADMINISTER, reads=True)
def look(desk: Desk) -> WebhookView | None:
    desk.require_all_identities()
    row = _row(desk.session, desk.workspace)
    if row is None:
        return None
    told = desk.session.execute(
        select(AlertDelivery, Alert)
        .join(Alert, Alert.id == AlertDelivery.alert_id)
        .where(Alert.workspace_id == desk.workspace, AlertDelivery.user_id.is_(None))
        .order_by(AlertDelivery.id.desc())
        .limit(_SHOWN)
    )
    return WebhookView(row.host, frozenset(AlertKind(kind) for kind in row.kinds), tuple(_posted(*one) for one in told))


@use_case(needs=Permission.ADMINISTER)
def keep(desk: Desk, address: str, kinds: Sequence[AlertKind], vault: Vault) -> Kept:
    """Set or change it; an empty address keeps the one that is stored. Another host gets a new secret."""
    desk.require_all_identities()
    row = _row(desk.session, desk.workspace)
    if row is None and not address.strip():
        raise Problem("Enter the address that alerts are posted to; it begins with https://.")
    wanted = [kind.value for kind in TOLD_KINDS if kind in set(kinds)]
    if not wanted:
        raise Problem("Choose at least one kind of alert, or remove the webhook.")
    old = None if row is None else _audited(row)
    if row is None:
        row = Webhook(workspace_id=desk.workspace, host="", kinds=[], changed_at=desk.now)
        desk.session.add(row)
        desk.session.flush()  # what is sealed is sealed for the row's id
    secret = _set_address(row, address.strip(), vault) if address.strip() else ""
    row.kinds, row.changed_at = wanted, desk.now
    desk.session.flush()
    alert_tellings.try_now(desk.session, desk.now, by_mail=False, workspace_id=desk.workspace)
    new = {**_audited(row), "address_changed": bool(address.strip()), "secret_changed": bool(secret)}
    desk.audit("webhook.changed", f"workspace:{desk.workspace}", old=old, new=new)
    return Kept(secret)


@use_case(needs=Permission.ADMINISTER)
def renew_secret(desk: Desk, vault: Vault) -> Kept:
    """A new secret from the next post on; it is shown once."""
    desk.require_all_identities()
    row = _needed(desk)
    secret = _new_secret(row, vault)
    desk.audit("webhook.secret_renewed", f"workspace:{desk.workspace}", new={"host": row.host})
    return Kept(secret)


@use_case(needs=Permission.ADMINISTER)
def forget(desk: Desk) -> None:
    """Post nothing any more, and forget address and secret."""
    desk.require_all_identities()
    row = _needed(desk)
    desk.audit("webhook.removed", f"workspace:{desk.workspace}", old=_audited(row))
    desk.session.delete(row)


@use_case(needs=Permission.ADMINISTER)
def prepare_test(desk: Desk, vault: Vault, panel: str) -> Test:
    """A test post, which `send_test` makes outside this transaction."""
    desk.require_all_identities()
    row = _needed(desk)
    name = desk.session.get_one(Workspace, desk.workspace).name
    sentence = "This is a test: alerts of this workspace are posted here."
    link = f"{panel}/webhook?w={desk.workspace}"
    told = Told(f"test-{secrets.token_hex(6)}", None, "Test", sentence, desk.workspace, name, None, "", desk.now, link)
    desk.audit("webhook.tested", f"workspace:{desk.workspace}", new={"host": row.host})
    return Test(call(desk.session, vault, told, desk.now), network_guard(desk.session))


def send_test(test: Test, ca_file: str | None = None) -> Answer:
    """Really post it, once."""
    return webhook.post(test.call, test.network, ca_file)


def call(session: Session, vault: Vault, told: Told, now: datetime) -> Call:
    """The signed post of one telling."""
    row = _row(session, told.workspace_id)
    if row is None or row.address is None or row.secret is None:
        raise Problem("This workspace has no webhook any more.")
    event = told.kind.value if told.kind else "test"
    address, secret = vault.open(row.address, _place(row, "address")), vault.open(row.secret, _place(row, "secret"))
    return Call(address, secret, told.id, event, alert_texts.body(told), int(now.timestamp()))


def _set_address(row: Webhook, address: str, vault: Vault) -> str:
    try:
        parts = webhook.checked(address)
    except BadAddress as problem:
        raise Problem(str(problem)) from problem
    host, is_other = parts.hostname or "", row.host != (parts.hostname or "")
    row.host, row.address = host, vault.seal(address, _place(row, "address"))
    return _new_secret(row, vault) if is_other or row.secret is None else ""


def _new_secret(row: Webhook, vault: Vault) -> str:
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    row.secret = vault.seal(secret, _place(row, "secret"))
    return secret


def _row(session: Session, workspace_id: int) -> Webhook | None:
    return session.scalar(select(Webhook).where(Webhook.workspace_id == workspace_id))


def _needed(desk: Desk) -> Webhook:
    row = _row(desk.session, desk.workspace)
    if row is None:
        raise Problem("This workspace has no webhook; enter an address first.")
    return row


def _place(row: Webhook, column: str) -> Place:
    return Place(row.workspace_id, "webhook", row.id, column)


def _posted(row: AlertDelivery, alert: Alert) -> Posted:
    return Posted(alert.subject, alert.kind, alert.at, row.state, row.attempts, row.next_at, row.done_at, row.note)


def _audited(row: Webhook) -> dict[str, object]:
    return {"host": row.host, "kinds": list(row.kinds)}

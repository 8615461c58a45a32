"""The admin-consent kit: the link for the client's administrator, a ready message, and what they answered, with its dates.

The link can be copied again, so its state is kept sealed; the answer comes to a public route and is believed for nothing but
the state of the address: whoever signs in afterwards still proves who they are.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import consent_texts, mailbox_alerts, warm_up_pool
from engine.connections import microsoft
from engine.connections.oauth import Endpoints
from engine.desk import Actor, Desk, Problem, use_case
from engine.mailbox_connecting import new_row, row_of, tidy_address
from engine.provider_apps import find, opened
from engine.sessions import digest
from storage.kinds import AlertKind, MailboxState, Permission, Provider
from storage.tables import AdminConsent, Identity, Mailbox, ProviderApp, Workspace
from storage.vault import Place, Vault

LIFE = timedelta(days=60)
ADMINISTRATOR = Actor(None, "the client's administrator")
_ASKED = "The administrator was asked to approve the app on {:%-d %B %Y}; their answer shows here by itself."
_APPROVED = "The administrator approved the app on {:%-d %B %Y}: sign in with Microsoft 365 now."
_OVER = "This link was answered already, or is no longer good. Whoever sent it can make a new one."


@dataclass(frozen=True, slots=True)
class Kit:
    """What is handed to the administrator, and how far it has come."""

    link: str = field(repr=False)
    message: str = field(repr=False)
    language: str
    asked_at: datetime
    approved_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answered:
    address: str
    is_approved: bool
    sentence: str


@use_case(needs=Permission.MANAGE)
def ask_administrator(desk: Desk, identity_id: int, address: str, vault: Vault) -> int:
    """Make a new link for the address, which then waits for approval; the mailbox's id. An older link stays good."""
    tidy = tidy_address(address)
    mailbox = row_of(desk, identity_id, tidy)
    app = find(desk.session, desk.workspace, Provider.MICROSOFT)
    if app is None:
        raise Problem("No Microsoft app is set up yet; an admin enters one under Settings › Providers.")
    if mailbox is None:
        mailbox = new_row(desk, identity_id, tidy, Provider.MICROSOFT)
    state = secrets.token_urlsafe(32)
    row = AdminConsent(
        workspace_id=desk.workspace,
        identity_id=identity_id,
        provider_app_id=app.id,
        address=tidy,
        state_hash=digest(state),
        asked_at=desk.now,
        expires_at=desk.now + LIFE,
    )
    desk.session.add(row)
    desk.session.flush()  # the state is sealed for the row's id
    row.state = vault.seal(state, _place(row))
    mailbox.removed_at = None
    _show(desk, mailbox, MailboxState.WAITING_FOR_APPROVAL, _ASKED.format(desk.now))
    return mailbox.id


@use_case(needs=Permission.MANAGE, reads=True)
def kit_of(desk: Desk, mailbox_id: int, vault: Vault, where: Endpoints, redirect: str, language: str = "") -> Kit | None:
    """The newest link of the address, to copy it again; None where nobody was asked. No language is the one that fits."""
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    row = desk.session.scalars(
        select(AdminConsent)
        .where(AdminConsent.identity_id == mailbox.identity_id, AdminConsent.address == mailbox.address)
        .order_by(AdminConsent.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.state is None:
        return None
    app = desk.session.get_one(ProviderApp, row.provider_app_id)
    link = microsoft.consent_link(opened(app, vault), where, redirect, vault.open(row.state, _place(row)))
    identity = desk.session.get_one(Identity, row.identity_id)
    spoken = language or _fitting(desk.session, mailbox, identity)
    message = consent_texts.message(
        spoken,
        by_graph=app.sends_by_graph,
        identity=identity.name,
        address=row.address,
        workspace=desk.session.get_one(Workspace, row.workspace_id).name,
        link=link,
        client_id=app.client_id,
    )
    return Kit(link, message, spoken, row.asked_at, row.approved_at, row.refused_at)


def _fitting(session: Session, mailbox: Mailbox, identity: Identity) -> str:
    spoken = warm_up_pool.language_of(session, mailbox.id)
    return consent_texts.language_for(spoken, identity.holiday_country, identity.zone)


def answered(session: Session, query: Mapping[str, str], now: datetime) -> Answered:
    """What the administrator answered, written down once; Problem for a link that is no longer good."""
    row = session.scalars(
        select(AdminConsent).where(AdminConsent.state_hash == digest(query.get("state", "")))
    ).one_or_none()
    if row is None or row.approved_at or row.refused_at or now >= row.expires_at:
        raise Problem(_OVER)
    is_approved = not query.get("error") and query.get("admin_consent", "").lower() == "true"
    row.tenant = query.get("tenant", "")[:100]
    if is_approved:
        row.approved_at = now
        sentence = _APPROVED.format(now)
    else:
        row.refused_at = now
        sentence = row.note = microsoft.refusal_of(query)
    desk = Desk(session, ADMINISTRATOR, row.workspace_id, now)
    mailbox = session.scalars(
        select(Mailbox).where(Mailbox.identity_id == row.identity_id, Mailbox.address == row.address)
    ).one_or_none()
    if mailbox is not None and mailbox.state in (MailboxState.WAITING_FOR_APPROVAL, MailboxState.REFUSED):
        # An approval is not a sign-in: that is the person's next step.
        _show(desk, mailbox, MailboxState.RECONNECT_NEEDED if is_approved else MailboxState.REFUSED, sentence)
    return Answered(row.address, is_approved, sentence)


def _show(desk: Desk, mailbox: Mailbox, state: MailboxState, sentence: str) -> None:
    old = mailbox.state
    mailbox.state, mailbox.state_since, mailbox.state_note, mailbox.next_probe_at = state, desk.now, sentence, None
    mailbox_alerts.tell(desk.session, mailbox, desk.now, AlertKind.CONSENT)
    desk.audit(
        "mailbox.state_changed",
        f"mailbox:{mailbox.id}",
        old={"state": old.value},
        new={"state": state.value, "why": sentence},
        identity_id=mailbox.identity_id,
    )


def _place(row: AdminConsent) -> Place:
    return Place(row.workspace_id, "admin_consent", row.id, "state")

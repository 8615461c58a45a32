"""Reading an account's connections and inbox: who accepted, who answered, and who never did. Nothing is clicked.

Presence among the connections is the only proof of an acceptance; absence from the list of invitations proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_invitations, linkedin_urls, logs, sequence, stops
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    Connection,
    InboxMessage,
    LinkedIn,
    LinkedInOutcome,
    SessionState,
)
from engine.desk import Problem
from engine.rules.hours import window_at
from engine.situations import working_hours
from storage.database import Database
from storage.kinds import CONSENT_VERSION, CampaignState, LeadState, LinkedInState, Reason
from storage.tables import Campaign, Identity, Lead, LinkedInAccount, LinkedInConsent, Workspace
from storage.vault import Vault, VaultError

EVERY = timedelta(hours=1)
_log = logs.logger("worker")
_STANDS = {
    BlockedKind.LOGIN: LinkedInState.LOGGED_OUT,
    BlockedKind.CHECKPOINT: LinkedInState.CAPTCHA,
    BlockedKind.LANGUAGE: LinkedInState.CAPTCHA,
    BlockedKind.RESTRICTED: LinkedInState.RESTRICTED,
}


@dataclass(frozen=True, slots=True)
class _Due:
    identity_id: int
    state: SessionState


def look_due(database: Database, vault: Vault, driver: LinkedIn, now: Callable[[], datetime], most: int = 3) -> int:
    """Look at the accounts whose time has come; returns how many were looked at."""
    with database.write() as session:
        taken = _take(session, now(), most)
        due = [one for row in taken if (one := _due(session, vault, row)) is not None]
    for one in due:
        identity = str(one.identity_id)
        connections = driver.connections(identity, one.state)
        messages = driver.inbox(identity, one.state) if isinstance(connections, tuple) else ()
        with database.write() as session:
            record(session, one.identity_id, connections, messages, now())
    return len(due)


def _take(session: Session, now: datetime, most: int) -> list[LinkedInAccount]:
    """Accounts to look at, each put off before it is looked at: one that fails is not asked again at once."""
    consent = select(LinkedInConsent.id).where(
        LinkedInConsent.identity_id == LinkedInAccount.identity_id,
        LinkedInConsent.withdrawn_at.is_(None),
        LinkedInConsent.version == CONSENT_VERSION,
    )
    due = (
        select(LinkedInAccount)
        .join(Identity, Identity.id == LinkedInAccount.identity_id)
        .join(Workspace, Workspace.id == Identity.workspace_id)
        .where(
            Identity.linkedin_state == LinkedInState.CONNECTED,
            Identity.archived_at.is_(None),
            Workspace.archived_at.is_(None),
            LinkedInAccount.session.is_not(None),
            LinkedInAccount.look_at <= now,
            consent.exists(),
        )
    )
    taken: list[LinkedInAccount] = []
    for row in session.scalars(due.order_by(LinkedInAccount.look_at).limit(most * 10)):
        row.look_at = now + EVERY
        hours = working_hours(session, [row.identity_id], now)[row.identity_id]
        if window_at(hours, now) is not None and not session.scalar(
            select(stops.is_stopped(row.workspace_id, row.identity_id))
        ):
            taken.append(row)
        if len(taken) == most:
            break
    return taken


def _due(session: Session, vault: Vault, row: LinkedInAccount) -> _Due | None:
    """One whose session can't be opened must not keep the others from being looked at."""
    try:
        return _Due(row.identity_id, linkedin_accounts.session_of(session, vault, row.identity_id))
    except (Problem, VaultError) as trouble:
        _log.error("look.failed", identity=row.identity_id, problem=str(trouble))
        return None


def record(
    session: Session,
    identity_id: int,
    connections: tuple[Connection, ...] | LinkedInOutcome,
    messages: tuple[InboxMessage, ...] | LinkedInOutcome,
    now: datetime,
) -> None:
    """Write down what the lists and the inbox said."""
    for found in (connections, messages):
        if isinstance(found, Blocked):
            _blocked(session, identity_id, found, now)
    if isinstance(connections, tuple):
        linkedin_invitations.catch_up(session, identity_id, now)
        profiles = [_profile(one.slug) for one in connections]
        linkedin_invitations.accepted(session, identity_id, profiles, now)
        late = linkedin_invitations.never_accepted(session, identity_id, now)
        sequence.end(session, late, LeadState.FINISHED, Reason.NEVER_ACCEPTED, "worker", now)
    if isinstance(messages, tuple):
        replied = _writing_to(session, identity_id, [_profile(one.slug) for one in messages])
        sequence.end(session, replied, LeadState.REPLIED, Reason.LEAD_REPLIED, "worker", now)
    account = linkedin_accounts.account_of(session, identity_id)
    if account is not None and isinstance(connections, tuple):
        account.looked_at = now


def _blocked(session: Session, identity_id: int, found: Blocked, now: datetime) -> None:
    if found.kind in _STANDS:
        linkedin_accounts.seen(session, identity_id, _STANDS[found.kind], found.note, now)
    elif found.kind is BlockedKind.DRIFT:
        linkedin_accounts.drifted(session, identity_id, found.note, now)


def _writing_to(session: Session, identity_id: int, profiles: list[str]) -> list[int]:
    """The leads that this identity is writing to, among these people."""
    running = (CampaignState.RUNNING, CampaignState.PAUSED)
    rows = (
        select(Lead.id)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(
            Campaign.identity_id == identity_id,
            Campaign.state.in_(running),
            sequence.UNFINISHED,
            Lead.linkedin_url.in_(profiles),
        )
    )
    return list(session.scalars(rows))


def _profile(slug: str) -> str:
    return linkedin_urls.profile(f"linkedin.com/in/{slug}") or ""

"""What was granted a moment ago, until its address is kept: a grant about to be given back, so that none is left behind.

A process that dies in the middle of a sign-in leaves it to the worker (engine.giving_back).
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine.connections.oauth import Granted
from engine.desk import Problem
from engine.grants import keep, store
from storage.tables import MailGrant, ProviderApp
from storage.vault import Vault

_HELD = timedelta(minutes=15)  # longer than a sign-in may take


def hold(
    session: Session,
    vault: Vault,
    app: ProviderApp,
    workspace_id: int,
    address: str,
    granted: Granted,
    now: datetime,
    patience: timedelta = _HELD,
) -> int:
    """Store what was granted a moment ago, to be given back unless `take_up` comes in time; the grant's id."""
    grant = session.get_one(MailGrant, keep(session, vault, app, workspace_id, address, granted, now))
    grant.ended_at, grant.retry_at = now, now + patience
    return grant.id


def take_up(session: Session, vault: Vault, grant_id: int, address: str, granted: Granted, now: datetime) -> int:
    """The held grant is an address's sign-in from now on; its id. Problem when it has been given back meanwhile."""
    grant = session.get(MailGrant, grant_id)
    if grant is None or grant.refresh_token is None:
        raise Problem("The sign-in took too long and was given back; start again from the identity's e-mail page.")
    grant.address, grant.subject, grant.ended_at = address, granted.subject, None
    store(session, vault, grant, granted, now)
    return grant.id


def drop(session: Session, grant_id: int) -> None:
    """A held grant that was given back at once."""
    session.execute(delete(MailGrant).where(MailGrant.id == grant_id))

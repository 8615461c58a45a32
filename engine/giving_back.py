"""Giving back what nobody uses any more: revoked at Google, forgotten at Microsoft, which knows no revocation of one grant.

Disconnecting only lets go of the grant, in its transaction; the worker tells the provider afterwards, as often as it takes.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.connections import google
from engine.connections.oauth import Granted, SignInTrouble
from engine.desk import WORKER, Desk
from engine.grants import Tokens, access_token, refresh_token
from storage.kinds import Provider
from storage.tables import Mailbox, MailGrant, SignInFlow

_PATIENCE = timedelta(days=1)  # then a person is told to do it
_PAUSE = timedelta(minutes=10)
_COMES_BACK = timedelta(minutes=15)  # longer than a sign-in may take
REVOKED = "The grant was given back at Google."
STILL_USED = "The token was forgotten here; the address is in use by a newer sign-in, so Google keeps its grant."
NOT_REACHED = (
    "Google could not be told; remove Outpost under Google account › Security › Third-party access."
    " The token was forgotten here."
)
FORGOTTEN = (
    "Microsoft knows no way to give back one grant, so the token was forgotten here; an administrator can revoke the app"
    " under Enterprise applications in the Entra admin center."
)


def let_go(session: Session, mailbox: Mailbox, now: datetime) -> None:
    """The address signs in by it no more; from here on nobody gets a token of it."""
    if mailbox.grant_id is None:
        return
    grant = session.get_one(MailGrant, mailbox.grant_id)
    mailbox.grant_id = None
    grant.ended_at, grant.retry_at = grant.ended_at or now, now


def give_back_due(tokens: Tokens, most: int = 20) -> int:
    """For the worker: tell Google about the grants that nobody uses, and forget their tokens; how many were tried."""
    now = tokens.now()
    used = select(Mailbox.grant_id).where(Mailbox.grant_id.is_not(None))
    with tokens.database.read() as session:
        due = session.scalars(
            select(MailGrant.id)
            .where(MailGrant.ended_at.is_not(None), MailGrant.refresh_token.is_not(None), MailGrant.id.not_in(used))
            .where(MailGrant.retry_at.is_(None) | (MailGrant.retry_at <= now))
            .limit(most)
        ).all()
    for grant_id in due:
        _give_back(tokens, grant_id, now)
    return len(due)


def undo(tokens: Tokens, granted: Granted, provider: Provider) -> bool:
    """A sign-in that can't be used (another account, boxes unticked) leaves nothing behind at Google.

    False when that is still to be done: Google could not be told, or did not say whose it is.
    """
    if provider is not Provider.GOOGLE:
        return True
    if not granted.subject:
        return False
    with tokens.database.read() as session:
        if is_used(session, provider, granted.address):
            return True
    return google.revoke(tokens.where, granted.refresh_token or granted.access_token)


def _give_back(tokens: Tokens, grant_id: int, now: datetime) -> None:
    with tokens.database.read() as session:
        grant = session.get_one(MailGrant, grant_id)
        token, provider = refresh_token(tokens.vault, grant), grant.provider
        whose = {grant.address, _signed_in(tokens, grant)}
        is_needed = any(is_used(session, provider, address) for address in whose)
        comes_back = not is_needed and provider is Provider.GOOGLE and _comes_back(session, grant, whose, now)
    if comes_back:  # Google would revoke what it grants at this moment with it
        with tokens.database.write() as session:
            session.get_one(MailGrant, grant_id).retry_at = now + _PAUSE
        return
    if provider is not Provider.GOOGLE:
        said, revoked = FORGOTTEN, False
    elif is_needed:  # Google revokes all of an app's tokens for a person at once
        said, revoked = STILL_USED, False
    else:
        revoked = google.revoke(tokens.where, token)
        said = REVOKED if revoked else NOT_REACHED
    with tokens.database.write() as session:
        grant = session.get_one(MailGrant, grant_id)
        if said is NOT_REACHED and grant.ended_at is not None and now < grant.ended_at + _PATIENCE:
            grant.retry_at = now + _PAUSE
            return
        _forget(session, grant, said, now if revoked else None, now)


def _comes_back(session: Session, grant: MailGrant, whose: Collection[str], now: datetime) -> bool:
    """Whether a sign-in for one of these addresses was begun since the grant was let go, and may be under way."""
    begun = select(SignInFlow.id).where(SignInFlow.provider == grant.provider, SignInFlow.address.in_(whose))
    since = SignInFlow.created_at > grant.ended_at, SignInFlow.created_at > now - _COMES_BACK
    return session.scalar(begun.where(*since).limit(1)) is not None


def _forget(session: Session, grant: MailGrant, said: str, revoked_at: datetime | None, now: datetime) -> None:
    grant.refresh_token, grant.access_token, grant.access_expires_at = None, None, None
    grant.note, grant.revoked_at = said, revoked_at
    desk = Desk(session, WORKER, grant.workspace_id, now)
    desk.audit("grant.given_back", f"mail_grant:{grant.id}", new={"address": grant.address, "what": said})


def _signed_in(tokens: Tokens, grant: MailGrant) -> str:
    """Who granted it: where that was not asked yet (no subject), Google is asked; else, or in vain, its address."""
    if grant.provider is not Provider.GOOGLE or grant.subject:
        return grant.address
    try:
        return google.identified(tokens.where, Granted(access_token(tokens.vault, grant), "", 0)).address or grant.address
    except SignInTrouble:
        return grant.address


def is_used(session: Session, provider: Provider, address: str) -> bool:
    living = select(MailGrant.id).where(MailGrant.provider == provider, MailGrant.address == address)
    living = living.join(Mailbox, Mailbox.grant_id == MailGrant.id).where(MailGrant.ended_at.is_(None))
    return session.scalar(living.limit(1)) is not None

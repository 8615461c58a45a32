"""What people granted at Google and Microsoft: kept sealed, and refreshed before it ends.

A refresh happens outside any transaction and under the grant's claim, so that of many threads and processes one asks the
provider. The old refresh token stays until the new one is stored; a grant that the provider no longer accepts makes its
address "reconnect needed" at once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from engine import agenda, clock, logs, mailbox_alerts
from engine.channels.effects import Bearer
from engine.connections import google, microsoft
from engine.connections.oauth import App, Denial, Endpoints, Granted, SignInTrouble, endpoints
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.desk import WORKER, Desk
from engine.installation import Outpost
from engine.provider_apps import NAMES, opened
from storage.database import Database
from storage.kinds import MailboxState, Provider
from storage.tables import Lane, Mailbox, MailGrant, ProviderApp
from storage.vault import Place, Vault

_log = logs.logger("worker")
EARLY = timedelta(minutes=5)
TESTING_LIFE = timedelta(days=7)  # Google: an app whose consent screen is in "Testing"
IDLE_LIFE = timedelta(days=180)  # six months without use, at Google; Microsoft's 90 days are shorter
MICROSOFT_IDLE_LIFE = timedelta(days=90)
_CLAIM = timedelta(seconds=90)
_LATER = timedelta(minutes=2)
_WAIT = 45.0  # seconds that another's refresh is waited for


@dataclass(frozen=True, slots=True)
class _Claimed:
    grant_id: int
    app: App
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Fresh access tokens for grants; `now` is asked anew each time."""

    database: Database
    vault: Vault
    where: Endpoints
    now: Callable[[], datetime]

    def bearer_of(self, grant_id: int) -> Bearer:
        def bearer(refused: str) -> str:
            try:
                return self.fresh(grant_id, refused)
            except ConnectionTrouble:
                raise
            except Exception as error:  # a delivery may not raise: its mail would count as perhaps sent
                _log.exception("token.failed", problem=logs.scrubbed(str(error)))
                raise _trouble(Trouble.NO_TOKEN, "Outpost") from error

        return bearer

    def graph_bearer_of(self, grant_id: int) -> Bearer:
        return lambda _refused: self._fresh_for_graph(grant_id)

    def fresh(self, grant_id: int, refused: str = "") -> str:
        """A token good for five minutes more; ConnectionTrouble when there is none. Never called inside a transaction.

        `refused` is one that a mail server just refused: it is good for nothing, whatever its time says.
        """
        end = clock.monotonic() + _WAIT
        while clock.monotonic() < end:
            token, claimed = self._look(grant_id, refused)
            if token:
                return token
            if claimed is not None:
                return self._refresh(claimed)
            time.sleep(0.1)
        raise _trouble(Trouble.NO_TOKEN, "The provider")

    def _fresh_for_graph(self, grant_id: int) -> str:
        """A token of the same grant for Microsoft Graph; seldom needed, so it is not kept. Only what rotated is."""
        end = clock.monotonic() + _WAIT
        while clock.monotonic() < end:
            with self.database.write() as session:
                _require_alive(session.get(MailGrant, grant_id), self.now())
                claimed = _claim(session, self.vault, grant_id, self.now(), for_graph=True)
            if claimed is not None:
                return self._refresh_for_graph(claimed)
            time.sleep(0.1)
        raise _trouble(Trouble.NO_TOKEN, "Microsoft")

    def _refresh_for_graph(self, claimed: _Claimed) -> str:
        """A refusal here may be of Graph alone, so it ends nothing: the grant itself is judged by its own refresh."""
        try:
            granted = microsoft.refresh(claimed.app, self.where, claimed.refresh_token, microsoft.GRAPH_SCOPES)
        except SignInTrouble as trouble:
            with self.database.write() as session:
                session.get_one(MailGrant, claimed.grant_id).claimed_until = None
            is_unwell = trouble.denial is Denial.UNWELL
            kind = Trouble.NO_TOKEN if is_unwell else Trouble.GRAPH_REFUSED
            raise _trouble(kind, "Microsoft", trouble.sentence if is_unwell else "") from trouble
        with self.database.write() as session:
            grant = session.get_one(MailGrant, claimed.grant_id)
            grant.claimed_until = None
            _rotate(self.vault, grant, granted, self.now())
        return granted.access_token

    def _look(self, grant_id: int, refused: str) -> tuple[str, _Claimed | None]:
        """The stored token while it is good; else the claim to refresh it; else neither: another is at it."""
        now = self.now()
        with self.database.read() as session:
            grant = session.get(MailGrant, grant_id)
            _require_alive(grant, now)
            assert grant is not None
            token = _open(self.vault, grant, "access_token") if _is_good(grant, now) else ""
        if token and token != refused:
            return token, None
        with self.database.write() as session:
            if token:
                _forget(session, self.vault, grant_id, refused)
            return "", _claim(session, self.vault, grant_id, now)

    def _refresh(self, claimed: _Claimed) -> str:
        try:
            refresh = google.refresh if claimed.app.provider is Provider.GOOGLE else microsoft.refresh
            granted = refresh(claimed.app, self.where, claimed.refresh_token)
        except SignInTrouble as trouble:
            with self.database.write() as session:
                _refused(session, claimed.grant_id, trouble, self.now())
            kind = Trouble.GRANT_ENDED if trouble.denial is Denial.ENDED else Trouble.NO_TOKEN
            raise _trouble(kind, NAMES[claimed.app.provider], trouble.sentence) from trouble
        with self.database.write() as session:
            store(session, self.vault, session.get_one(MailGrant, claimed.grant_id), granted, self.now())
        return granted.access_token


def tokens_of(outpost: Outpost, now: Callable[[], datetime]) -> Tokens:
    return Tokens(outpost.database, outpost.vault, endpoints(), now)


def keep(
    session: Session, vault: Vault, app: ProviderApp, workspace_id: int, address: str, granted: Granted, now: datetime
) -> int:
    """Store what was granted, sealed; the grant's id."""
    grant = MailGrant(
        workspace_id=workspace_id,
        provider_app_id=app.id,
        provider=app.provider,
        address=address,
        subject=granted.subject,
        tenant=granted.tenant,
        scopes=" ".join(sorted(granted.scopes)),
        granted_at=now,
        rotated_at=now,
    )
    session.add(grant)
    session.flush()
    store(session, vault, grant, granted, now)
    return grant.id


def refresh_due(tokens: Tokens, most: int = 20) -> int:
    """For the worker: refresh what is about to end, so that no mail waits for it; how many were tried."""
    now = tokens.now()
    soon = now + EARLY + timedelta(minutes=3)
    with tokens.database.read() as session:
        due = session.scalars(
            select(MailGrant.id)
            .join(Mailbox, Mailbox.grant_id == MailGrant.id)
            .where(MailGrant.ended_at.is_(None), MailGrant.revoked_at.is_(None), Mailbox.removed_at.is_(None))
            .where(or_(MailGrant.access_expires_at.is_(None), MailGrant.access_expires_at < soon))
            .where(or_(MailGrant.retry_at.is_(None), MailGrant.retry_at <= now))
            .limit(most)
        ).all()
    for grant_id in due:
        try:
            tokens.fresh(grant_id)
        except ConnectionTrouble:
            continue  # recorded with the grant
    return len(due)


def _require_alive(grant: MailGrant | None, now: datetime) -> None:
    if grant is None or grant.ended_at is not None or grant.refresh_token is None:
        note = grant.note if grant else ""
        raise _trouble(Trouble.GRANT_ENDED, NAMES[grant.provider] if grant else "The provider", note)
    if grant.retry_at is not None and now < grant.retry_at and not _is_good(grant, now):
        raise _trouble(Trouble.NO_TOKEN, NAMES[grant.provider], grant.note)


def _is_good(grant: MailGrant, now: datetime) -> bool:
    return grant.access_token is not None and grant.access_expires_at is not None and grant.access_expires_at - EARLY > now


def _forget(session: Session, vault: Vault, grant_id: int, refused: str) -> None:
    """Unless another has put a newer one in its place meanwhile."""
    grant = session.get_one(MailGrant, grant_id)
    if grant.access_token is not None and _open(vault, grant, "access_token") == refused:
        grant.access_token, grant.access_expires_at = None, None
        session.flush()


def _claim(session: Session, vault: Vault, grant_id: int, now: datetime, *, for_graph: bool = False) -> _Claimed | None:
    """Take the right to refresh; None when another has it, or was quicker."""
    free = or_(MailGrant.claimed_until.is_(None), MailGrant.claimed_until <= now)
    claim = update(MailGrant).where(MailGrant.id == grant_id, free).values(claimed_until=now + _CLAIM)
    if not for_graph:
        claim = claim.where(or_(MailGrant.access_expires_at.is_(None), MailGrant.access_expires_at <= now + EARLY))
    taken = session.execute(claim)
    assert isinstance(taken, CursorResult)
    if not taken.rowcount:
        return None
    grant = session.get_one(MailGrant, grant_id)
    app = session.get_one(ProviderApp, grant.provider_app_id)
    return _Claimed(grant_id, opened(app, vault), _open(vault, grant, "refresh_token"))


def store(session: Session, vault: Vault, grant: MailGrant, granted: Granted, now: datetime) -> None:
    """Keep new tokens, sealed, with when they end."""
    app = session.get_one(ProviderApp, grant.provider_app_id)
    grant.access_token = vault.seal(granted.access_token, _place(grant, "access_token"))
    # A token that lives shorter than we are early would be refreshed for every mail; it is used for half of its life.
    life = max(timedelta(seconds=granted.seconds), EARLY + timedelta(seconds=granted.seconds / 2))
    grant.access_expires_at = now + life
    _rotate(vault, grant, granted, now)
    idle = IDLE_LIFE if grant.provider is Provider.GOOGLE else MICROSOFT_IDLE_LIFE
    grant.dies_at = grant.granted_at + TESTING_LIFE if app.in_testing else now + idle
    grant.claimed_until, grant.retry_at, grant.note = None, None, ""


def _rotate(vault: Vault, grant: MailGrant, granted: Granted, now: datetime) -> None:
    if granted.refresh_token:
        grant.refresh_token = vault.seal(granted.refresh_token, _place(grant, "refresh_token"))
        grant.rotated_at = now


def _refused(session: Session, grant_id: int, trouble: SignInTrouble, now: datetime) -> None:
    """Only a dead grant needs a person at once; while a provider is unwell or the app is wrong it may still be good."""
    grant = session.get_one(MailGrant, grant_id)
    is_over = trouble.denial is Denial.ENDED
    grant.claimed_until, grant.note = None, trouble.sentence
    if is_over:
        grant.ended_at = now
    else:
        grant.retry_at = now + (_LATER if trouble.denial is Denial.UNWELL else _LATER * 15)
    state = MailboxState.RECONNECT_NEEDED if is_over else MailboxState.DEGRADED
    for mailbox in session.scalars(select(Mailbox).where(Mailbox.grant_id == grant_id, Mailbox.removed_at.is_(None))):
        _note(session, mailbox, state, trouble.sentence, now)


def _note(session: Session, mailbox: Mailbox, state: MailboxState, sentence: str, now: datetime) -> None:
    if not mailbox.state.may_send or mailbox.state is state:
        return
    old = mailbox.state
    mailbox.state, mailbox.state_since, mailbox.state_note = state, now, sentence
    mailbox.next_probe_at = now + _LATER if state is MailboxState.DEGRADED else None
    Desk(session, WORKER, mailbox.workspace_id, now).audit(
        "mailbox.state_changed",
        f"mailbox:{mailbox.id}",
        old={"state": old.value},
        new={"state": state.value, "why": sentence},
        identity_id=mailbox.identity_id,
    )
    mailbox_alerts.tell(session, mailbox, now)
    agenda.wake_lane(session, session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).all(), now)


def _place(grant: MailGrant, column: str) -> Place:
    return Place(grant.workspace_id, "mail_grant", grant.id, column)


def _open(vault: Vault, grant: MailGrant, column: str) -> str:
    return vault.open(getattr(grant, column), _place(grant, column))


def refresh_token(vault: Vault, grant: MailGrant) -> str:
    """To give it back; "" where it was forgotten."""
    return "" if grant.refresh_token is None else _open(vault, grant, "refresh_token")


def access_token(vault: Vault, grant: MailGrant) -> str:
    return "" if grant.access_token is None else _open(vault, grant, "access_token")


def _trouble(kind: Trouble, host: str, sentence: str = "") -> ConnectionTrouble:
    made = ConnectionTrouble(kind, host, 443)
    made.sentence = sentence or made.sentence
    return made

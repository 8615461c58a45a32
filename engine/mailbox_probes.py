"""Whether connected addresses still work: probed on their own schedule, with the truth kept as a state and a since.

good → ok, asked again in an hour. A passing trouble → degraded (it may still send), asked again after 2, 4, 8 … 60 minutes.
A refused sign-in → reconnect needed at once and not asked again by itself: only a person can mend it.
"""

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine import agenda, incoming, logs, mailbox_alerts
from engine.channels.effects import GRAPH_HOST, MailAccount
from engine.connections.probe import Probe, probe
from engine.desk import WORKER, Desk, Problem
from engine.networks import network_guard
from storage.database import Database
from storage.kinds import MailboxState, Security
from storage.tables import Lane, Mailbox
from storage.vault import VaultError

_log = logs.logger("worker")
Accounts = Callable[[Session, Mailbox], MailAccount]

_ROUTINE = timedelta(minutes=60)
_FIRST_RETRY = timedelta(minutes=2)
_CLAIM = timedelta(minutes=10)  # a probe whose worker died is asked again after this


@dataclass(frozen=True, slots=True)
class _Claimed:
    mailbox_id: int
    account: MailAccount
    sign_in: object


def next_routine_probe(mailbox_id: int, now: datetime) -> datetime:
    """In about an hour; spread by the mailbox's number, so that a hundred of them are not asked in one second."""
    return now + _ROUTINE + timedelta(seconds=mailbox_id * 97 % 600)


def next_retry(failures: int, now: datetime) -> datetime:
    doubled: int = 2 ** min(failures - 1, 10)
    return now + min(_ROUTINE, _FIRST_RETRY * doubled)


def probe_due(
    database: Database,
    accounts: Accounts,
    now: datetime,
    ca_file: str | None = None,
    most: int = 20,
    seconds: float = 20,
) -> int:
    """Probe the mailboxes that are due, at most `most`, and record what came of it; how many were probed."""
    with database.write() as session:
        network = network_guard(session)
        claimed = _claim(session, accounts, now, most)
    if not claimed:
        return 0
    with concurrent.futures.ThreadPoolExecutor(min(4, len(claimed)), thread_name_prefix="probes") as pool:
        found = pool.map(lambda one: (one, probe(one.account, network, ca_file, seconds)), claimed)
        for one, result in found:
            with database.write() as session:
                _record_claimed(session, one, result, now)
    return len(claimed)


def _claim(session: Session, accounts: Accounts, now: datetime, most: int) -> list[_Claimed]:
    """Take the due ones for ten minutes, so that no second worker asks the same server.

    One that may send and has no next time was never probed by the worker: it is due.
    """
    forgotten = Mailbox.next_probe_at.is_(None) & Mailbox.state.in_((MailboxState.OK, MailboxState.DEGRADED))
    due = session.scalars(
        select(Mailbox)
        .where(or_(Mailbox.next_probe_at <= now, forgotten), Mailbox.removed_at.is_(None))
        .where(or_(Mailbox.password.is_not(None), Mailbox.grant_id.is_not(None)))
        .order_by(Mailbox.next_probe_at)
        .limit(most)
    ).all()
    session.execute(update(Mailbox).where(Mailbox.id.in_([one.id for one in due])).values(next_probe_at=now + _CLAIM))
    return [one for mailbox in due if (one := _claimed(session, accounts, mailbox)) is not None]


def _claimed(session: Session, accounts: Accounts, mailbox: Mailbox) -> _Claimed | None:
    """One whose secret can't be opened must not keep the others from being probed."""
    try:
        return _Claimed(mailbox.id, accounts(session, mailbox), _sign_in_of(mailbox))
    except (Problem, VaultError) as trouble:
        _log.error("probe.failed", mailbox=mailbox.id, problem=str(trouble))
        return None


def _record_claimed(session: Session, claimed: _Claimed, result: Probe, now: datetime) -> None:
    """Unless the address was disconnected or got another sign-in meanwhile: the result is then of something gone."""
    mailbox = session.get_one(Mailbox, claimed.mailbox_id)
    if (
        _sign_in_of(mailbox) == claimed.sign_in
        and mailbox.state is not MailboxState.DISCONNECTED
        and mailbox.removed_at is None
    ):
        record(Desk(session, WORKER, mailbox.workspace_id, now), mailbox, result)


def _sign_in_of(mailbox: Mailbox) -> object:
    return mailbox.password, mailbox.grant_id


def record(desk: Desk, mailbox: Mailbox, result: Probe) -> None:
    """Move the mailbox's state to what a probe showed, and wake its lane when it may send again."""
    before = mailbox.state
    if result.is_good:
        _good(mailbox, result, desk.now)
    else:
        _failed(mailbox, result, desk.now)
    if mailbox.state is before:
        return
    mailbox.state_since = desk.now
    if mailbox.state in incoming.MAY_BE_READ and before not in incoming.MAY_BE_READ:
        incoming.read_soon(desk.session, mailbox.id, desk.now, is_owed=True)
    mailbox_alerts.tell(desk.session, mailbox, desk.now)
    desk.audit(
        "mailbox.state_changed",
        f"mailbox:{mailbox.id}",
        old={"state": before.value},
        new={"state": mailbox.state.value, "why": mailbox.state_note},
        identity_id=mailbox.identity_id,
    )
    lanes = desk.session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).all()
    agenda.wake_lane(desk.session, lanes, desk.now)


def _good(mailbox: Mailbox, result: Probe, now: datetime) -> None:
    mailbox.state, mailbox.state_note, mailbox.probe_failures = MailboxState.OK, "", 0
    mailbox.last_good_at, mailbox.next_probe_at = now, next_routine_probe(mailbox.id, now)
    if result.sends_by_graph:
        mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security = GRAPH_HOST, 443, Security.SSL
    if result.folders:
        mailbox.sent_folder, mailbox.junk_folder = result.folders.sent, result.folders.junk
        mailbox.files_sent_itself = result.folders.files_sent_itself


def _failed(mailbox: Mailbox, result: Probe, now: datetime) -> None:
    mailbox.probe_failures += 1
    mailbox.state_note = " ".join(result.sentences)
    if mailbox.grant_id is not None and result.is_only_disabled_by_tenant:
        # The sign-in is well: when the administrator has switched it on, the address goes on by itself.
        mailbox.state = MailboxState.DISABLED_BY_TENANT
        mailbox.next_probe_at = next_routine_probe(mailbox.id, now)
        return
    mailbox.state = MailboxState.RECONNECT_NEEDED if result.needs_person else MailboxState.DEGRADED
    mailbox.next_probe_at = None if result.needs_person else next_retry(mailbox.probe_failures, now)

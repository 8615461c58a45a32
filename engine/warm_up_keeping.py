"""The worker's part of warm-up: it pauses what lost its ground, goes on with what has it again, plans, and visits."""

import imaplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import logs, warm_up_alerts, warm_up_handling, warm_up_planning, warm_up_tasks
from engine.channels.effects import MailAccount
from engine.connections.imap import account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble
from engine.connections.trust import refused, trusted
from engine.desk import WORKER, Desk, Problem
from engine.entries import entries_of
from engine.networks import network_guard
from engine.rules import warm_up as rules
from engine.warm_up_handling import Open
from engine.warm_up_key import KeyFor
from engine.warm_up_tasks import Left, Task
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Reason, WarmUpPause
from storage.ledger import Entry, Note, move
from storage.tables import Action, Lane, Mailbox, WarmUp
from storage.vault import VaultError

AFTER_A_BOUNCE = timedelta(hours=24)
VISIT_SECONDS = 30.0
_MOST_VISITS = 60  # a minute
_AT_ONCE = 5  # claimed: their visits end within a fourth of `BETWEEN_VISITS`, in which nobody else claims them
_log = logs.logger("warm_up")
AccountFor = Callable[[Session, Mailbox], MailAccount]


@dataclass(frozen=True, slots=True)
class Way:
    """How a visit gets in: the account, the key that recognises, and how a connection is opened."""

    account_for: AccountFor
    key_for: KeyFor
    open_imap: Open


def keep(database: Database, now: datetime) -> None:
    """Look at every warm-up that runs, each in a transaction of its own; doing it twice changes nothing."""
    with database.read() as session:
        running = session.scalars(select(WarmUp.id).where(WarmUp.stopped_at.is_(None)).order_by(WarmUp.id)).all()
        unproven = _unproven(session)
    for entry in unproven:
        with database.write() as session:
            day = now.astimezone(ZoneInfo(entry.zone)).date()
            move(session, entry, ActionState.CANCELLED, Note(now, day, "worker", Reason.WARM_UP_NO_EVIDENCE))
    for warm_up_id in running:
        _keep_alone(database, warm_up_id, now)


def _keep_alone(database: Database, warm_up_id: int, now: datetime) -> None:
    """One that can't be kept for a reason of ours must not keep the others from it."""
    try:
        with database.write() as session:
            _keep(session, session.get_one(WarmUp, warm_up_id), now)
    except SQLAlchemyError:
        raise
    except Exception as error:
        _log.exception("warm_up.failed", warm_up=warm_up_id, problem=type(error).__name__)


def _unproven(session: Session) -> list[Entry]:
    """Warm-up mails that nobody can prove: no person need decide about them, they are given up and keep their quota."""
    parked = entries_of(session, states=(ActionState.PARKED,))
    return [entry for entry in parked if entry.kind is ActionKind.WARM_UP_MAIL]


def look_again(session: Session, mailbox_id: int | None, now: datetime) -> None:
    """At the warm-up of one address, at once: something happened to it."""
    for warm_up in session.scalars(select(WarmUp).where(WarmUp.mailbox_id == mailbox_id, WarmUp.stopped_at.is_(None))):
        _keep(session, warm_up, now)


def visit_due(database: Database, account_for: AccountFor, key_for: KeyFor, now: Callable[[], datetime]) -> int:
    """Visit the mailboxes with something to look for; says how many. A round may take long, so it asks for the time."""
    with database.read() as session:
        guard = network_guard(session)
        ids = warm_up_tasks.due(session, now(), _MOST_VISITS)
    visit_all(database, ids, Way(account_for, key_for, opener(guard)), now)
    return len(ids)


def visit_all(database: Database, ids: Sequence[int], way: Way, now: Callable[[], datetime]) -> None:
    """One after another, a few claimed at once; the transaction of a claim also writes down what the few before left.

    So two workers never stand in one mailbox: the last of the few is left long before its claim runs out, even if no
    server answers.
    """
    left: list[Left] = []
    with database.glances() as glance:
        for first in range(0, len(ids), _AT_ONCE):
            at = now()
            with database.write() as session:
                _write_down(session, left, at)
                some = [_claimed(session, mailbox_id, way, at) for mailbox_id in ids[first : first + _AT_ONCE]]
            claimed = [one for one in some if one is not None]
            left = [
                _visited(database, account, task, way, now())
                for account, given in claimed
                if (task := warm_up_tasks.still(glance, given)) is not None
            ]
    if left:
        with database.write() as session:
            _write_down(session, left, now())


def _write_down(session: Session, left: Sequence[Left], now: datetime) -> None:
    for one in left:
        warm_up_tasks.write_down(session, one, now)


def _claimed(session: Session, mailbox_id: int, way: Way, now: datetime) -> tuple[MailAccount, Task] | None:
    """None when another has just taken it, or nobody can sign in to it: that must not keep the others from being visited."""
    mailbox = warm_up_tasks.claim(session, mailbox_id, now)
    if mailbox is None:
        return None
    task = warm_up_tasks.task_of(session, mailbox, way.key_for(session), now)
    try:
        return way.account_for(session, mailbox), task
    except (Problem, VaultError) as trouble:
        _log.error("warm_up.no_way_in", mailbox=mailbox_id, problem=str(trouble))
        return None


def _visited(database: Database, account: MailAccount, task: Task, way: Way, now: datetime) -> Left:
    try:
        return warm_up_handling.visit(database, account, task, way.open_imap, now)
    except ConnectionTrouble as trouble:
        return Left(task.mailbox_id, note=trouble.note)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        return Left(task.mailbox_id, note=refused(account.imap, error).note)
    except SQLAlchemyError:
        raise
    except Exception as error:  # a defect of ours must not keep the others from being visited
        _log.exception("warm_up.visit_failed", mailbox=task.mailbox_id, problem=type(error).__name__)
        return Left(
            task.mailbox_id, note="The visit failed through a defect of Outpost; it is tried again, and the log has more."
        )


def opener(guard: NetworkGuard, ca_file: str | None = None) -> Open:
    """How a visit signs in: encrypted, with one deadline for all of it."""
    return lambda account: account_session(account, guard, trusted(ca_file), Deadline.after(VISIT_SECONDS))


def _keep(session: Session, warm_up: WarmUp, now: datetime) -> None:
    mailbox = session.get_one(Mailbox, warm_up.mailbox_id)
    if warm_up.stopped_at is not None or mailbox.removed_at is not None:
        return
    connected = mailbox.state.may_send and mailbox.paused_at is None
    if warm_up.paused_at is None and not connected:
        note = f"{mailbox.address} is not connected; it goes on by itself when it is."
        _pause(session, warm_up, mailbox, WarmUpPause.CONNECTION, note, now)
    elif warm_up.paused_at is None and _bounced(session, warm_up, now):
        note = "A warm-up mail was refused for good; it goes on by itself after 24 hours."
        _pause(session, warm_up, mailbox, WarmUpPause.BOUNCE, note, now)
        warm_up_alerts.paused(session, warm_up, mailbox, now)
    elif connected and _is_over(warm_up, now):
        warm_up_planning.go_on(session, warm_up, now)
        _tell(session, warm_up, mailbox, "warm_up.went_on", now)
    warm_up_planning.plan_day(session, warm_up, now)
    if warm_up.day > rules.DAYS and warm_up.told_at is None:
        warm_up.told_at = now
        _tell(session, warm_up, mailbox, "warm_up.plan_completed", now)
        warm_up_alerts.plan_completed(session, warm_up, mailbox, now)


def _is_over(warm_up: WarmUp, now: datetime) -> bool:
    if warm_up.paused_at is None:
        return False
    bounce = warm_up.pause is WarmUpPause.BOUNCE and now >= warm_up.paused_at + AFTER_A_BOUNCE
    return warm_up.pause is WarmUpPause.CONNECTION or bounce


def _bounced(session: Session, warm_up: WarmUp, now: datetime) -> bool:
    since = max(warm_up.started_at, warm_up.resumed_at or warm_up.started_at, now - AFTER_A_BOUNCE)
    refused = (
        select(Action.id)
        .join(Lane, Lane.id == Action.lane_id)
        .where(
            Lane.mailbox_id == warm_up.mailbox_id,
            Action.kind == ActionKind.WARM_UP_MAIL,
            Action.state == ActionState.FAILED_PERMANENT,
            Action.reason.in_((Reason.RECIPIENT_REFUSED, Reason.MESSAGE_REFUSED)),
            Action.final_at > since,
        )
    )
    return session.scalar(refused.limit(1)) is not None


def _pause(session: Session, warm_up: WarmUp, mailbox: Mailbox, pause: WarmUpPause, note: str, now: datetime) -> None:
    warm_up_planning.hold(session, warm_up, pause, note, now)
    _tell(session, warm_up, mailbox, "warm_up.paused", now)


def _tell(session: Session, warm_up: WarmUp, mailbox: Mailbox, what: str, now: datetime) -> None:
    desk = Desk(session, WORKER, mailbox.workspace_id, now)
    new = {"day": warm_up.day, "why": warm_up.pause_note}
    desk.audit(what, f"mailbox:{mailbox.id}", new=new, identity_id=mailbox.identity_id)

"""What an attempt came to, written down: the action, its quota, the mailbox, and the lead's way on."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import absences, sequence
from engine.channels.effects import Accepted, Failed, Outcome, Uncertain
from engine.rules.hours import local_date
from storage.kinds import ActionState, LeadState, Reason
from storage.ledger import Entry, Note, move
from storage.ledger_sets import Moving, move_all
from storage.tables import Event, Lead

MOST_ATTEMPTS = 6
# The address's or its provider's trouble: a day without the server must not end the leads that waited for it. A full box
# is the recipient's, and its third refusal holds the lead for a person (engine.soft_bounces).
_NOT_OF_THE_MAIL = (
    Reason.RECIPIENT_FULL,
    Reason.SIGN_IN_REFUSED,
    Reason.MESSAGE_REFUSED,
    Reason.UNREACHABLE,
    Reason.PROVIDER_LIMIT,
    Reason.RECONNECT_NEEDED,
    Reason.CHECKPOINT,
    Reason.RESTRICTED,
    Reason.NOTES_USED_UP,
    Reason.PAGE_UNKNOWN,
    Reason.NO_SEAT,
    Reason.READ_AGAIN,
)
_ENDS = {Reason.RECIPIENT_REFUSED: LeadState.BOUNCED, Reason.LEAD_REPLIED: LeadState.REPLIED}
FIRST_LOOK = timedelta(seconds=20)


def record(session: Session, entry: Entry, epoch: int, outcome: Outcome, now: datetime) -> ActionState | None:
    """Write down the outcome of an attempt; None when the epoch was no longer ours. The lane stays held."""
    sending = entry.at(ActionState.SENDING)
    if isinstance(outcome, Accepted):
        return _accepted(session, sending, epoch, outcome, now)
    if isinstance(outcome, Uncertain):
        return _uncertain(session, sending, epoch, outcome, now)
    return _failed(session, sending, epoch, outcome, now)


def record_accepted(session: Session, attempts: Sequence[tuple[Entry, int, Accepted]], now: datetime) -> None:
    """`record` for attempts of different leads, each with its epoch, that were all accepted.

    NotAllError when an epoch was no longer ours: then the transaction must be rolled back.
    """
    moves = []
    for entry, epoch, outcome in attempts:
        note = Note(now, day_of(entry, now), "worker", evidence=outcome.evidence)
        steps = ((ActionState.ACCEPTED, note),)
        moves.append(Moving(entry.at(ActionState.SENDING), steps, {"wait_until": None}, entry.attempt, fence=epoch))
    move_all(session, moves)
    sequence.advance_all(session, [entry for entry, _, _ in attempts], now)


def _accepted(session: Session, entry: Entry, epoch: int, outcome: Accepted, now: datetime) -> ActionState | None:
    note = Note(now, day_of(entry, now), "worker", evidence=outcome.evidence)
    if not move(session, entry, ActionState.ACCEPTED, note, fence=epoch, wait_until=None):
        return None
    sequence.advance(session, entry, now)
    return ActionState.ACCEPTED


def _uncertain(session: Session, entry: Entry, epoch: int, outcome: Uncertain, now: datetime) -> ActionState | None:
    note = Note(now, day_of(entry, now), "worker", Reason.OUTCOME_UNKNOWN, {"note": outcome.note})
    moved = move(session, entry, ActionState.UNKNOWN, note, fence=epoch, note=outcome.note, wait_until=now + FIRST_LOOK)
    return ActionState.UNKNOWN if moved else None


def _failed(session: Session, entry: Entry, epoch: int, outcome: Failed, now: datetime) -> ActionState | None:
    """A failure is proof that nothing happened, so the quota goes back with it."""
    others = _not_of_the_mail(entry)
    of_the_mail = outcome.reason not in others
    failures = _failures(session, entry, others) + of_the_mail
    exhausted = of_the_mail and not outcome.permanent and not outcome.connection_ended and failures >= MOST_ATTEMPTS
    permanent = outcome.permanent or exhausted
    reason = Reason.TOO_MANY_ATTEMPTS if exhausted else outcome.reason
    note = Note(now, day_of(entry, now), "worker", reason, {"note": outcome.note})
    after = ActionState.FAILED_PERMANENT if permanent else ActionState.FAILED_TEMPORARY
    again = now + outcome.retry_after * 2 ** max(0, failures - 1)
    times = {} if permanent else {"due_at": again, "wait_until": again}
    if not move(session, entry, after, note, fence=epoch, gives_back=True, note=outcome.note, **times):
        return None
    if permanent:
        _end_lead(session, entry, reason, now)
    elif entry.lead_id is not None:
        absences.mind(session, entry.lead_id)
    return after


def _failures(session: Session, entry: Entry, others: Sequence[Reason]) -> int:
    """How often this mail failed before. Bookings that a crash or Stop gave back, and what was the
    server's or the address's trouble, are none of its.
    """
    failed = select(func.count()).where(Event.action_id == entry.id, Event.after == ActionState.FAILED_TEMPORARY)
    return session.scalar(failed.where(Event.reason.not_in(others))) or 0


def _not_of_the_mail(entry: Entry) -> tuple[Reason, ...]:
    """A warm-up mail has no lead that could be held: a full box ends it after as many attempts as anything else."""
    return tuple(each for each in _NOT_OF_THE_MAIL if each is not Reason.RECIPIENT_FULL or entry.lead_id is not None)


def _end_lead(session: Session, entry: Entry, reason: Reason, now: datetime) -> None:
    if entry.lead_id is not None:
        close_lead(session, entry.lead_id, _ENDS.get(reason, LeadState.FAILED), reason, now)


def close_lead(session: Session, lead_id: int, state: LeadState, reason: Reason, now: datetime) -> None:
    """End a lead whose action can't go on, unless it has ended by itself."""
    if session.scalar(select(Lead.state).where(Lead.id == lead_id)) in (LeadState.ACTIVE, LeadState.NEW):
        sequence.close(session, lead_id, state, reason, now)


def day_of(entry: Entry, now: datetime) -> date:
    """The identity's calendar date at `now`."""
    return local_date(ZoneInfo(entry.zone), now)

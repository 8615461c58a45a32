"""What a crash or a lost answer left behind: bookings given back, unknown outcomes looked up before anything is tried again.

A booking whose holder died never reached the world, so its quota goes back. Whatever was in `sending` is unknown: it is
looked up where its channel leaves a trace (a mail in the Sent folder, by its Message-ID). Found: it went out. Absent where
absence is proof: it did not. No evidence either way: it is parked, keeps its quota, and a person decides.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import absences, agenda, logs, sequence
from engine.channels.effects import Accepted, Trace
from engine.dispatch import Now, hand_of
from engine.entries import entries_of, entry_of
from engine.hands import DELIVERY_SECONDS, Hands, Inquiry
from engine.outcomes import FIRST_LOOK, day_of
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Reason
from storage.ledger import Entry, Note, connection_of, move
from storage.prepared import Prepared
from storage.tables import UNSETTLED, Action, Lane

# A provider's own copy can appear a little after its answer; absence is believed only after this long.
_SETTLED = timedelta(minutes=2)
_MOST_LOOKS = 12
_FARTHEST_LOOK = timedelta(hours=1)
_LOST_LOOK = timedelta(minutes=10)
_log = logs.logger("worker")


def recover(database: Database, holder: str, now: datetime, *, alone: bool, dead: Collection[str] = ()) -> int:
    """Settle what dead workers left; `alone` says that no other worker can be alive (one SQLite, one lock file).

    Where others can be, those lanes are settled whose lease has ended or whose holder is known to be `dead`. Returns how
    many actions were given back or became unknown.
    """
    with database.read() as session:  # most of the time there is nothing, and nobody need wait for that
        if not alone and not _orphaned_lanes(session, holder, now, alone, dead):
            return 0
    with database.write() as session:
        settled = _settle_lanes(session, _orphaned_lanes(session, holder, now, alone, dead), now)
        stranded = entries_of(session, states=(ActionState.RECONCILING,)) if alone else []
        return settled + _begin_again(session, stranded, now)


def recover_own(database: Database, holder: str, busy: Callable[[], Collection[int]], now: datetime) -> int:
    """Settle lanes that this very worker holds without working on them: an exception came between.

    `busy` is asked inside the write transaction, when nobody can take a lease: a thread is busy before it takes one.
    """
    with database.read() as session:
        if not _idly_held(session, holder, busy):
            return 0
    with database.write() as session:
        return _settle_lanes(session, _idly_held(session, holder, busy), now)


def _idly_held(session: Session, holder: str, busy: Callable[[], Collection[int]]) -> list[int]:
    held = session.scalars(select(Lane.id).where(Lane.holder == holder)).all()
    return sorted(set(held).difference(busy()))


def _settle_lanes(session: Session, lanes: list[int], now: datetime) -> int:
    if not lanes:
        return 0
    left = entries_of(session, states=(ActionState.RESERVED, ActionState.SENDING), lane_ids=lanes)
    for entry in left:
        _settle(session, entry, now)
    session.execute(
        update(Lane).where(Lane.id.in_(lanes)).values(holder=None, lease_until=None, epoch=Lane.epoch + 1),
        execution_options={"synchronize_session": False},
    )
    agenda.wake_lane(session, lanes, now)
    return len(left)


def _orphaned_lanes(session: Session, holder: str, now: datetime, alone: bool, dead: Collection[str]) -> list[int]:
    others = (Lane.holder.is_not(None), Lane.holder != holder)
    ended = () if alone else (or_(Lane.lease_until <= now, Lane.holder.in_(dead)),)
    return list(session.scalars(select(Lane.id).where(*others, *ended)))


def _begin_again(session: Session, stranded: list[Entry], now: datetime) -> int:
    """Look-ups whose answer was never written down; a look-up changes nothing, so it is simply begun again."""
    for entry in stranded:
        note = Note(now, day_of(entry, now), "worker", Reason.WORKER_DIED)
        move(session, entry, ActionState.UNKNOWN, note, wait_until=now)
    return len(stranded)


def _settle(session: Session, entry: Entry, now: datetime) -> None:
    if entry.state is ActionState.RESERVED:
        note = Note(now, day_of(entry, now), "worker", Reason.WORKER_DIED)
        move(session, entry, ActionState.DUE, note, gives_back=True, wait_until=None)
    elif entry.state is ActionState.SENDING and entry.kind is ActionKind.SCRAPING:
        # Reading changes nothing at LinkedIn: the page is read again, and what the lost reading spent stays spent.
        note = Note(now, day_of(entry, now), "worker", Reason.READ_AGAIN)
        move(session, entry, ActionState.FAILED_TEMPORARY, note, due_at=now, wait_until=now)
    elif entry.state is ActionState.SENDING:
        note = Note(now, day_of(entry, now), "worker", Reason.WORKER_DIED)
        move(session, entry, ActionState.UNKNOWN, note, wait_until=now + FIRST_LOOK)


@dataclass(frozen=True, slots=True)
class _Question:
    entry: Entry
    inquiry: Inquiry
    sent_at: datetime
    asked_at: datetime  # before anything was looked at: what came later may have been missed
    looked_up: int


def reconcile_due(
    database: Database, now: Now, hands: Hands, most: int = 20, kinds: Collection[ActionKind] = tuple(ActionKind)
) -> int:
    """Look up unknown outcomes of these kinds whose time has come; returns how many were looked up."""
    with database.read() as session:
        waiting = _waiting(session, ActionState.UNKNOWN, now(), most, kinds)
        lost = _waiting(session, ActionState.RECONCILING, now(), most, kinds)
    if lost:
        with database.write() as session:
            entries = [entry_of(session, action_id) for action_id in lost]
            _begin_again(session, [entry for entry in entries if entry is not None], now())
    return sum(_reconcile_alone(database, action_id, now, hands) for action_id in waiting)


def _reconcile_alone(database: Database, action_id: int, now: Now, hands: Hands) -> int:
    """One that can't be looked up for a reason of ours (a key that doesn't fit) must not keep the others from it."""
    try:
        return _reconcile(database, action_id, now, hands)
    except SQLAlchemyError:
        raise
    except Exception as error:
        _log.exception("look_up.failed", action=action_id, problem=type(error).__name__)
        with database.write() as session:
            later = update(Action).where(Action.id == action_id, Action.state == ActionState.UNKNOWN)
            session.execute(later.values(wait_until=now() + _LOST_LOOK))
        return 0


def _waiting(session: Session, state: ActionState, now: datetime, most: int, kinds: Collection[ActionKind]) -> list[int]:
    asked = {"state": state, "now": now, "most": most, "kinds": list(kinds)}
    return [row.id for row in _WHOSE_TIME_HAS_COME.rows(connection_of(session), asked)]


_WHOSE_TIME_HAS_COME = Prepared(
    select(Action.id)
    .where(
        text(UNSETTLED),
        Action.state == bindparam("state"),
        Action.kind.in_(bindparam("kinds", expanding=True)),
        or_(Action.wait_until.is_(None), Action.wait_until <= bindparam("now")),
    )
    .limit(bindparam("most")),
    "kinds",
)


def _reconcile(database: Database, action_id: int, now: Now, hands: Hands) -> int:
    with database.write() as session:
        question = _ask(session, action_id, now(), hands)
    if question is None:
        return 0
    trace = question.inquiry.look_up(DELIVERY_SECONDS)
    with database.write() as session:
        _answer(session, question, trace, now(), hands)
    return 1


def _ask(session: Session, action_id: int, now: datetime, hands: Hands) -> _Question | None:
    entry = entry_of(session, action_id)
    if entry is None or entry.state is not ActionState.UNKNOWN:
        return None
    hand = hand_of(hands, entry.kind)
    inquiry = hand.inquiry(session, entry, now) if hand is not None else None
    if inquiry is None:
        _park(session, entry, Reason.NO_EVIDENCE, now)
        return None
    action = session.execute(select(Action.sending_at, Action.looked_up).where(Action.id == action_id)).one()
    note = Note(now, day_of(entry, now), "worker")
    # If the answer can't be written down, the look-up is begun again after this time.
    move(session, entry, ActionState.RECONCILING, note, looked_up=action.looked_up + 1, wait_until=now + _LOST_LOOK)
    return _Question(replace(entry, state=ActionState.RECONCILING), inquiry, action.sending_at, now, action.looked_up + 1)


def _park(session: Session, entry: Entry, reason: Reason, now: datetime) -> None:
    day = day_of(entry, now)
    move(session, entry, ActionState.RECONCILING, Note(now, day, "worker"))
    move(session, replace(entry, state=ActionState.RECONCILING), ActionState.PARKED, Note(now, day, "worker", reason))


def _answer(session: Session, question: _Question, trace: Trace, now: datetime, hands: Hands) -> None:
    entry = question.entry
    day = day_of(entry, now)
    evidence = {"looked_up": trace.value, "message_id": entry.message_id}
    if trace is Trace.ABSENT and not question.inquiry.absence_proves:
        trace = Trace.UNKNOWABLE
    if trace is Trace.FOUND:
        if move(session, entry, ActionState.ACCEPTED, Note(now, day, "worker", Reason.FOUND_IN_SENT, evidence)):
            sequence.advance(session, entry, now)
            if (hand := hand_of(hands, entry.kind)) is not None:
                hand.settle(session, entry, Accepted(evidence), now)
    elif trace is Trace.ABSENT and question.asked_at >= question.sent_at + _SETTLED:
        _not_sent(session, entry, now, evidence)
    elif trace is Trace.UNKNOWABLE or question.looked_up >= _MOST_LOOKS:
        move(session, entry, ActionState.PARKED, Note(now, day, "worker", Reason.NO_EVIDENCE, evidence))
    else:
        pause = min(_FARTHEST_LOOK, FIRST_LOOK * 2**question.looked_up)
        if trace is Trace.ABSENT:
            pause = max(timedelta(0), question.sent_at + _SETTLED - now)
        note = Note(now, day, "worker", Reason.OUTCOME_UNKNOWN, evidence)
        move(session, entry, ActionState.UNKNOWN, note, wait_until=now + pause)


def _not_sent(session: Session, entry: Entry, now: datetime, evidence: dict[str, str | None]) -> None:
    note = Note(now, day_of(entry, now), "worker", Reason.NOT_FOUND_IN_SENT, evidence)
    move(session, entry, ActionState.DUE, note, gives_back=True, wait_until=None)
    if entry.lead_id is not None:
        absences.mind(session, entry.lead_id)
    agenda.wake_lane(session, [entry.lane_id], now)

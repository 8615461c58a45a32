"""Carrying out a lane's actions: book, last gate, deliver, record. Nothing is sent that this page did not book.

Booking, its last gate and `sending` are one transaction, so that no commit can come between what was read and what is
begun; delivery happens outside any; its record is a transaction again, in which the lane's next action is begun, too.
Whatever a crash leaves in `sending` is looked up before it is tried again (engine.recovery). `now` is a callable, because
an attempt has two instants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import logs, outcomes
from engine.booking import LEASE, Booking, book_and_begin, choose, end_lead
from engine.channels.effects import Delivery, Failed, Outcome, at_a_stretch
from engine.counter import Writer
from engine.crash_points import reached
from engine.desk import Problem
from engine.email_hand import EmailHand
from engine.hands import DELIVERY_SECONDS, Effect, Hand, Hands
from engine.outcomes import day_of
from engine.rules.facts import Refuse, Wait
from engine.rules.permit import still_permitted
from engine.situations import situations
from engine.texts import BadText, UnsendableText
from storage.kinds import ActionKind, ActionState, Channel, Reason
from storage.lanes import begin_effect, release_lease
from storage.ledger import Note, move

_AFTER_A_DEFECT, _AFTER_A_FAULT = timedelta(minutes=15), timedelta(minutes=1)

Now = Callable[[], datetime]
_log = logs.logger("worker")


@dataclass(frozen=True, slots=True)
class Begun:
    """An action for which `sending` is written, or one whose gate stayed shut (`effect` is None)."""

    booking: Booking
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Attended:
    """What a visit came to: the action that was tried and the state it reached, or neither."""

    action_id: int | None = None
    state: ActionState | None = None


def attend(writer: Writer, lane_id: int, now: Now, holder: str, hands: Hands) -> Attended:
    """Look at one lane and carry out at most one action. Safe to call twice, late, or not at all."""
    begun = writer.do(lambda session: begin(session, lane_id, now(), holder, hands))
    if begun is None:
        return Attended()
    outcome = deliver(begun)
    if outcome is None:
        return Attended(begun.booking.entry.id)

    def finish(session: Session) -> ActionState | None:
        at = now()
        state = record(session, begun, outcome, at, hands)
        release_lease(session, lane_id, begun.booking.epoch, at)
        return state

    try:
        state = writer.do(finish)
    except Exception:
        record_at_least(writer, begun, outcome, now)
        raise
    reached("recorded")
    return Attended(begun.booking.entry.id, state)


def begin(
    session: Session, lane_id: int, now: datetime, holder: str, hands: Hands, epoch: int | None = None
) -> Begun | None:
    """Book the lane's next action and write `sending` for it; None when nothing may run, and its wake-up is set.

    The verdict was made from what this very transaction reads, so it is the last gate. `epoch` is that of a lane which is
    held already.
    """
    choice = choose(session, lane_id, now, holder, epoch)
    if choice is None:
        return None
    effect = effect_of(session, choice.booking, now, hands)
    if effect is None:
        return Begun(choice.booking, None)
    begun = book_and_begin(session, choice, effect.evidence, now)
    reached("reserved")
    return Begun(begun, effect) if begun is not None else None


def open_gate(session: Session, booking: Booking, now: datetime, hands: Hands) -> Effect | None:
    """The last gate of a booking of another transaction: all is read once more where `sending` is written; None: shut."""
    entry = booking.entry
    current = situations(session, [entry.id], now).get(entry.id)
    if current is None or current.epoch != booking.epoch:
        return None  # fenced: whoever holds the lane now has given this booking back
    obstacle: Wait | Refuse | None = still_permitted(current.facts, now)
    if obstacle is None and now >= booking.not_after:
        obstacle = Wait(Reason.OUTSIDE_HOURS, now)
    if obstacle is not None:
        _hand_back(session, booking, obstacle, now)
        return None
    effect = effect_of(session, booking, now, hands)
    if effect is None:
        return None
    note = Note(now, day_of(entry, now), "worker", evidence=effect.evidence)
    if not move(session, entry, ActionState.SENDING, note, fence=booking.fence, sending_at=now):
        return None
    begin_effect(session, entry.lane_id, booking.epoch, now, LEASE)
    return effect


def hand_of(hands: Hands, kind: ActionKind) -> Hand | None:
    """The hand that carries out this kind; None when this worker has none for its channel."""
    found = hands.others.get(kind)
    return found if found is not None or kind.channel is not Channel.EMAIL else EmailHand(hands)


def deliver(begun: Begun) -> Outcome | None:
    """Touch the world, outside any transaction; None when the gate stayed shut."""
    return None if begun.effect is None else at_a_stretch(delivery(begun.effect))


def delivery(effect: Effect) -> Delivery:
    """The same step by step, for who has others to see to while an answer is on its way."""
    reached("sending")
    return effect.delivery(DELIVERY_SECONDS)


def record_at_least(writer: Writer, begun: Begun, outcome: Outcome, now: Now) -> None:
    """What failed was the next action, or what follows from this one: that must not undo what is known of this one."""

    def work(session: Session) -> None:
        at = now()
        # What stands written already may have begun the lane's next action, whose answer was lost with the commit's: the
        # lane stays held then, for recovery to settle it.
        if outcomes.record(session, begun.booking.entry, begun.booking.epoch, outcome, at) is not None:
            release_lease(session, begun.booking.entry.lane_id, begun.booking.epoch, at + _AFTER_A_FAULT)

    writer.do(work)


def record(session: Session, begun: Begun, outcome: Outcome, now: datetime, hands: Hands) -> ActionState | None:
    """Write down what came of it and what follows; None when the epoch was no longer ours. The lane stays held."""
    state = outcomes.record(session, begun.booking.entry, begun.booking.epoch, outcome, now)
    if state is not None:
        settle(session, begun, outcome, now, hands)
    return state


def settle(session: Session, begun: Begun, outcome: Outcome, now: datetime, hands: Hands) -> None:
    """What the outcome means beyond its action, by the hand of its kind."""
    entry = begun.booking.entry
    hand = hand_of(hands, entry.kind)
    if hand is not None:
        hand.settle(session, entry, outcome, now)


def effect_of(session: Session, booking: Booking, now: datetime, hands: Hands, hand: Hand | None = None) -> Effect | None:
    """What is done and by whom; None when it can't be done, or the account has no sign-in any more.

    `hand` is that of the booking's kind, for who has it.
    """
    entry, hand = booking.entry, hand or hand_of(hands, booking.entry.kind)
    if hand is None:
        _hand_back(session, booking, Wait(Reason.NEVER_CONNECTED, None), now)  # this channel can't be used yet
        return None
    try:
        return hand.prepare(session, entry, booking.mailbox_id, now)
    except (UnsendableText, BadText) as problem:
        _refuse_text(session, booking, problem, now)
    except Problem as problem:
        ended = Failed(Reason.RECONNECT_NEEDED, str(problem), permanent=False, connection_ended=True)
        hand.settle(session, entry, ended, now)
        _hand_back(session, booking, Wait(Reason.RECONNECT_NEEDED, None), now)
    except SQLAlchemyError:
        raise
    except Exception as error:  # a defect of ours must neither send, nor end a lead, nor keep the lane busy
        _log.exception("effect.failed", action=entry.id)
        _put_off(session, booking, error, now)
    return None


def _hand_back(session: Session, booking: Booking, obstacle: Wait | Refuse, now: datetime) -> None:
    """The gate stayed shut: nothing happened, so what quota was taken for it goes back, and the lane is free."""
    entry = booking.entry
    note = Note(now, day_of(entry, now), "worker", obstacle.reason)
    if isinstance(obstacle, Refuse):
        if move(session, entry, ActionState.SKIPPED, note, fence=booking.fence, gives_back=booking.holds_quota):
            end_lead(session, entry, obstacle.reason, now)
        wake: datetime | None = now
    else:
        _due_again(session, booking, note, wait_until=obstacle.until)
        wake = max(now, obstacle.until) if obstacle.until is not None else None
    release_lease(session, entry.lane_id, booking.epoch, wake)


def _refuse_text(session: Session, booking: Booking, problem: UnsendableText | BadText, now: datetime) -> None:
    entry, sentence = booking.entry, str(problem)
    note = Note(now, day_of(entry, now), "worker", problem.reason, {"problem": sentence})
    if move(session, entry, ActionState.SKIPPED, note, fence=booking.fence, gives_back=booking.holds_quota, note=sentence):
        end_lead(session, entry, problem.reason, now)
    release_lease(session, entry.lane_id, booking.epoch, now)


def _put_off(session: Session, booking: Booking, error: Exception, now: datetime) -> None:
    entry, again = booking.entry, now + _AFTER_A_DEFECT
    note = Note(now, day_of(entry, now), "worker", Reason.RETRY_LATER, {"problem": type(error).__name__})
    _due_again(session, booking, note, due_at=again, wait_until=again)
    release_lease(session, entry.lane_id, booking.epoch, now)


def _due_again(session: Session, booking: Booking, note: Note, **values: datetime | None) -> None:
    fence, holds = booking.fence, booking.holds_quota
    move(session, booking.entry, ActionState.DUE, note, fence=fence, gives_back=holds, **values)

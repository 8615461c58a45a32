"""Booking the next action of a lane: the verdict of each that may be next, and quota and lane held for the one that runs.

Quota is taken at reserve and given back only with proof that nothing happened. What does not run is told why, and the lane
is looked at again when that may have changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from engine import limit_steps, outcomes
from engine.outcomes import day_of
from engine.rules.facts import Facts, Refuse, Run, Wait
from engine.rules.permit import permit
from engine.rules.phrases import phrases
from engine.situations import Situation, situations
from storage.columns import table_of
from storage.kinds import ActionKind, ActionState, LeadState, QuotaClock, Reason
from storage.lanes import begin_effects, release_lease, take_lease
from storage.ledger import Entry, Note, connection_of, move, take_quota
from storage.ledger_sets import Moving, Unit, move_all, take_quotas
from storage.overview_readings import heads_of
from storage.prepared import Prepared
from storage.readings import heads
from storage.tables import Action

LEASE = timedelta(minutes=5)
# Waits that end earlier when a temporary limit does, or when a ramp's next step begins.
_LIMITED = frozenset(
    {
        Reason.LIMIT_ZERO,
        Reason.DAY_LIMIT,
        Reason.ROLLING_24_HOURS_LIMIT,
        Reason.ROLLING_7_DAYS_LIMIT,
        Reason.ROLLING_30_DAYS_LIMIT,
        Reason.NOTES_LIMIT,
        Reason.PENDING_LIMIT,
        Reason.PACING,
    }
)
_UNREADABLE = timedelta(minutes=1)
_MOST_REFUSED = 50  # a visit ends after so many that can't run; the lane is looked at again soon
_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Booking:
    """An action whose lane is held, with its quota from `reserved` on; it must begin before `not_after`."""

    entry: Entry
    epoch: int
    not_after: datetime
    mailbox_id: int | None

    @property
    def holds_quota(self) -> bool:
        return self.entry.state is ActionState.RESERVED

    @property
    def fence(self) -> int | None:
        """The epoch that its action must carry, once it carries one."""
        return self.epoch if self.holds_quota else None


@dataclass(frozen=True, slots=True)
class Choice:
    """The action that may run now, with what said so; nothing is taken for it yet but the lane."""

    booking: Booking
    facts: Facts


def choose(session: Session, lane_id: int, now: datetime, holder: str, epoch: int | None = None) -> Choice | None:
    """Find the lane's next action that may run; None when there is none, then the lane is free and its wake-up set.

    `epoch` is that of a lane which the caller holds already; otherwise it is taken here, if it is free.
    """
    held = take_lease(session, lane_id, holder, now, LEASE) if epoch is None else epoch
    if held is None:
        return None
    passed: set[int] = set()
    waits: list[datetime] = []
    for _ in range(_MOST_REFUSED):
        candidates = [head.id for head in heads(session, lane_id, passed)]
        if not candidates:
            break
        found = situations(session, candidates, now, by_holder=True)
        verdicts: list[Wait | Refuse] = []
        for situation in (found[action_id] for action_id in candidates):
            verdict = permit(situation.facts, now)
            if isinstance(verdict, Run):
                return Choice(Booking(situation.entry, held, verdict.not_after, situation.mailbox_id), situation.facts)
            _set_aside(session, situation, verdict, now, waits)
            verdicts.append(verdict)
        passed.update(candidates)
        if not _may_others_run(verdicts):
            break
    else:
        waits.append(now + _AGAIN)
    release_lease(session, lane_id, held, min(waits, default=None))
    return None


def choose_among(session: Session, held: Mapping[int, int], now: datetime) -> dict[int, Choice]:
    """The choice for each of several held lanes (with its epoch) whose very first candidate is a mail that may run now.

    What `choose` says of these lanes, read for all of them at once; of the others it says nothing, and `choose` must be
    asked. Mails alone: what two lanes begin together must not be a fact of each other's verdict.
    """
    found = heads_of(session, list(held))
    firsts = [heads[0].id for heads in found.values() if heads and heads[0].kind is ActionKind.EMAIL]
    chosen: dict[int, Choice] = {}
    for situation in situations(session, firsts, now, by_holder=True).values():
        verdict = permit(situation.facts, now)
        if isinstance(verdict, Run):
            lane_id = situation.entry.lane_id
            booking = Booking(situation.entry, held[lane_id], verdict.not_after, situation.mailbox_id)
            chosen[lane_id] = Choice(booking, situation.facts)
    return chosen


def reserve(session: Session, lane_id: int, now: datetime, holder: str) -> Booking | None:
    """Hold the lane and book its next action with its quota, for a last gate in another transaction."""
    choice = choose(session, lane_id, now, holder)
    if choice is None:
        return None
    terms = _terms(choice, now)
    if not _take(session, choice, terms.unit, now):
        return None
    entry = choice.booking.entry
    if not move(session, entry, ActionState.RESERVED, terms.note, attempt=terms.unit.attempt, **terms.values):
        raise RuntimeError("An action moved while its lane was held.")
    return replace(choice.booking, entry=entry.at(ActionState.RESERVED, terms.unit.attempt))


def book_and_begin(session: Session, choice: Choice, evidence: dict[str, Any], now: datetime) -> Booking | None:
    """Book the chosen action with its quota and write `sending` for it at once; None when the quota's referee says no."""
    terms = _terms(choice, now)
    if not _take(session, choice, terms.unit, now):
        return None
    return _begin_all(session, [(choice, evidence, terms)], now)[0]


def book_and_begin_all(session: Session, chosen: Sequence[tuple[Choice, dict[str, Any]]], now: datetime) -> list[Booking]:
    """`book_and_begin` for the choices of several lanes, each with its evidence.

    NotAllError when the quota's referee says no to one of them: then the transaction must be rolled back.
    """
    picks = [(choice, evidence, _terms(choice, now)) for choice, evidence in chosen]
    take_quotas(session, [terms.unit for _, _, terms in picks], now)
    return _begin_all(session, picks, now)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a booking takes and writes: its unit of quota, the event, and the values of the action's row."""

    unit: Unit
    note: Note
    values: dict[str, Any]


def _terms(choice: Choice, now: datetime) -> _Terms:
    entry, facts = choice.booking.entry, choice.facts
    day = day_of(entry, now)
    limit = next(use.limit for use in facts.uses or () if use.clock is QuotaClock.LOCAL_DAY)
    values = {"epoch": choice.booking.epoch, "not_after": choice.booking.not_after, "reserved_at": now, "wait_until": None}
    note = Note(now, day, "worker", evidence=_values(facts, now), spent=1)
    return _Terms(Unit(entry, day, limit, entry.attempt + 1, has_note=facts.writes_note(now)), note, values)


def _take(session: Session, choice: Choice, unit: Unit, now: datetime) -> bool:
    if take_quota(session, unit.entry, unit.day, unit.limit, unit.attempt, now, has_note=unit.has_note):
        return True
    # The referee disagrees with the count: somebody else was quicker. Ask again shortly.
    release_lease(session, unit.entry.lane_id, choice.booking.epoch, now + timedelta(seconds=5))
    return False


def _begin_all(session: Session, picks: Sequence[tuple[Choice, dict[str, Any], _Terms]], now: datetime) -> list[Booking]:
    moves, begun = [], []
    for choice, evidence, terms in picks:
        entry, attempt = choice.booking.entry, terms.unit.attempt
        beginning = Note(now, terms.note.day, "worker", evidence=evidence)
        steps = ((ActionState.RESERVED, terms.note), (ActionState.SENDING, beginning))
        values = {"attempt": attempt, "sending_at": now, **terms.values}
        moves.append(Moving(entry, steps, values, attempt))
        begun.append(replace(choice.booking, entry=entry.at(ActionState.SENDING, attempt)))
    move_all(session, moves)
    begin_effects(session, {each.entry.lane_id: each.epoch for each in begun}, now, LEASE)
    return begun


def _may_others_run(verdicts: list[Wait | Refuse]) -> bool:
    """Whether what stopped these heads is theirs alone (their lead's, campaign's, share's), so that others may run."""
    own = (Reason.EARLIER_STEP_OPEN, Reason.COOL_DOWN, Reason.SHARE_USED_UP, Reason.NOT_SHARED)
    return any(isinstance(verdict, Refuse) or verdict.reason in own for verdict in verdicts)


def _set_aside(session: Session, situation: Situation, verdict: Wait | Refuse, now: datetime, waits: list[datetime]) -> None:
    """It does not run now: it ends, or it is said why it waits, and the lane is looked at when that may have changed."""
    if isinstance(verdict, Refuse):
        _skip(session, situation.entry, situation.facts, verdict.reason, now)
        return
    _note_wait(session, situation, verdict, now)
    if verdict.until is not None:
        waits.append(verdict.until)
    if verdict.reason in _LIMITED:
        changes = limit_steps.next_change(session, situation.entry.lane_id, situation.entry.kind, now)
        waits += [changes] if changes is not None else []
    if verdict.reason is Reason.COUNT_UNREADABLE:
        waits.append(now + _UNREADABLE)  # nobody tells the lane when the counts can be read again


def _skip(session: Session, entry: Entry, facts: Facts, reason: Reason, now: datetime) -> None:
    note = Note(now, day_of(entry, now), "worker", reason, _values(facts, now))
    move(session, entry, ActionState.SKIPPED, note)
    end_lead(session, entry, reason, now)


def end_lead(session: Session, entry: Entry, reason: Reason, now: datetime) -> None:
    """What refused the action ends its lead, too."""
    if entry.lead_id is not None:
        state = LeadState.LEFT_OUT if reason is Reason.SUPPRESSED else LeadState.FAILED
        outcomes.close_lead(session, entry.lead_id, state, reason, now)


def _note_wait(session: Session, situation: Situation, verdict: Wait, now: datetime) -> None:
    """Keep on the row why it waits: its time has come, so from planned it becomes due; only a change is an event."""
    entry = situation.entry
    # A cool-down is the lead's own: those behind it must not wait, so it takes its place where it ends.
    ends_by_itself = verdict.reason is Reason.COOL_DOWN and verdict.until is not None
    place: dict[str, Any] = {"due_at": verdict.until} if ends_by_itself else {}
    if entry.state is ActionState.PLANNED and now >= entry.due_at:
        note = Note(now, day_of(entry, now), "worker", verdict.reason)
        move(session, entry, ActionState.DUE, note, wait_until=verdict.until, **place)
    elif situation.waits != (verdict.reason, verdict.until):
        waits = {"of_action": entry.id, "reason": verdict.reason, "wait_until": verdict.until, **place}
        _WAITS.changed(connection_of(session), waits)


_WAITS = Prepared(update(table_of(Action)).where(Action.id == bindparam("of_action")))


def _values(facts: Facts, now: datetime) -> dict[str, Any]:
    """The values of every gate at that moment, for the timeline and the why."""
    return {"gates": phrases(facts, now)}

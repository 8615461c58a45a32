"""Carrying on with a lane, and the turns of several lanes as one set.

The turns of lanes that wait for the database at the same moment are brought to one counter (engine.counter, engine.crew).
What is alike in them, mails that were taken and mails that may go, is then read, judged and written for all of them in one
statement each; every other turn is done by itself beside it. Whatever is not as a set expects it to be undoes the set, and
each turn is done alone: the single way (engine.dispatch) decides, the set is only quicker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from engine import outcomes, slow_servers
from engine.booking import LEASE, Choice, book_and_begin_all, choose_among
from engine.channels.effects import Accepted, Delivery, Outcome
from engine.counter import Joint, Writer
from engine.crash_points import reached
from engine.dispatch import Begun, Now, begin, delivery, effect_of, record, record_at_least
from engine.email_hand import EmailHand, mailboxes
from engine.hands import Hands
from storage.kinds import ActionKind
from storage.lanes import release_lease, take_lease
from storage.ledger_sets import NotAllError


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt and what came of it, not written down yet."""

    begun: Begun
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Turn(Joint[Begun | None]):
    """One visit to a lane: what came of its last action is written down, and its next one is begun if it `goes_on`."""

    lane_id: int
    now: Now
    holder: str
    hands: Hands
    ended: Ended | None
    goes_on: bool

    def __call__(self, session: Session) -> Begun | None:
        """The turn by itself; what was begun, or None."""
        at = self.now()
        return self._go_on(session, at, self._record(session, at))

    @classmethod
    def at_once(cls, session: Session, works: Sequence[Self]) -> list[Begun | None]:
        """The turns of different lanes, at one instant. NotAllError when one is not as a set needs it to be."""
        if len({turn.lane_id for turn in works}) < len(works):
            raise NotAllError("A lane stands twice in the set.")
        now = works[0].now()
        held = _record_all(session, works, now)
        chosen = choose_among(session, {lane_id: epoch for lane_id, epoch in held.items() if epoch is not None}, now)
        begun = _begin_all(session, works, chosen, now)
        return [
            begun[turn.lane_id] if turn.lane_id in begun else turn._go_on(session, now, held.get(turn.lane_id))
            for turn in works
        ]

    def _record(self, session: Session, now: datetime) -> int | None:
        """Write down what came of the last action; the epoch that is still held for the next one."""
        if self.ended is None:
            return None
        booking = self.ended.begun.booking
        is_ours = record(session, self.ended.begun, self.ended.outcome, now, self.hands) is not None
        return booking.epoch if is_ours else None

    def _go_on(self, session: Session, now: datetime, epoch: int | None) -> Begun | None:
        if self.goes_on:
            return begin(session, self.lane_id, now, self.holder, self.hands, epoch)
        if self.ended is not None:
            release_lease(session, self.lane_id, self.ended.begun.booking.epoch, now)
        return None


@dataclass(eq=False, slots=True)
class Visit:
    """The way through a lane, an action after the other while it has any that may run and `may_go_on` says so.

    What came of one is written in the turn that begins the next, for which the lane stays held. `at_end` is told how many
    were tried.
    """

    lane_id: int
    now: Now
    holder: str
    hands: Hands
    may_go_on: Callable[[], bool]
    at_end: Callable[[int], None] = lambda tried: None
    tried: int = 0
    _begun: Begun | None = None
    _delivery: Delivery | None = None
    _ended: Ended | None = None

    def next_turn(self) -> Turn | None:
        """What is to be written next; None when the visit is over."""
        goes_on = self.may_go_on()
        if not goes_on and self._ended is None:
            return None
        return Turn(self.lane_id, self.now, self.holder, self.hands, self._ended, goes_on)

    def has_begun(self, begun: Begun | None) -> bool:
        """The turn is committed and has begun this, or nothing more: whether there is something to deliver."""
        if self._ended is not None:
            reached("recorded")
        self._begun, self._ended = begun, None
        return begun is not None

    def failed(self, writer: Writer, error: BaseException) -> BaseException:
        """The turn is not written: at least what is known of the last attempt must be. Returns what is to be raised."""
        if self._ended is not None and isinstance(error, Exception):
            try:
                record_at_least(writer, self._ended.begun, self._ended.outcome, self.now)
            except Exception as worse:
                worse.__context__ = error
                return worse
        return error

    def step(self) -> bool:
        """Touch the world, outside any transaction, until an answer is waited for; whether there is an outcome now."""
        if self._begun is None:
            raise RuntimeError("Nothing was begun.")
        if self._begun.effect is None:
            self.tried += 1
            return True
        if self._delivery is None:
            self._delivery = delivery(self._begun.effect)
        try:
            next(self._delivery)
        except StopIteration as done:
            self._ended, self._delivery = Ended(self._begun, done.value), None
            self.tried += 1
            return True
        return False

    def end(self) -> None:
        """Nothing follows."""
        try:
            self.hands.leave()
        finally:
            self.at_end(self.tried)


def carry_on(writer: Writer, lane_id: int, now: Now, holder: str, hands: Hands, may_go_on: Callable[[], bool]) -> int:
    """A visit by a thread that has no others beside it (engine.crew has); returns how many actions were tried."""
    visit = Visit(lane_id, now, holder, hands, may_go_on)
    try:
        while (turn := visit.next_turn()) is not None:
            try:
                begun = writer.do(turn)
            except Exception as error:
                raise visit.failed(writer, error) from None
            if not visit.has_begun(begun):
                break
            while not visit.step():
                pass
    finally:
        visit.end()
    return visit.tried


def _record_all(session: Session, turns: Sequence[Turn], now: datetime) -> dict[int, int | None]:
    """Write down what came of all their last actions; the epochs that are held now for the lanes that go on."""
    plain = {turn.lane_id: turn.ended for turn in turns if turn.ended is not None and _is_plain(turn.ended)}
    _record_accepted(session, list(plain.values()), now)
    # All that an accepted mail means beyond its action (EmailHand.settle).
    slow_servers.mind_all(session, {lane_id: ended.outcome.seconds for lane_id, ended in plain.items()}, now)
    held: dict[int, int | None] = {}
    for turn in turns:
        if turn.lane_id in plain:
            epoch: int | None = plain[turn.lane_id].begun.booking.epoch
        elif turn.ended is not None:
            epoch = turn._record(session, now)
        else:
            epoch = take_lease(session, turn.lane_id, turn.holder, now, LEASE) if turn.goes_on else None
        if turn.goes_on:
            held[turn.lane_id] = epoch
    return held


def _is_plain(ended: Ended) -> bool:
    return isinstance(ended.outcome, Accepted) and ended.begun.booking.entry.kind is ActionKind.EMAIL


def _record_accepted(session: Session, plain: Sequence[Ended], now: datetime) -> None:
    attempts = [
        (ended.begun.booking.entry, ended.begun.booking.epoch, ended.outcome)
        for ended in plain
        if isinstance(ended.outcome, Accepted)
    ]
    outcomes.record_accepted(session, attempts, now)


def _begin_all(session: Session, turns: Sequence[Turn], chosen: Mapping[int, Choice], now: datetime) -> dict[int, Begun]:
    """Begin what was chosen for these lanes; what was begun, by lane."""
    begun: dict[int, Begun] = {}
    ready = []
    boxes = mailboxes(session, {choice.booking.mailbox_id for choice in chosen.values() if choice.booking.mailbox_id})
    for turn in turns:
        choice = chosen.get(turn.lane_id)
        if choice is None:
            continue
        effect = effect_of(session, choice.booking, now, turn.hands, EmailHand(turn.hands, boxes))
        if effect is None:
            begun[turn.lane_id] = Begun(choice.booking, None)
        else:
            ready.append((choice, effect))
    bookings = book_and_begin_all(session, [(choice, effect.evidence) for choice, effect in ready], now)
    for booking, (_, effect) in zip(bookings, ready, strict=True):
        reached("reserved")
        begun[booking.entry.lane_id] = Begun(booking, effect)
    return begun

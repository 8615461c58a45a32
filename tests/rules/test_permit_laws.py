"""Laws of the verdict over thousands of random situations: one truth for two readers, and promises that are kept."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from engine.rules.facts import ClockUse, Facts, Note, Refuse, Run, Wait, WorkingHours
from engine.rules.hours import local_day, window_at
from engine.rules.permit import explain, permit
from storage.kinds import (
    ActionKind,
    CampaignState,
    Gate,
    LeadState,
    LinkedInState,
    MailboxState,
    QuotaClock,
    Reason,
    StopScope,
)
from tests.rules.situations import AWKWARD, MONDAY, facts, hours, inside_wall_clock

SEEDS = range(4000)
FIRST = datetime(2026, 1, 10, tzinfo=UTC)
ROLLING = (QuotaClock.ROLLING_24_HOURS, QuotaClock.ROLLING_7_DAYS, QuotaClock.ROLLING_30_DAYS, QuotaClock.NOTES_30_DAYS)
ENDED_BY_A_PERSON = {Reason.LIMIT_ZERO, Reason.NO_HOURS, Reason.PENDING_LIMIT}
ZONES = (*AWKWARD, "Europe/Madrid", "America/New_York")


def situations() -> Iterator[tuple[int, Facts, datetime]]:
    """Thousands of situations; the seed that comes with each names it when a law fails."""
    for seed in SEEDS:
        chance = Random(seed)
        now = FIRST + timedelta(minutes=chance.randrange(330 * 24 * 60))
        yield seed, _situation(chance, now), now


def _situation(chance: Random, now: datetime) -> Facts:
    def rarely(values: Iterable[Any], otherwise: Any) -> Any:
        """Mostly `otherwise`, so that the later gates are reached."""
        return chance.choice(tuple(values)) if chance.random() < 0.04 else otherwise

    def about(days: float, past: float = 0.5) -> datetime:
        return now + timedelta(days=days * (chance.random() - past))

    last = rarely([None], about(3, past=1))
    return facts(
        kind=chance.choice(tuple(ActionKind)),
        hours=_hours(chance),
        due_at=about(4, past=0.8),
        uses=rarely([None], _uses(chance, now)),
        pace_seed=f"lane:{chance.randrange(50)}",
        gap=timedelta(seconds=chance.randint(60, 900)),
        last_effect_at=last,
        last_of_kind_at=last and min(last, about(3, past=1)),
        stop=rarely(StopScope, None),
        quarantined=rarely([True], False),
        latest_event_at=rarely([about(0.1)], about(1, past=1)),
        campaign=rarely(CampaignState, CampaignState.RUNNING),
        lead=rarely(LeadState, LeadState.ACTIVE),
        earlier_step_open=rarely([True], False),
        awaiting_acceptance=rarely([True], False),
        suppressed=rarely([True], False),
        mailbox=rarely(MailboxState, MailboxState.OK),
        linkedin=rarely(LinkedInState, LinkedInState.CONNECTED),
        consent=rarely([False], True),
        warming_up=rarely([True], False),
        cool_down_until=rarely([about(20), about(20)], None),
        frozen_until=rarely([about(9), about(9)], None),
        note=chance.choice(tuple(Note)),
        slow_until=rarely([about(9), about(9)], None),
        failed_before=chance.random() < 0.5,
        in_flight=chance.random() < 0.1,
        in_flight_until=about(0.01),
    )


def _hours(chance: Random) -> WorkingHours:
    start, length = chance.randrange(1440), chance.randint(300, 1440)
    end = (start + length - 1) % 1440 + 1
    days = frozenset(chance.sample(range(1, 8), chance.randint(2, 7)))
    return hours(chance.choice(ZONES), start, end if end != start else 1440, days)


def _uses(chance: Random, now: datetime) -> tuple[ClockUse, ...]:
    found = []
    for clock in QuotaClock:
        limit, used = chance.choice((0, 5, 20, 50, 50, 50)), chance.choice((0, 1, 4, 20, 49))
        full = clock in ROLLING and used >= limit
        frees_at = now + timedelta(days=30 * chance.random()) if full and chance.random() < 0.7 else None
        raised_at = now + timedelta(days=5 * chance.random()) if used >= limit and chance.random() < 0.3 else None
        if chance.random() < 0.3:
            found.append(ClockUse(clock, limit, used, frees_at, raised_at))
    return tuple(found)


def passed_on(known: Facts, now: datetime, later: datetime) -> Facts:
    """The same situation read again later: only what time itself changes is changed."""
    another_day = local_day(known.hours, later) != local_day(known.hours, now)
    read_again = []
    for use in known.uses or ():
        freed = use.frees_at is not None and use.frees_at <= later
        if (use.clock is QuotaClock.LOCAL_DAY and another_day) or freed:
            use = replace(use, used=0 if not freed else max(0, use.limit - 1), frees_at=None)
        if use.raised_at is not None and use.raised_at <= later:
            use = replace(use, limit=max(use.limit, use.used + 1), raised_at=None)
        read_again.append(use)
    ended = known.in_flight_until is not None and known.in_flight_until <= later
    return replace(
        known,
        uses=None if known.uses is None else tuple(read_again),
        in_flight=known.in_flight and not ended,
    )


def test_the_worker_and_the_person_hear_the_same() -> None:
    for seed, known, now in situations():
        verdict = permit(known, now)
        reports = explain(known, now)
        first = next((each.obstacle for each in reports if not each.passed), None)
        assert tuple(each.gate for each in reports) == tuple(Gate)
        assert first == verdict or (first is None and isinstance(verdict, Run)), seed


def test_every_gate_keeps_its_promise() -> None:
    """`until` lies ahead, and then, with nothing else changed, the same reason is not given again."""
    for seed, known, now in situations():
        for report in explain(known, now):
            if isinstance(report.obstacle, Wait) and report.obstacle.until is not None:
                _keeps(report.gate, report.obstacle.reason, report.obstacle.until, known, now, seed)


def _keeps(gate: Gate, reason: Reason, until: datetime, known: Facts, now: datetime, seed: int) -> None:
    assert until > now, (seed, gate)
    if gate is Gate.PACING:  # how far apart effects lie follows from the limit, which then stays as it is
        known = replace(known, uses=tuple(replace(use, raised_at=None) for use in known.uses or ()))
    later = passed_on(known, now, until)
    again = next(each.obstacle for each in explain(later, until) if each.gate is gate)
    assert getattr(again, "reason", None) is not reason, (seed, again)
    assert getattr(permit(later, until), "reason", None) is not reason, (seed, reason)
    if gate not in (Gate.CLOCK, Gate.IN_FLIGHT):
        assert window_at(known.hours, until) is not None, (seed, gate)


def test_what_runs_runs_inside_the_hours_below_every_limit_and_after_the_gap() -> None:
    for seed, known, now in situations():
        verdict = permit(known, now)
        if isinstance(verdict, Run):
            last = verdict.not_after - timedelta(microseconds=1)
            assert inside_wall_clock(known.hours, now), seed
            assert inside_wall_clock(known.hours, last), seed
            assert local_day(known.hours, last) == local_day(known.hours, now), seed
            assert known.uses is not None, seed
            notes_hold = known.note is Note.NEEDED
            holding = [use for use in known.uses if notes_hold or use.clock is not QuotaClock.NOTES_30_DAYS]
            assert all(use.used < use.limit for use in holding), seed
            assert known.last_effect_at is None or now - known.last_effect_at >= known.gap, seed
            assert known.due_at <= now < verdict.not_after, seed
            assert known.lead in (None, LeadState.ACTIVE, LeadState.NEW), seed
            assert not any((known.suppressed, known.stop, known.quarantined, known.in_flight)), seed


def test_following_the_promises_always_leads_to_an_end() -> None:
    """Asked again at each `until`, it runs, is refused, or waits for a person within a few steps: no endless wait."""
    ends: Counter[type] = Counter()
    for seed, known, now in situations():
        for _ in range(12):
            verdict = permit(known, now)
            if not isinstance(verdict, Wait) or verdict.until is None:
                break
            known, now = passed_on(known, now, verdict.until), verdict.until
        assert not isinstance(verdict, Wait) or verdict.until is None, (seed, verdict)
        ends[type(verdict)] += 1
    assert min(ends[Run], ends[Wait], ends[Refuse]) > 200  # else these laws would be about too little


def test_the_situations_meet_every_gate_and_run() -> None:
    met = Counter(
        next((each.gate for each in explain(known, now) if not each.passed), None) for _, known, now in situations()
    )
    assert set(met) == {*Gate, None}
    assert met[None] > 100


def test_what_only_a_person_ends_carries_no_time_but_that_of_a_raise_written_down_already() -> None:
    met: Counter[Reason] = Counter()
    for seed, known, now in situations():
        for report in explain(known, now):
            wait = report.obstacle
            if isinstance(wait, Wait) and wait.reason in ENDED_BY_A_PERSON and wait.until is not None:
                raises = _raises_that_end(wait.reason, known)
                assert raises, (seed, wait)
                assert all(at is not None and at <= wait.until for at in raises), (seed, wait)
                met[wait.reason] += 1
    assert min(met[Reason.LIMIT_ZERO], met[Reason.PENDING_LIMIT]) > 20  # else this law would be about too little


def _raises_that_end(reason: Reason, known: Facts) -> list[datetime | None]:
    """Of the clocks that hold it: every one that is at 0, the pending one alone, or none where there are no hours."""
    if reason is Reason.LIMIT_ZERO:
        holding = [use for use in known.clocks if use.limit == 0 and use.clock is not QuotaClock.PENDING_TOTAL]
    elif reason is Reason.PENDING_LIMIT:
        holding = [use for use in known.clocks if use.clock is QuotaClock.PENDING_TOTAL]
    else:
        holding = []
    return [use.raised_at for use in holding]


def test_a_limit_of_one_kind_never_blocks_another() -> None:
    """Facts hold the clocks of their own kind alone, so a full day of requests says nothing about messages."""
    spent = (ClockUse(QuotaClock.LOCAL_DAY, 20, 20),)
    request = facts(kind=ActionKind.CONNECTION_REQUEST, uses=spent)
    message = facts(kind=ActionKind.LINKEDIN_MESSAGE, uses=(ClockUse(QuotaClock.LOCAL_DAY, 100, 3),))
    assert isinstance(permit(request, MONDAY), Wait)
    assert isinstance(permit(message, MONDAY), Run)

"""May this action run now, and if not why and until when: one list of gates for the worker and for the person.

`permit` stops at the first gate that fails; `explain` asks them all. Both walk the same list, so what the panel says is
what happens. A `Wait.until` is a promise: asked again then, with nothing else changed, it does not wait for the same
reason; None means that only a person (or an answer from outside) ends the wait.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from engine.rules.facts import ClockUse, Facts, GateReport, Refuse, Run, Verdict, Wait
from engine.rules.hours import day_start, local_day, next_window, window_at
from engine.rules.pacing import next_start
from engine.rules.phrases import phrase
from storage.kinds import (
    ActionKind,
    CampaignState,
    Channel,
    Gate,
    LeadState,
    LinkedInState,
    MailboxState,
    QuotaClock,
    Reason,
    StopScope,
)

# Two processes' clocks, or a small correction by NTP, may differ by this much without anything being wrong.
CLOCK_TOLERANCE = timedelta(minutes=2)

Obstacle = Wait | Refuse | None

_STOPPED = {
    StopScope.INSTALLATION: Reason.STOPPED_INSTALLATION,
    StopScope.WORKSPACE: Reason.STOPPED_WORKSPACE,
    StopScope.IDENTITY: Reason.STOPPED_IDENTITY,
}
_ENDED_LEADS = {
    LeadState.REPLIED: Reason.LEAD_REPLIED,
    LeadState.BOUNCED: Reason.LEAD_BOUNCED,
    LeadState.UNSUBSCRIBED: Reason.LEAD_UNSUBSCRIBED,
    LeadState.STOPPED: Reason.LEAD_STOPPED,
    LeadState.FAILED: Reason.LEAD_FAILED,
    LeadState.FINISHED: Reason.LEAD_FINISHED,
    LeadState.LEFT_OUT: Reason.SUPPRESSED,
}
_MAILBOXES = {
    MailboxState.NEVER: Reason.NEVER_CONNECTED,
    MailboxState.RECONNECT_NEEDED: Reason.RECONNECT_NEEDED,
    MailboxState.WAITING_FOR_APPROVAL: Reason.WAITING_FOR_APPROVAL,
    MailboxState.REFUSED: Reason.APPROVAL_REFUSED,
    MailboxState.DISABLED_BY_TENANT: Reason.DISABLED_BY_TENANT,
    MailboxState.DISCONNECTED: Reason.DISCONNECTED,
}
_LINKEDIN = {
    LinkedInState.NEVER: Reason.NEVER_CONNECTED,
    LinkedInState.CODE_NEEDED: Reason.CHECKPOINT,
    LinkedInState.APPROVE_IN_APP: Reason.CHECKPOINT,
    LinkedInState.CAPTCHA: Reason.CHECKPOINT,
    LinkedInState.LOGGED_OUT: Reason.RECONNECT_NEEDED,
    LinkedInState.RESTRICTED: Reason.RESTRICTED,
    LinkedInState.DISCONNECTED: Reason.DISCONNECTED,
}
_ROLLING = {
    QuotaClock.ROLLING_24_HOURS: Reason.ROLLING_24_HOURS_LIMIT,
    QuotaClock.ROLLING_7_DAYS: Reason.ROLLING_7_DAYS_LIMIT,
    QuotaClock.ROLLING_30_DAYS: Reason.ROLLING_30_DAYS_LIMIT,
    QuotaClock.NOTES_30_DAYS: Reason.NOTES_LIMIT,
}


def permit(facts: Facts, now: datetime) -> Verdict:
    """The decision for one action: the first gate that fails, or Run until the end of the window."""
    for gate in GATES.values():
        obstacle = gate(facts, now)
        if obstacle is not None:
            return obstacle
    window = window_at(facts.hours, now)
    if window is None:
        return Wait(Reason.OUTSIDE_HOURS, None)
    # After midnight the effect would spend the next day's quota, whatever was reserved for it.
    return Run(min(window.closes, _tomorrow(facts, now)))


def explain(facts: Facts, now: datetime) -> tuple[GateReport, ...]:
    """Every gate in order, each with what it asked and what it said."""
    return tuple(GateReport(name, gate(facts, now), phrase(name, facts, now)) for name, gate in GATES.items())


def still_permitted(facts: Facts, now: datetime) -> Obstacle:
    """The last gate, for an action that already holds its quota and its place: all gates but those two."""
    held = (Gate.DAY_LIMIT, Gate.ROLLING_LIMITS, Gate.PENDING, Gate.PACING, Gate.IN_FLIGHT)
    for name, gate in GATES.items():
        obstacle = None if name in held else gate(facts, now)
        if obstacle is not None:
            return obstacle
    return None


def _stop(facts: Facts, now: datetime) -> Obstacle:
    if facts.stop is not None:
        return Wait(_STOPPED[facts.stop], None)
    return Wait(Reason.QUARANTINED, None) if facts.quarantined else None


def _clock(facts: Facts, now: datetime) -> Obstacle:
    latest = facts.latest_event_at
    if latest is not None and latest > now + CLOCK_TOLERANCE:
        return Wait(Reason.CLOCK_WENT_BACK, latest)
    return None


def _counts(facts: Facts, now: datetime) -> Obstacle:
    return Wait(Reason.COUNT_UNREADABLE, None) if facts.uses is None else None


def _campaign(facts: Facts, now: datetime) -> Obstacle:
    if facts.campaign is CampaignState.DRAFT:
        return Wait(Reason.CAMPAIGN_DRAFT, None)
    if facts.campaign is CampaignState.PAUSED:
        return Wait(Reason.CAMPAIGN_PAUSED, None)
    return Refuse(Reason.CAMPAIGN_FINISHED) if facts.campaign is CampaignState.FINISHED else None


def _lead(facts: Facts, now: datetime) -> Obstacle:
    ended = _ENDED_LEADS.get(facts.lead) if facts.lead is not None else None
    if ended is not None:
        return Refuse(ended)
    if facts.lead_paused is not None:
        return Wait(facts.lead_paused, None)
    # A reply stops the sequence on every channel, so nobody is written to whose reply could lie unread.
    if facts.wrote_by is not None and facts.wrote_by.unread is not None:
        return Wait(facts.wrote_by.unread, None)
    return Wait(Reason.NOT_ACCEPTED_YET, None) if facts.awaiting_acceptance else None


def _order(facts: Facts, now: datetime) -> Obstacle:
    return Wait(Reason.EARLIER_STEP_OPEN, None) if facts.earlier_step_open else None


def _suppression(facts: Facts, now: datetime) -> Obstacle:
    return Refuse(Reason.SUPPRESSED) if facts.suppressed else None


def _connection(facts: Facts, now: datetime) -> Obstacle:
    if facts.kind.channel is Channel.EMAIL:
        broken = Reason.NEVER_CONNECTED if facts.mailbox is None else _MAILBOXES.get(facts.mailbox)
        if broken is None and facts.address_paused:
            broken = Reason.ADDRESS_PAUSED
        # Nobody who answered while the address was away is written to; a warm-up mail goes to no such person.
        if broken is None and facts.post_unread and facts.kind is ActionKind.EMAIL:
            broken = Reason.POST_UNREAD
    else:
        broken = Reason.NEVER_CONNECTED if facts.linkedin is None else _LINKEDIN.get(facts.linkedin)
        if broken is None and not facts.consent:
            broken = Reason.CONSENT_MISSING
        if broken is None and facts.kind is ActionKind.SCRAPING and not facts.has_seat:
            broken = Reason.NO_SEAT
    return Wait(broken, None) if broken is not None else None


def _warm_up(facts: Facts, now: datetime) -> Obstacle:
    held = facts.warming_up and facts.kind is not ActionKind.WARM_UP_MAIL
    return Wait(Reason.WARMING_UP, None) if held else None


def _cool_down(facts: Facts, now: datetime) -> Obstacle:
    until = facts.cool_down_until
    if facts.kind is not ActionKind.CONNECTION_REQUEST or until is None or now >= until:
        return None
    return Wait(Reason.COOL_DOWN, _at_work(facts, until) or until)


def _freeze(facts: Facts, now: datetime) -> Obstacle:
    for reason, until in ((Reason.FROZEN, facts.frozen_until), (Reason.SERVER_SLOW, facts.slow_until)):
        if until is not None and now < until:
            return Wait(reason, _at_work(facts, until) or until)
    return None


def _due(facts: Facts, now: datetime) -> Obstacle:
    if now >= facts.due_at:
        return None
    reason = Reason.RETRY_LATER if facts.failed_before else Reason.NOT_DUE_YET
    return Wait(reason, _at_work(facts, facts.due_at) or facts.due_at)


def _hours(facts: Facts, now: datetime) -> Obstacle:
    window = next_window(facts.hours, now)
    if window is None:
        return Wait(Reason.NO_HOURS, None)
    return None if window.opens <= now else Wait(Reason.OUTSIDE_HOURS, window.opens)


def _day_limit(facts: Facts, now: datetime) -> Obstacle:
    own, shared = _use(facts, QuotaClock.LOCAL_DAY), facts.shared
    if own is not None and own.used >= own.limit:
        if own.limit == 0:
            return _zero(facts)
        return Wait(Reason.DAY_LIMIT, _at_work_from(facts, _first(_next_quota(facts, own, now), own.raised_at)))
    if shared is not None and shared.used >= shared.limit:
        if shared.limit == 0:
            return Wait(Reason.NOT_SHARED, None)
        return Wait(Reason.SHARE_USED_UP, _at_work(facts, _next_quota(facts, own, now)))
    return None


def _zero(facts: Facts) -> Wait:
    """A limit of 0 frees nothing; it ends where every one of them goes up by itself."""
    raises = [use.raised_at for use in facts.clocks if use.limit == 0 and use.clock is not QuotaClock.PENDING_TOTAL]
    return Wait(Reason.LIMIT_ZERO, _at_work_from(facts, _last(raises)))


def _next_quota(facts: Facts, own: ClockUse | None, now: datetime) -> datetime:
    """Tomorrow; after it where tomorrow's was spent already, since the zone was moved west."""
    tomorrow = _tomorrow(facts, now)
    return max(tomorrow, own.frees_at) if own is not None and own.frees_at is not None else tomorrow


def _rolling_limits(facts: Facts, now: datetime) -> Obstacle:
    """The rolling clock that takes longest to free a unit; one that only a person's higher limit frees comes before all."""
    full = [use for use in facts.clocks if use.clock in _ROLLING and use.used >= use.limit]
    if not full:
        return None
    if any(use.limit == 0 for use in full):
        return _zero(facts)
    free = {use.clock: _first(use.frees_at, use.raised_at) for use in full}
    slowest = max(free, key=lambda clock: (free[clock] is None, free[clock] or now))
    return Wait(_ROLLING[slowest], _at_work_from(facts, free[slowest]))


def _pending(facts: Facts, now: datetime) -> Obstacle:
    use = _use(facts, QuotaClock.PENDING_TOTAL)
    if use is None or use.used < use.limit:
        return None
    return Wait(Reason.PENDING_LIMIT, _at_work_from(facts, use.raised_at))


def _pacing(facts: Facts, now: datetime) -> Obstacle:
    start = next_start(facts, now)
    return Wait(Reason.PACING, start) if start is not None and now < start else None


def _in_flight(facts: Facts, now: datetime) -> Obstacle:
    """A lease that has run out still holds: what became of its action must be looked up first, at no promised time."""
    until = facts.in_flight_until
    return Wait(Reason.IN_FLIGHT, until if until is not None and now < until else None) if facts.in_flight else None


def _use(facts: Facts, clock: QuotaClock) -> ClockUse | None:
    return next((use for use in facts.uses or () if use.clock is clock), None)


def _tomorrow(facts: Facts, now: datetime) -> datetime:
    """The first instant of the identity's next local date."""
    return day_start(facts.hours.zone, local_day(facts.hours, now) + timedelta(days=1))


def _first(*instants: datetime | None) -> datetime | None:
    return min(filter(None, instants), default=None)


def _last(instants: Sequence[datetime | None]) -> datetime | None:
    return None if None in instants else max(filter(None, instants), default=None)


def _at_work_from(facts: Facts, at: datetime | None) -> datetime | None:
    return _at_work(facts, at) if at is not None else None


def _at_work(facts: Facts, at: datetime) -> datetime | None:
    """The first instant at or after `at` that lies inside a window."""
    window = next_window(facts.hours, at)
    return max(at, window.opens) if window is not None else None


GATES: dict[Gate, Callable[[Facts, datetime], Obstacle]] = {
    Gate.STOP: _stop,
    Gate.CLOCK: _clock,
    Gate.COUNTS: _counts,
    Gate.CAMPAIGN: _campaign,
    Gate.LEAD: _lead,
    Gate.ORDER: _order,
    Gate.SUPPRESSION: _suppression,
    Gate.CONNECTION: _connection,
    Gate.WARM_UP: _warm_up,
    Gate.COOL_DOWN: _cool_down,
    Gate.FREEZE: _freeze,
    Gate.DUE: _due,
    Gate.HOURS: _hours,
    Gate.DAY_LIMIT: _day_limit,
    Gate.ROLLING_LIMITS: _rolling_limits,
    Gate.PENDING: _pending,
    Gate.PACING: _pacing,
    Gate.IN_FLIGHT: _in_flight,
}

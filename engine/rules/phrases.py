"""What each gate asked, in a short phrase with its values: the lines of "Why did this not run?"."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from engine.rules.facts import ClockUse, Facts
from engine.rules.quotas import spoken
from storage.kinds import CampaignState, Channel, Gate, LeadState, LinkedInState, MailboxState, QuotaClock, Reason

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLOCKS = {
    QuotaClock.LOCAL_DAY: "today",
    QuotaClock.ROLLING_24_HOURS: "in 24 hours",
    QuotaClock.ROLLING_7_DAYS: "in 7 days",
    QuotaClock.ROLLING_30_DAYS: "in 30 days",
    QuotaClock.NOTES_30_DAYS: "in 30 days",
    QuotaClock.PENDING_TOTAL: "pending",
}
_ROLLING = (QuotaClock.ROLLING_24_HOURS, QuotaClock.ROLLING_7_DAYS, QuotaClock.ROLLING_30_DAYS, QuotaClock.NOTES_30_DAYS)


def phrase(gate: Gate, facts: Facts, now: datetime) -> str:
    """The gate's question and the values it looked at."""
    return _PHRASES[gate](facts, now)


def phrases(facts: Facts, now: datetime) -> dict[str, str]:
    """The phrase of every gate, by its name."""
    return {name: say(facts, now) for name, say in _NAMED}


def hours_phrase(facts: Facts) -> str:
    """For example "09:00–18:00 Madrid, Mon Tue Wed Thu Fri"."""
    hours = facts.hours
    return _hours_words(hours.start, hours.end, hours.zone.key, hours.days)


@lru_cache(maxsize=1024)
def _hours_words(start: int, end: int, zone: str, days: frozenset[int]) -> str:
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    return f"{clock_time(start)}–{clock_time(end)} {city}, {' '.join(_DAYS[day - 1] for day in sorted(days))}"


def clock_time(minutes: int) -> str:
    """Minutes from midnight as HH:MM; 1440 is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _connection(facts: Facts, now: datetime) -> str:
    if facts.kind.channel is Channel.EMAIL:
        words = "e-mail address connected"
        if facts.address_paused:
            return f"{words} (paused)"
        if facts.post_unread and facts.mailbox is not None and facts.mailbox.may_send:
            return f"{words} (its post not read yet)"
        return _state(words, facts.mailbox, MailboxState.OK)
    words = "LinkedIn connected" if facts.has_seat else "LinkedIn connected (no Sales Navigator seat)"
    return _state(words, facts.linkedin, LinkedInState.CONNECTED)


def _lead(facts: Facts, now: datetime) -> str:
    words = "lead active"
    if facts.lead is LeadState.ACTIVE and facts.lead_paused is not None:
        return f"{words} (paused)"
    if facts.lead is LeadState.ACTIVE and facts.wrote_by is not None and facts.wrote_by.unread is not None:
        return f"{words} (was written to by {facts.wrote_by.address}: {_UNREAD[facts.wrote_by.unread]})"
    return _state(words, facts.lead, LeadState.ACTIVE)


_UNREAD = {Reason.REPLY_OUT_OF_SIGHT: "can't be read", Reason.POST_UNREAD: "its post not read yet"}


def _state(words: str, state: StrEnum | None, wanted: StrEnum) -> str:
    """The words alone where the state is the one they name, else with the state that it is."""
    return words if state is wanted else f"{words} ({state.value.replace('_', ' ') if state else 'none'})"


def _uses(facts: Facts, clocks: tuple[QuotaClock, ...], otherwise: str) -> str:
    shown = [_use(use) for use in facts.clocks if use.clock in clocks]
    return " · ".join(shown) or otherwise


def _use(use: ClockUse) -> str:
    what = " notes" if use.clock is QuotaClock.NOTES_30_DAYS else ""
    return f"{use.used:,} of {use.limit:,}{what} used {_CLOCKS[use.clock]}"


def _day_limit(facts: Facts) -> str:
    shared = facts.shared
    of_share = f" · {shared.used:,} of {shared.limit:,} shared with the workspace used today" if shared is not None else ""
    return f"day limit: {_uses(facts, (QuotaClock.LOCAL_DAY,), 'none set')}{of_share}"


def _freeze(facts: Facts, now: datetime) -> str:
    is_mail = facts.kind.channel is Channel.EMAIL
    return "not frozen by the provider" + (", its server answers in time" if is_mail else "")


_PHRASES: dict[Gate, Callable[[Facts, datetime], str]] = {
    Gate.STOP: lambda facts, now: "nobody pressed Stop",
    Gate.CLOCK: lambda facts, now: "the clock agrees with the ledger",
    Gate.COUNTS: lambda facts, now: "what was spent can be read",
    Gate.CAMPAIGN: lambda facts, now: _state("campaign running", facts.campaign, CampaignState.RUNNING),
    Gate.LEAD: _lead,
    Gate.ORDER: lambda facts, now: "earlier steps finished",
    Gate.SUPPRESSION: lambda facts, now: "not suppressed",
    Gate.CONNECTION: _connection,
    Gate.WARM_UP: lambda facts, now: "not warming up",
    Gate.COOL_DOWN: lambda facts, now: "cool-down over",
    Gate.FREEZE: _freeze,
    Gate.DUE: lambda facts, now: "its time has come",
    Gate.HOURS: lambda facts, now: f"working hours ({hours_phrase(facts)})",
    Gate.DAY_LIMIT: lambda facts, now: _day_limit(facts),
    Gate.ROLLING_LIMITS: lambda facts, now: f"limits over days: {_uses(facts, _ROLLING, 'none set')}",
    Gate.PENDING: lambda facts, now: f"pending: {_uses(facts, (QuotaClock.PENDING_TOTAL,), 'no limit')}",
    Gate.PACING: lambda facts, now: f"pacing: at least {spoken(facts.gap)} apart, spread over the hours",
    Gate.IN_FLIGHT: lambda facts, now: "nothing else in flight on this channel",
}
_NAMED = tuple((gate.value, say) for gate, say in _PHRASES.items())

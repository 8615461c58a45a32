"""Hours, facts and a lane at work, with only what a rule's test cares about named by it."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.rules.facts import ClockUse, Facts, Run, Wait, WorkingHours
from engine.rules.hours import day_start, local_day
from engine.rules.permit import permit
from storage.kinds import ActionKind, CampaignState, LeadState, LinkedInState, MailboxState, QuotaClock

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # 11:00 in Madrid
AWKWARD = (
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Atlantic/Azores",
    "America/Nuuk",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
EVERY_DAY = frozenset(range(1, 8))
WEEKDAYS = frozenset(range(1, 6))


def hours(
    zone: str = "Europe/Madrid", start: int = 9 * 60, end: int = 18 * 60, days: frozenset[int] = WEEKDAYS, off: Any = ()
) -> WorkingHours:
    return WorkingHours(ZoneInfo(zone), days, start, end, frozenset(off))


def facts(**values: Any) -> Facts:
    """An e-mail that may run now, unless `values` say otherwise."""
    given: dict[str, Any] = {
        "kind": ActionKind.EMAIL,
        "hours": hours(),
        "due_at": datetime(2000, 1, 1, tzinfo=UTC),
        "uses": (ClockUse(QuotaClock.LOCAL_DAY, 20, 0),),
        "pace_seed": "lane:1",
        "gap": timedelta(minutes=10),
        "campaign": CampaignState.RUNNING,
        "lead": LeadState.ACTIVE,
        "mailbox": MailboxState.OK,
        "linkedin": LinkedInState.CONNECTED,
        "consent": True,
    }
    return Facts(**{**given, **values})


def utc(text: str) -> datetime:
    """An instant such as "2026-03-29 01:00" in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def inside_wall_clock(at_work: WorkingHours, at: datetime) -> bool:
    """Whether the local clock shows a time inside the hours, told without any use of the rules under test."""
    local = at.astimezone(at_work.zone)
    minute = local.hour * 60 + local.minute + (local.second + local.microsecond / 1e6) / 60
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    if at_work.start < at_work.end:
        return _opens_on(at_work, today) and at_work.start <= minute < at_work.end
    return (_opens_on(at_work, today) and minute >= at_work.start) or (
        _opens_on(at_work, yesterday) and minute < at_work.end
    )


def _opens_on(at_work: WorkingHours, day: date) -> bool:
    return day.isoweekday() in at_work.days and day not in at_work.holidays


@dataclass
class Lane:
    """A lane that always has work: it asks the rules, does what they allow when they allow it, and remembers."""

    base: Facts
    day_limit: int
    effects: list[datetime] = field(default_factory=list)
    late: Callable[[int], timedelta] = lambda number: timedelta(0)  # how late the worker comes

    def facts(self, now: datetime) -> Facts:
        last = self.effects[-1] if self.effects else None
        midnight = day_start(self.base.hours.zone, local_day(self.base.hours, now))
        use = ClockUse(QuotaClock.LOCAL_DAY, self.day_limit, len(self.effects) - bisect_left(self.effects, midnight))
        return replace(self.base, uses=(use,), last_effect_at=last, last_of_kind_at=last)

    def on(self, day: date) -> list[datetime]:
        """The effects of one local date."""
        return [at for at in self.effects if at.astimezone(self.base.hours.zone).date() == day]

    def work(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Do all that the rules allow in [begin, end), yielding each effect's instant."""
        now = begin
        while now < end:
            verdict = permit(self.facts(now), now)
            if isinstance(verdict, Run):
                self.effects.append(now)
                yield now
                continue
            assert isinstance(verdict, Wait), verdict
            assert verdict.until is not None, verdict
            assert verdict.until > now, verdict
            now = verdict.until + self.late(len(self.effects))

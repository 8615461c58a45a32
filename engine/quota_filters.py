"""What a quota report can be narrowed to: a period, a grain and a kind."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from storage.kinds import ActionKind


class Period(StrEnum):
    """Which local days, counted from the identity's own today; a running week or month ends with today."""

    TODAY = "today"
    THIS_WEEK = "this week"
    LAST_WEEK = "last week"
    THIS_MONTH = "this month"
    LAST_MONTH = "last month"
    LAST_30_DAYS = "last 30 days"
    LAST_90_DAYS = "last 90 days"
    LAST_YEAR = "last 365 days"

    def bounds(self, today: date) -> tuple[date, date]:
        """The first and the last day."""
        monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
        return {
            Period.TODAY: (today, today),
            Period.THIS_WEEK: (monday, today),
            Period.LAST_WEEK: (monday - timedelta(days=7), monday - timedelta(days=1)),
            Period.THIS_MONTH: (first, today),
            Period.LAST_MONTH: ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
            Period.LAST_30_DAYS: (today - timedelta(days=29), today),
            Period.LAST_90_DAYS: (today - timedelta(days=89), today),
            Period.LAST_YEAR: (today - timedelta(days=364), today),
        }[self]


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; `kind` None is every kind."""

    period: Period = Period.THIS_WEEK
    grain: Grain = Grain.DAY
    kind: ActionKind | None = None

"""The sums behind limits: how long a clock's period is, what fits into a window, and what a week adds up to."""

from datetime import timedelta

from storage.kinds import ActionKind, Channel, QuotaClock

_PERIODS = {
    QuotaClock.ROLLING_24_HOURS: timedelta(hours=24),
    QuotaClock.ROLLING_7_DAYS: timedelta(days=7),
    QuotaClock.ROLLING_30_DAYS: timedelta(days=30),
    QuotaClock.NOTES_30_DAYS: timedelta(days=30),
}
_MAILS = tuple(kind for kind in ActionKind if kind.channel is Channel.EMAIL)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def period_of(clock: QuotaClock) -> timedelta | None:
    """The length of a rolling clock's period; None for the local day and the pending total."""
    return _PERIODS.get(clock)


def counted_by(kind: ActionKind, clock: QuotaClock) -> tuple[ActionKind, ...]:
    """Whose units a limit of this kind counts, and so whose actions it holds.

    A provider's own limit for 24 hours counts every mail that an address sends, whatever it is for (Google Workspace:
    2,000 messages; Exchange Online: 10,000 recipients); any other limit counts its own kind.
    """
    is_providers = clock is QuotaClock.ROLLING_24_HOURS and kind.channel is Channel.EMAIL
    return _MAILS if is_providers else (kind,)


def fits(limit: int, gap: timedelta, window: timedelta) -> int:
    """How many effects at least `gap` apart can begin within a window, at most `limit`."""
    if gap <= timedelta(0):
        return limit
    # The first may begin at the opening itself, and the window's end is outside it.
    return min(limit, -(-window // gap))


def fit_sentence(kind: ActionKind, limit: int, gap: timedelta, window: timedelta) -> str:
    """The sum in words that a form shows below a daily limit."""
    if limit == 0:
        return f"The daily limit is 0: no {kind.plural.lower()} go out."
    possible, many = fits(limit, gap, window), kind.label if limit == 1 else kind.plural
    need = "needs" if limit == 1 else "need"
    words = f"{limit} {many.lower()} × {spoken(gap)} {need} {spoken(limit * gap)}; the window has {spoken(window)}"
    return f"{words}." if possible >= limit else f"{words}: at most {possible} will go out."


def week_sentence(limit: int, days: frozenset[int], week_limit: int) -> str:
    """What a daily limit adds up to in a week beside the limit for 7 days, and which day will wait."""
    total = limit * len(days)
    words = f"{limit} × {len(days)} days = {total} a week"
    if total <= week_limit:
        return f"{words}; the limit for 7 days is {week_limit}."
    whole, rest = divmod(week_limit, limit)
    names = [_WEEKDAYS[day - 1] for day in sorted(days)[whole:]]
    ends = f"{names[0]} ends at {rest}" if rest else ""
    waits = f"{_listed(names[1:] if rest else names)} will wait" if len(names) > bool(rest) else ""
    return f"{words}, and the limit for 7 days is {week_limit}: {' and '.join(filter(None, (ends, waits)))}."


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def spoken(span: timedelta) -> str:
    """A duration as people say it: "45 s", "10 min", "8 h 20 min", "3 days"."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        days, over = divmod(hours, 24)
        return f"{days} days {over} h" if over else f"{days} days"
    return f"{hours} h {rest} min" if rest else f"{hours} h"

"""What LinkedIn itself would count: every clock, the hours, the gaps, the freezes and the cool-down, by rules of its own."""

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.linkedin.transport import Deed, Transport

_DAY = timedelta(days=1)
_MONTH, _NOTES = timedelta(days=30), 5  # of a free account
_WEEK, _COOL_DOWN, _GAP = timedelta(days=7), timedelta(days=21), timedelta(seconds=60)
_KINDS = {"invite": (5, 20), "message": (20, 100), "withdraw": (40, 40)}  # on the first day, and from day 14 on


def allowed(what: str, age: timedelta) -> int:
    """The day's limit of an account of this age: from its first day's number evenly to the last one's."""
    first, last = _KINDS[what]
    return first + (last - first) * min(13, age.days) // 13


@dataclass
class Witness:
    transport: Transport
    connected_at: datetime
    frozen: dict[str, list[tuple[datetime, str]]]
    zones: dict[str, str] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    by_day: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    by_quarter: Counter[tuple[str, int]] = field(default_factory=Counter)  # invitations, from the day's opening on
    most: Counter[str] = field(default_factory=Counter)  # the most that was ever on a clock
    _invited: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    _noted: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    _last: dict[str, datetime] = field(default_factory=dict)
    _withdrawn: dict[str, datetime] = field(default_factory=dict)
    _done: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def judge(self, deed: Deed) -> None:
        local = deed.at.astimezone(ZoneInfo(self.zones[deed.identity]))
        minute = local.hour * 60 + local.minute - 9 * 60
        self.by_day[deed.identity, deed.what, local.date()] += 1
        if deed.what == "invite":
            self.by_quarter[deed.identity, minute // 15] += 1
        if not (local.isoweekday() <= 5 and 0 <= minute < 9 * 60):
            self._breach("outside hours", deed)
        if deed.at - self._last.get(deed.identity, deed.at - _GAP) < _GAP:
            self._breach("less than a minute after the one before", deed)
        self._last[deed.identity] = deed.at
        if self.by_day[deed.identity, deed.what, local.date()] > allowed(deed.what, deed.at - self.connected_at):
            self._breach("over the day's limit", deed)
        if any(deed.at < until and what in (deed.what, "all") for until, what in self.frozen[deed.identity]):
            self._breach("while frozen", deed)
        if deed.what == "invite":
            self._done["withdraw", deed.identity, deed.slug] = 0
            self._invitation(deed)
        elif deed.what == "withdraw":
            self._withdrawn[deed.slug] = deed.at
            self._done["invite", deed.identity, deed.slug] = 0  # after the cool-down it may go out again
        self._done[deed.what, deed.identity, deed.slug] += 1
        if self._done[deed.what, deed.identity, deed.slug] > 1:
            self._breach("twice", deed)

    def full_days(self, identity: str) -> float:
        """Of this identity's days without a freeze, the share on which invitations reached the day's or the week's limit.

        The day it was connected and the last one are not whole.
        """
        zone = ZoneInfo(self.zones[identity])
        sent = [at.astimezone(zone) for at in self._invited[identity]]
        days = sorted({at.date() for at in sent})[1:-1]
        free = [day for day in days if not self._is_frozen(identity, day)]
        return sum(self._is_full(sent, day) for day in free) / len(free)

    def _is_frozen(self, identity: str, day: date) -> bool:
        return any(until.date() - _WEEK - _DAY <= day <= until.date() + _DAY for until, _ in self.frozen[identity])

    def _is_full(self, sent: list[datetime], day: date) -> bool:
        today = [at for at in sent if at.date() == day]
        in_week = sum(today[-1] - _WEEK < at <= today[-1] for at in sent)
        return len(today) >= allowed("invite", today[0] - self.connected_at) or in_week >= 100

    def steepest(self, identity: str) -> float:
        """The fullest quarter-hour of the working day beside the mean one."""
        quarters = [self.by_quarter[identity, quarter] for quarter in range(36)]
        return max(quarters) * len(quarters) / sum(quarters)

    def _invitation(self, deed: Deed) -> None:
        sent = self._invited[deed.identity]
        sent.append(deed.at)
        in_week = len(sent) - bisect_right(sent, deed.at - _WEEK)
        pending = len(self.transport.pending[deed.identity])
        self.most["week"], self.most["pending"] = max(self.most["week"], in_week), max(self.most["pending"], pending)
        if in_week > 100:
            self._breach("over 100 in seven days", deed)
        if deed.text:
            noted = self._noted[deed.identity]
            noted.append(deed.at)
            in_month = len(noted) - bisect_right(noted, deed.at - _MONTH)
            self.most["notes"] = max(self.most["notes"], in_month)
            if in_month > _NOTES:
                self._breach("over 5 notes in 30 days", deed)
        if pending > 1_000:
            self._breach("over 1,000 pending", deed)
        if deed.slug in self._withdrawn and deed.at < self._withdrawn[deed.slug] + _COOL_DOWN:
            self._breach("during the cool-down", deed)

    def _breach(self, why: str, deed: Deed) -> None:
        self.breaches.append(f"{why}: {deed}")

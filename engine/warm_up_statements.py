"""What a client owes for warm-up: the fixed price of each address and month, as a statement that can be handed over."""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from engine.desk import Desk, Problem, use_case
from engine.rules import warm_up as rules
from storage.kinds import Permission
from storage.tables import Identity, Mailbox, WarmUp, Workspace


@dataclass(frozen=True, slots=True)
class Line:
    """One address in one month: on how many of its days a warm-up ran, and the fixed price in cents."""

    address: str
    identity: str
    days: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Of one workspace and calendar month; `until` is the last day that is counted, the month's last or today."""

    client: str
    month: date
    until: date
    lines: tuple[Line, ...]

    @property
    def sum_cents(self) -> int:
        return sum(line.price_cents for line in self.lines)

    @property
    def days(self) -> int:
        return sum(line.days for line in self.lines)

    @property
    def title(self) -> str:
        return f"Warm-up of {self.client}, {self.month:%B %Y}"


@use_case(needs=Permission.READ, reads=True)
def months(desk: Desk) -> tuple[date, ...]:
    """The first day of every month that has a statement, the newest first; this month always has one."""
    first = desk.session.scalar(
        select(func.min(WarmUp.started_at))
        .join(Mailbox, Mailbox.id == WarmUp.mailbox_id)
        .where(Mailbox.workspace_id == desk.workspace, desk.visible(Mailbox.identity_id))
    )
    this = desk.now.date().replace(day=1)
    begun = min(this, first.date().replace(day=1)) if first is not None else this
    return tuple(date(year, month, 1) for year, month in rules.months_charged(begun, this))[::-1]


@use_case(needs=Permission.READ, reads=True)
def statement(desk: Desk, year: int, month: int) -> Statement:
    """Each address that warmed up on any day of the month costs the price once; a removed address stands there too."""
    if not (1 <= month <= 12 and 1970 <= year <= 9998):
        raise Problem("There is no such month; choose one of the list.")
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    rows = desk.session.execute(
        select(WarmUp, Mailbox.address, Identity)
        .join(Mailbox, Mailbox.id == WarmUp.mailbox_id)
        .join(Identity, Identity.id == Mailbox.identity_id)
        .where(Mailbox.workspace_id == desk.workspace, desk.visible(Mailbox.identity_id))
        .order_by(Mailbox.address, WarmUp.id)
    )
    days: dict[str, set[date]] = defaultdict(set)
    prices: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for warm_up, address, identity in rows:
        zone = ZoneInfo(identity.zone)
        begun = max(first, warm_up.started_at.astimezone(zone).date())
        ended = min(last, (warm_up.stopped_at or desk.now).astimezone(zone).date())
        ran = {begun + timedelta(days=step) for step in range((ended - begun).days + 1)}
        if ran:
            days[address] |= ran
            prices[address] = max(prices[address], warm_up.price_cents)
            names[address] = identity.name
    client = desk.session.get_one(Workspace, desk.workspace).name
    lines = tuple(Line(address, names[address], len(ran), prices[address]) for address, ran in days.items())
    return Statement(client, first, min(last, desk.now.date()), lines)


@use_case(needs=Permission.READ)
def taken(desk: Desk, year: int, month: int, form: str) -> Statement:
    """The same for a file of this form ("csv", "xlsx"); the audit log knows who took it."""
    found = statement(desk, year=year, month=month)
    new = {"month": f"{found.month:%Y-%m}", "rows": len(found.lines), "sum_cents": found.sum_cents, "form": form}
    desk.audit("statement.exported", f"workspace:{desk.workspace}", new=new)
    return found

"""The working hours of identities: changed by people, told to the agenda, and shown for the days to come."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, select

from engine import agenda, calendars, identities
from engine.desk import Desk, Problem, use_case
from engine.rules import hours as rules
from engine.rules.facts import Window, WorkingHours
from engine.situations import working_hours
from storage.kinds import Permission
from storage.tables import Holiday, Identity


@dataclass(frozen=True, slots=True)
class OwnHoliday:
    day: date
    note: str


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One local day of the view ahead; `off` says in words why no window opens on it."""

    day: date
    windows: tuple[Window, ...]
    off: str


@use_case(needs=Permission.MANAGE)
def set_hours(desk: Desk, identity_id: int, version: int, zone: str, days: frozenset[int], start: int, end: int) -> int:
    """Save zone, ISO weekdays and minutes from local midnight, read at `version`; answers the new version.

    A Problem for hours that can never open, and when somebody saved since.
    """
    if wrong := rules.problem(zone, days, start, end):
        raise Problem(wrong)
    row = desk.session.get_one(Identity, identity_id)
    before = {"zone": row.zone, "work_days": list(row.work_days), "work_start": row.work_start, "work_end": row.work_end}
    after = {"zone": zone, "work_days": sorted(days), "work_start": start, "work_end": end}
    changed = identities.save_at_version(desk, identity_id, version, after)
    old, new = identities.differences(before, after)
    if new:
        _tell(desk, identity_id, "hours.changed", old, new)
    return changed


@use_case(needs=Permission.MANAGE)
def set_holiday_country(desk: Desk, identity_id: int, country: str) -> None:
    """Follow a country's calendar ("" for none)."""
    if country and country not in dict(calendars.country_choices()):
        raise Problem("This country's calendar is not known; choose another one, or add its days as own dates.")
    row = desk.session.get_one(Identity, identity_id)
    old, row.holiday_country = row.holiday_country, country
    if old != country:
        _tell(desk, identity_id, "holidays.country_changed", {"country": old}, {"country": country})


@use_case(needs=Permission.MANAGE)
def add_holiday(desk: Desk, identity_id: int, day: date, note: str = "") -> None:
    """Add a day on which this identity does not work; adding it again changes its note."""
    row = desk.session.get(Holiday, (identity_id, day)) or Holiday(identity_id=identity_id, day=day)
    row.note = " ".join(note.split())[:200]
    desk.session.add(row)
    _tell(desk, identity_id, "holiday.added", None, {"day": day.isoformat(), "note": row.note})


@use_case(needs=Permission.MANAGE)
def remove_holiday(desk: Desk, identity_id: int, day: date) -> None:
    row = desk.session.get(Holiday, (identity_id, day))
    if row is not None:
        old = {"day": day.isoformat(), "note": row.note}
        desk.session.execute(delete(Holiday).where(Holiday.identity_id == identity_id, Holiday.day == day))
        _tell(desk, identity_id, "holiday.removed", old, None)


@use_case(needs=Permission.READ, reads=True)
def own_holidays(desk: Desk, identity_id: int) -> tuple[OwnHoliday, ...]:
    """The own dates from yesterday on, in order."""
    rows = desk.session.scalars(
        select(Holiday)
        .where(Holiday.identity_id == identity_id, Holiday.day >= desk.now.date() - timedelta(days=1))
        .order_by(Holiday.day)
    )
    return tuple(OwnHoliday(row.day, row.note) for row in rows)


@use_case(needs=Permission.READ, reads=True)
def next_windows(desk: Desk, identity_id: int, days: int = 7) -> tuple[DayPlan, ...]:
    """What opens on each of the next local days, today first, and why nothing does where nothing does."""
    hours = working_hours(desk.session, [identity_id], desk.now)[identity_id]
    today = rules.local_day(hours, desk.now)
    begin = rules.day_start(hours.zone, today)
    end = rules.day_start(hours.zone, today + timedelta(days=days))
    opening: dict[date, list[Window]] = {}
    for window in rules.windows(hours, max(begin, desk.now), end):
        opening.setdefault(window.day, []).append(window)
    # The window that opened yesterday evening and is still open comes first, else "acting now" would have no reason.
    first = today - timedelta(days=1) if today - timedelta(days=1) in opening else today
    ahead = [first + timedelta(days=number) for number in range((today - first).days + days)]
    return tuple(DayPlan(day, tuple(opening.get(day, ())), _why_off(hours, day)) for day in ahead)


def _why_off(hours: WorkingHours, day: date) -> str:
    if day in hours.holidays:
        return "holiday"
    return "" if day.isoweekday() in hours.days else "not a working day"


def _tell(desk: Desk, identity_id: int, what: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    """Audit a change of hours and let the identity's lanes be looked at again: a window may have opened."""
    desk.audit(what, f"identity:{identity_id}", old=old, new=new, identity_id=identity_id)
    desk.session.flush()
    agenda.wake_identity(desk.session, identity_id, desk.now)

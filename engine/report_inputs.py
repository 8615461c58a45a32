"""What the reports know beside the ledger: lanes within reach, limits over time, days off, stops and warm-ups."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine.calendars import holidays_of
from engine.desk import Desk
from storage.columns import to_micros
from storage.kinds import Channel, QuotaClock
from storage.reports import Reader
from storage.tables import Holiday, Identity, Lane, LimitSetting, Mailbox, Stop, WarmUp

_FAR = date(9999, 12, 31)
Bounds = Callable[[date], tuple[date, date]]


@dataclass(frozen=True, slots=True)
class Track:
    """One lane within the reader's reach; `label` is the address, or "LinkedIn"."""

    lane_id: int
    identity_id: int
    name: str
    label: str
    zone: str
    mailbox_id: int | None
    work_days: int  # bit n: ISO weekday n
    country: str
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """From `since` on this value is in force; None: none is."""

    since: datetime
    value: int | None


def tracks(desk: Desk, identity_id: int | None = None) -> list[Track]:
    """The lanes of this workspace whose identities the actor may see, archived ones too: the past stays."""
    wanted = (
        select(Lane, Identity, Mailbox)
        .join(Identity, Identity.id == Lane.identity_id)
        .outerjoin(Mailbox, Mailbox.id == Lane.mailbox_id)
        .where(Lane.workspace_id == desk.workspace, desk.visible(Lane.identity_id))
        .order_by(Lane.id)
    )
    if identity_id is not None:
        wanted = wanted.where(Lane.identity_id == identity_id)
    return [_track(*row) for row in desk.session.execute(wanted)]


def _track(lane: Lane, identity: Identity, mailbox: Mailbox | None) -> Track:
    return Track(
        lane.id,
        identity.id,
        identity.name,
        mailbox.address if mailbox and lane.channel is Channel.EMAIL else "LinkedIn",
        identity.zone,
        lane.mailbox_id,
        sum(1 << day for day in identity.work_days),
        identity.holiday_country,
        mailbox.removed_at if mailbox else None,
    )


def give_lanes(reader: Reader, found: Sequence[Track], bounds: Bounds, now: datetime) -> tuple[date, date]:
    """The lanes with the first and last local day of the period in their own zone; answers the earliest and the latest."""
    today = {zone: now.astimezone(ZoneInfo(zone)).date() for zone in {track.zone for track in found}}
    rows = [(t.lane_id, t.identity_id, t.zone, t.work_days, t.country, today[t.zone], *bounds(today[t.zone])) for t in found]
    columns = {"lane_id": int, "identity_id": int, "zone": str, "work_days": int, "country": str}
    reader.give("lanes", {**columns, "today": date, "first_day": date, "last_day": date}, rows)
    spans = [row[-2:] for row in rows] or [bounds(now.date())]
    return min(span[0] for span in spans), max(span[1] for span in spans)


def give_limits(desk: Desk, reader: Reader, found: Sequence[Track]) -> None:
    """Limits as steps in time (`limit_steps`) and, of the day's clock, by local day (`limit_days`)."""
    by_lane = {track.lane_id: track for track in found}
    steps, days = [], []
    for (lane_id, kind, clock), settings in _settings(desk, by_lane).items():
        track = by_lane[lane_id]
        course = list(course_of(settings, track.removed_at))
        steps += [(lane_id, kind, clock, to_micros(step.since), step.value) for step in course]
        if clock is QuotaClock.LOCAL_DAY:
            days += [(lane_id, kind, day, value) for day, value in by_day(course, ZoneInfo(track.zone))]
    reader.give("limit_steps", {"lane_id": int, "kind": str, "clock": str, "instant": int, "value": int}, steps)
    reader.give("limit_days", {"lane_id": int, "kind": str, "day": date, "value": int}, days)
    reader.give("lane_kinds", {"lane_id": int, "kind": str}, sorted({(row[0], row[1]) for row in days}))


def _settings(desk: Desk, lanes: Iterable[int]) -> dict[tuple[int, str, QuotaClock], list[LimitSetting]]:
    known = set(lanes)
    wanted = (
        select(LimitSetting)
        .join(Lane, Lane.id == LimitSetting.lane_id)
        .where(Lane.workspace_id == desk.workspace)
        .order_by(LimitSetting.since, LimitSetting.id)
    )
    found: dict[tuple[int, str, QuotaClock], list[LimitSetting]] = {}
    for row in desk.session.scalars(wanted):
        if row.lane_id in known:
            found.setdefault((row.lane_id, str(row.kind), row.clock), []).append(row)
    return found


def course_of(settings: Sequence[LimitSetting], ends: datetime | None = None) -> Iterator[Step]:
    """What was in force when: of the settings that have begun and not ended the latest, as `engine.limits` has it."""
    instants = {s.since for s in settings} | {s.until for s in settings if s.until is not None and s.until > s.since}
    for instant in sorted(instants):
        if ends is None or instant < ends:
            held = [s for s in settings if s.since <= instant and (s.until is None or s.until > instant)]
            yield Step(instant, held[-1].value if held else None)
    if ends is not None:
        yield Step(ends, None)


def by_day(course: Sequence[Step], zone: ZoneInfo) -> Iterator[tuple[date, int | None]]:
    """The highest limit in force on each local day, from the day it begins to hold.

    The highest, because a limit that is lowered at noon does not turn the morning's mails into a breach.
    """
    highest: dict[date, int | None] = {}
    before: int | None = None
    for step in course:
        day = step.since.astimezone(zone).date()
        values = [value for value in (highest.get(day, before), step.value) if value is not None]
        highest[day] = max(values, default=None)
        highest[day + timedelta(days=1)] = before = step.value
    yield from sorted(highest.items())


def give_days_off(desk: Desk, reader: Reader, found: Sequence[Track], first: date, last: date) -> None:
    years = range(first.year, last.year + 1)
    countries = sorted({track.country for track in found if track.country})
    public = [(country, day) for country in countries for day in sorted(holidays_of(country, years))]
    reader.give("country_off", {"country": str, "day": date}, public)
    own = (
        select(Holiday.identity_id, Holiday.day)
        .join(Identity, Identity.id == Holiday.identity_id)
        .where(Identity.workspace_id == desk.workspace, desk.visible(Holiday.identity_id), Holiday.day.between(first, last))
    )
    reader.give("own_off", {"identity_id": int, "day": date}, [tuple(row) for row in desk.session.execute(own)])


def give_interruptions(desk: Desk, reader: Reader, found: Sequence[Track]) -> None:
    """Stops by zone (identity 0: all of the workspace) and warm-ups by lane, in local days, both ends included."""
    stops = desk.session.scalars(
        select(Stop).where((Stop.workspace_id == desk.workspace) | Stop.workspace_id.is_(None)).order_by(Stop.id)
    ).all()
    zones = sorted({track.zone for track in found})
    stopped = [(zone, s.identity_id or 0, *_span(s.pressed_at, s.released_at, zone)) for s in stops for zone in zones]
    reader.give("stopped", {"zone": str, "identity_id": int, "first_day": date, "last_day": date}, stopped)
    by_mailbox = {track.mailbox_id: track for track in found if track.mailbox_id is not None}
    warmed = desk.session.scalars(
        select(WarmUp).join(Mailbox, Mailbox.id == WarmUp.mailbox_id).where(Mailbox.workspace_id == desk.workspace)
    )
    rows = [
        (by_mailbox[w.mailbox_id].lane_id, *_span(w.started_at, w.stopped_at, by_mailbox[w.mailbox_id].zone))
        for w in warmed
        if w.mailbox_id in by_mailbox
    ]
    reader.give("warm_ups", {"lane_id": int, "first_day": date, "last_day": date}, rows)


def _span(begin: datetime, end: datetime | None, zone: str) -> tuple[date, date]:
    place = ZoneInfo(zone)
    return begin.astimezone(place).date(), end.astimezone(place).date() if end else _FAR

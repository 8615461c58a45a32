"""The situation of an action: its facts for `permit`, read in a few prepared statements.

This is the only place that reads facts; the worker and the panel both come here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import counts
from engine.calendars import holidays_of
from engine.counts import Counts
from engine.rules.facts import ClockUse, Facts, Note, WorkingHours, WroteBy
from engine.suppressions import keys, listed_keys
from storage import readings
from storage.kinds import ActionState, QuotaClock, Reason, StopScope
from storage.ledger import Entry, connection_of
from storage.prepared import Prepared
from storage.spend_readings import LaneKind
from storage.tables import Identity

LINKEDIN_GAP = timedelta(seconds=60)
COOL_DOWN = timedelta(days=21)  # after a withdrawal LinkedIn refuses the same person for about three weeks


class _Nothing(dict[LaneKind, tuple[ClockUse, ...]]):
    """Nothing is used of any clock; to be told from counts that can't be read."""

    def get(self, key: Any, default: Any = None) -> tuple[ClockUse, ...]:
        return ()


UNCOUNTED = Counts({}, _Nothing(), {})


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is read once for all the actions of one question."""

    holidays: dict[int, set[date]]
    counts: Counts
    suppressed: frozenset[int]  # actions whose person is on a suppression list
    shared: dict[int, int]  # lane → scrapings of today that read for other identities


@dataclass(frozen=True, slots=True)
class Situation:
    """An action with its facts, and what else dispatch asks of the row it reads them from."""

    entry: Entry
    facts: Facts
    epoch: int
    mailbox_id: int | None
    waits: tuple[Reason | None, datetime | None]


def gather(session: Session, action_ids: Sequence[int], now: datetime, known: Counts | None = None) -> dict[int, Facts]:
    """The facts of each action, for `permit`. An id that does not exist is left out.

    `known` are the counts of all the actions' lanes, where they have been read already.
    """
    found = situations(session, action_ids, now, known)
    return {action_id: situation.facts for action_id, situation in found.items()}


def situations(
    session: Session, action_ids: Sequence[int], now: datetime, known: Counts | None = None, *, by_holder: bool = False
) -> dict[int, Situation]:
    """The situation of each action. An id that does not exist is left out.

    `by_holder`: for whoever holds the lanes, whom their own lease does not stop. `known` is UNCOUNTED for an action that
    holds its quota: what was spent is not asked again.
    """
    if not action_ids:
        return {}
    rows = readings.facts_of(session, action_ids)
    scene = _scene(session, rows, now, known)
    return {row.id: _situation(row, _facts(row, scene, now, by_holder)) for row in rows}


def _situation(row: Any, facts: Facts) -> Situation:
    entry = Entry(
        id=row.id,
        workspace_id=row.workspace_id,
        identity_id=row.identity_id,
        lane_id=row.lane_id,
        campaign_id=row.campaign_id,
        lead_id=row.lead_id,
        step_id=row.step_id,
        kind=row.kind,
        state=row.state,
        attempt=row.attempt,
        due_at=row.due_at,
        message_id=row.message_id,
        zone=row.zone,
    )
    return Situation(entry, facts, row.lane_epoch, row.mailbox_id, (row.reason, row.wait_until))


def _shared(row: Any, scene: _Scene) -> ClockUse | None:
    return None if row.shares is None else ClockUse(QuotaClock.LOCAL_DAY, row.shares, scene.shared[row.lane_id])


def _scene(session: Session, rows: Sequence[Any], now: datetime, known: Counts | None) -> _Scene:
    return _Scene(
        holidays=readings.own_holidays(session, {row.identity_id for row in rows if row.own_holidays}),
        counts=known or counts.read(session, {row.lane_id: ZoneInfo(row.zone) for row in rows}, now),
        suppressed=_suppressed(session, rows),
        shared={
            row.lane_id: counts.shared_today(session, row.lane_id, ZoneInfo(row.zone), now)
            for row in rows
            if row.shares is not None
        },
    )


def _wrote_by(row: Any) -> WroteBy | None:
    if row.wrote_by is None:
        return None
    return WroteBy(row.wrote_by, row.wrote_by_state, row.wrote_by_owes)


def _suppressed(session: Session, rows: Sequence[Any]) -> frozenset[int]:
    persons = {
        row.id: tuple(keys(row.workspace_id, row.lead_email, row.lead_linkedin_url))
        for row in rows
        if row.lead_id is not None
    }
    listed = listed_keys(session, set(chain.from_iterable(persons.values())))
    return frozenset(each for each, person in persons.items() if not listed.isdisjoint(person)) if listed else frozenset()


def hours_of(row: Any, own: Iterable[date], now: datetime) -> WorkingHours:
    """The working hours in a row of an identity's columns, with its country's holidays of the years around `now`."""
    calendar = _calendar(row.holiday_country, now.year)
    holidays = calendar.union(own) if own else calendar
    return _hours(row.zone, tuple(row.work_days), row.work_start, row.work_end, holidays)


def working_hours(session: Session, identity_ids: Iterable[int], now: datetime) -> dict[int, WorkingHours]:
    """The working hours of identities, with their holidays of the years around `now`."""
    ids = list(identity_ids)
    own = readings.own_holidays(session, ids)
    rows = _HOURS.rows(connection_of(session), {"ids": ids}) if ids else ()
    return {row.id: hours_of(row, own.get(row.id, ()), now) for row in rows}


HOURS = (Identity.zone, Identity.work_days, Identity.work_start, Identity.work_end, Identity.holiday_country)
_HOURS = Prepared(select(Identity.id, *HOURS).where(Identity.id.in_(bindparam("ids", expanding=True))), "ids")


@lru_cache(maxsize=4096)  # one object for the lanes of an identity: what is known of its hours is found by it
def _hours(zone: str, days: tuple[int, ...], start: int, end: int, holidays: frozenset[date]) -> WorkingHours:
    return WorkingHours(ZoneInfo(zone), frozenset(days), start, end, holidays)


@lru_cache(maxsize=512)
def _calendar(country: str, year: int) -> frozenset[date]:
    return holidays_of(country, (year - 1, year, year + 1, year + 2)) if country else frozenset()


def _facts(row: Any, scene: _Scene, now: datetime, by_holder: bool) -> Facts:
    uses = scene.counts.uses.get((row.lane_id, row.kind))
    note = Note(row.note) if row.note is not None else Note.NONE
    return Facts(
        kind=row.kind,
        hours=hours_of(row, scene.holidays.get(row.identity_id, ()), now),
        due_at=row.due_at,
        uses=uses,
        pace_seed=f"lane {row.lane_id}",
        gap=LINKEDIN_GAP if row.gap_seconds is None else timedelta(seconds=row.gap_seconds),
        last_effect_at=row.last_effect_at,
        last_of_kind_at=scene.counts.last.get((row.lane_id, row.kind)) if uses is not None else None,
        stop=StopScope(row.stop[1:]) if row.stop is not None else None,
        quarantined=row.quarantined_at is not None,
        latest_event_at=row.latest_event_at,
        campaign=row.campaign_state,
        lead=row.lead_state,
        earlier_step_open=row.earlier_step_open,
        suppressed=row.id in scene.suppressed,
        mailbox=row.mailbox_state,
        address_paused=row.paused_at is not None,
        lead_paused=Reason(row.lead_paused) if row.lead_paused is not None else None,
        post_unread=row.post_unread,
        wrote_by=_wrote_by(row),
        linkedin=row.linkedin_state,
        warming_up=row.warming_up,
        frozen_until=max(
            filter(None, (row.frozen_until, row.notes_out_until if note is Note.NEEDED else None)), default=None
        ),
        note=note,
        notes_out_until=row.notes_out_until,
        slow_until=row.slow_until,
        consent=row.consent,
        has_seat=row.has_seat is not False,
        shared=_shared(row, scene),
        awaiting_acceptance=row.awaiting_acceptance,
        cool_down_until=row.withdrawn_at + COOL_DOWN if row.withdrawn_at is not None else None,
        failed_before=row.state is ActionState.FAILED_TEMPORARY or row.reason is Reason.RETRY_LATER,
        in_flight=row.holder is not None and not by_holder,
        in_flight_until=row.lease_until,
    )

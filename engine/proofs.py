"""Proof: what was ever spent at most on every clock, recomputed from the ledger, beside the limit then in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from engine import note_proofs, report_inputs, share_proofs
from engine.desk import Desk, use_case
from engine.note_proofs import Counted
from engine.rules.quotas import counted_by
from engine.share_proofs import ShareClock
from storage import quota_queries as queries
from storage.columns import from_micros
from storage.kinds import ActionKind, Permission, QuotaClock
from storage.reports import ledger

CLOCKS = {
    QuotaClock.LOCAL_DAY: timedelta(0),
    QuotaClock.ROLLING_24_HOURS: timedelta(hours=24),
    QuotaClock.ROLLING_7_DAYS: timedelta(days=7),
    QuotaClock.ROLLING_30_DAYS: timedelta(days=30),
}
Clock = QuotaClock | ShareClock
_MAIL = ActionKind.EMAIL
_MOST_LISTED = 200
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that one lane ever spent of one kind on one clock, the limit at that instant, and how often it was passed."""

    identity_id: int
    identity: str
    lane: str
    kind: ActionKind
    clock: Clock
    most: int
    allowed: int
    at: datetime
    breaches: int


@dataclass(frozen=True, slots=True)
class Breach:
    """One unit that was taken although the limit then in force was used up."""

    identity_id: int
    identity: str
    lane: str
    kind: ActionKind
    clock: Clock
    at: datetime
    used: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Proof:
    peaks: tuple[Peak, ...]
    breaches: tuple[Breach, ...]  # the first 200 of each clock
    breach_count: int
    units: int  # how many were checked, each on every clock that has a limit
    checked_at: datetime


@use_case(needs=Permission.READ, reads=True)
def proof(desk: Desk, folder: Path, identity_id: int | None = None) -> Proof:
    """Check every unit that the identities within reach ever spent, against the limit in force at its instant."""
    found = report_inputs.tracks(desk, identity_id)
    named = {track.lane_id: (track.identity_id, track.name, track.label) for track in found}
    peaks: list[Peak] = []
    breaches: list[Breach] = []
    units = 0
    with ledger(desk.session, folder, desk.workspace) as reader:
        report_inputs.give_lanes(reader, found, _ever, desk.now)
        report_inputs.give_limits(desk, reader, found)
        queries.find_taken(reader)
        for clock, length in CLOCKS.items():
            highest, over = queries.peaks_and_breaches(
                reader, clock.value, length // _MICROSECOND, _MAIL.value, counted_by(_MAIL, clock)
            )
            for row in highest:
                kind, at = ActionKind(row["kind"]), from_micros(row["instant"])
                peaks.append(Peak(*named[row["lane_id"]], kind, clock, row["most"], row["allowed"], at, row["breaches"]))
            for row in over:
                kind, at = ActionKind(row["kind"]), from_micros(row["instant"])
                breaches.append(Breach(*named[row["lane_id"]], kind, clock, at, row["used"], row["allowed"]))
            units = max(units, sum(row["units"] for row in highest))
    for kind, of_part, ones in (
        (ActionKind.CONNECTION_REQUEST, QuotaClock.NOTES_30_DAYS, note_proofs.counted(desk, list(named))),
        (ActionKind.SCRAPING, ShareClock.SHARED_DAY, share_proofs.counted(desk, list(named))),
    ):
        peaks += _peaks_of(ones, named, kind, of_part)
        above = [one for one in ones if one.used > one.allowed][:_MOST_LISTED]
        breaches += [Breach(*named[one.lane_id], kind, of_part, one.at, one.used, one.allowed) for one in above]
    count = sum(peak.breaches for peak in peaks)
    return Proof(tuple(peaks), tuple(breaches), count, units, desk.now)


def _peaks_of(
    counted: Iterable[Counted], named: Mapping[int, tuple[int, str, str]], kind: ActionKind, clock: Clock
) -> list[Peak]:
    of_lanes: dict[int, list[Counted]] = {}
    for one in counted:
        of_lanes.setdefault(one.lane_id, []).append(one)
    highest = {lane_id: max(ones, key=lambda one: one.used) for lane_id, ones in of_lanes.items()}
    return [
        Peak(
            *named[lane_id],
            kind,
            clock,
            top.used,
            top.allowed,
            top.at,
            sum(n.used > n.allowed for n in of_lanes[lane_id]),
        )
        for lane_id, top in highest.items()
    ]


def _ever(today: date) -> tuple[date, date]:
    return date.min, date.max

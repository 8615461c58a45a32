"""Quotas: what was allowed, spent, sent and left, by identity, kind and period, and why the rest was not used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine import report_inputs
from engine.desk import Desk, use_case
from engine.quota_filters import Grain, Wanted
from engine.report_inputs import Track
from storage import quota_queries as queries
from storage.kinds import ActionKind, Permission, Reason
from storage.reports import Reader, ledger

MOST_ROWS = 5_000
_MOST_EXPORTED = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """`period` is its first day; `allowed` sums the limits of working days, each the highest in force on it."""

    identity_id: int
    identity: str
    kind: ActionKind
    period: date
    allowed: int
    spent: int
    sent: int
    remaining: int
    days_at_limit: int


@dataclass(frozen=True, slots=True)
class Totals:
    allowed: int
    spent: int
    sent: int
    remaining: int
    days_off: int  # of lanes: days on which an identity does not work, so that nothing was allowed


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    allowed: int
    spent: int


@dataclass(frozen=True, slots=True)
class Unused:
    why: str  # a sentence
    units: int


@dataclass(frozen=True, slots=True)
class AtLimit:
    identity_id: int
    identity: str
    kind: ActionKind
    days: int
    working_days: int


@dataclass(frozen=True, slots=True)
class Heat:
    weekday: int  # ISO
    hour: int  # in the identity's zone
    spent: int


@dataclass(frozen=True, slots=True)
class Quotas:
    rows: tuple[Row, ...]  # at most MOST_ROWS; the files have all
    totals: Totals
    trend: tuple[Day, ...]
    unused: tuple[Unused, ...]
    at_limit: tuple[AtLimit, ...]
    heat: tuple[Heat, ...]
    lanes: int

    @property
    def is_cut(self) -> bool:
        return len(self.rows) == MOST_ROWS


@use_case(needs=Permission.READ, reads=True)
def quotas(desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None = None) -> Quotas:
    """The whole report for the workspace's identities within reach, or for one of them."""
    with _opened(desk, folder, wanted, identity_id) as (reader, found, values):
        names = {track.identity_id: track.name for track in found}
        return Quotas(
            tuple(_rows(reader, names, wanted.grain, MOST_ROWS)),
            Totals(**queries.total(reader)),
            tuple(Day(**row) for row in queries.trend(reader)),
            tuple(Unused(_why(row["why"]), row["units"]) for row in queries.unused(reader)),
            tuple(AtLimit(identity=names[row["identity_id"]], **_kinded(row)) for row in queries.at_limit(reader)),
            tuple(Heat(**row) for row in queries.heat(reader, values)),
            len(found),
        )


@use_case(needs=Permission.READ, reads=True)
def identities_in_reach(desk: Desk) -> tuple[tuple[int, str], ...]:
    """Who the report can be narrowed to: id and name, in order of name."""
    found = {track.identity_id: track.name for track in report_inputs.tracks(desk)}
    return tuple(sorted(found.items(), key=lambda one: (one[1].casefold(), one[0])))


def every_row(desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None = None) -> Iterator[Row]:
    """All rows of the report, for a file; for use cases that have checked who asks."""
    with _opened(desk, folder, wanted, identity_id) as (reader, found, _):
        yield from _rows(reader, {track.identity_id: track.name for track in found}, wanted.grain, _MOST_EXPORTED)


@contextmanager
def _opened(
    desk: Desk, folder: Path, wanted: Wanted, identity_id: int | None
) -> Iterator[tuple[Reader, list[Track], dict[str, Any]]]:
    found = report_inputs.tracks(desk, identity_id)
    with ledger(desk.session, folder, desk.workspace) as reader:
        first, last = report_inputs.give_lanes(reader, found, wanted.period.bounds, desk.now)
        report_inputs.give_limits(desk, reader, found)
        report_inputs.give_days_off(desk, reader, found, first, last)
        report_inputs.give_interruptions(desk, reader, found)
        values = {"first": first, "last": last, "kind": str(wanted.kind or "")}
        queries.use_by_day(reader, values)
        yield reader, found, values


def _rows(reader: Reader, names: dict[int, str], grain: Grain, most: int) -> Iterator[Row]:
    for row in queries.rows(reader, grain.value, most):
        yield Row(identity=names[row["identity_id"]], **_kinded(row))


def _kinded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "kind": ActionKind(row["kind"])}


_WHY = {
    "today": "Today is not over.",
    "stopped": "Somebody pressed Stop.",
    "warming_up": Reason.WARMING_UP.sentence,
    "nothing_planned": "Too little was planned.",
}


def _why(word: str) -> str:
    return _WHY.get(word) or Reason(word).sentence

"""What a verdict is made from, and what it looks like: plain values, no I/O, no clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from storage.kinds import (
    ActionKind,
    CampaignState,
    Gate,
    LeadState,
    LinkedInState,
    MailboxState,
    QuotaClock,
    Reason,
    StopScope,
)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When an identity is at work, in its own zone.

    `days` are ISO weekdays (1 = Monday) on which a window *opens*; `start` and `end` are minutes from local midnight,
    0 ≤ start < 1440 and 0 < end ≤ 1440; an end at or before the start lies on the next day. `holidays` are local dates
    on which no window opens.
    """

    zone: ZoneInfo
    days: frozenset[int]
    start: int
    end: int
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of working time: UTC instants, `opens` inside, `closes` outside; `day` is the local date it opens on."""

    opens: datetime
    closes: datetime
    day: date


@dataclass(frozen=True, slots=True)
class ClockUse:
    """A limit on one clock and what is used of it.

    `used` counts units reserved and not given back. `frees_at` is, on a rolling clock that is full, the instant at which
    used falls below the limit (None when only a higher limit helps); on the local day it is the end of the last date that
    was spent for, where that date lies ahead of today. `raised_at` is, on a clock that is full, when a limit that is written
    down already (a ramp's next step, the one that a temporary limit falls back to) lets more begin.
    """

    clock: QuotaClock
    limit: int
    used: int
    frees_at: datetime | None = None
    raised_at: datetime | None = None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Note(StrEnum):
    """Whether a connection request carries a note, and whether it may go out without it when no more can be written."""

    NONE = "none"
    DROPPABLE = "droppable"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class WroteBy:
    """The e-mail address that wrote to a lead before: where a reply of theirs would lie."""

    address: str
    state: MailboxState
    owes_reading: bool

    @property
    def unread(self) -> Reason | None:
        """Why nobody can know whether they answered; None when all that came in is read as it comes."""
        if not self.state.may_be_read:
            return Reason.REPLY_OUT_OF_SIGHT
        return Reason.POST_UNREAD if self.owes_reading else None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `permit` looks at for one action, read in one transaction.

    `uses` is None when the counts could not be read: then nothing runs. `mailbox` is set for the e-mail channel and
    `linkedin` for the other. `pace_seed` names the lane, so that its jitter is its own and repeatable.
    """

    kind: ActionKind
    hours: WorkingHours
    due_at: datetime
    uses: tuple[ClockUse, ...] | None
    pace_seed: str
    gap: timedelta
    last_effect_at: datetime | None = None  # of the lane: the gap counts from here
    last_of_kind_at: datetime | None = None  # of this kind on the lane: the spreading counts from here
    stop: StopScope | None = None
    quarantined: bool = False
    latest_event_at: datetime | None = None
    campaign: CampaignState | None = None
    lead: LeadState | None = None
    lead_paused: Reason | None = None  # why; a person lets it go on
    earlier_step_open: bool = False
    awaiting_acceptance: bool = False
    suppressed: bool = False
    mailbox: MailboxState | None = None
    address_paused: bool = False
    post_unread: bool = False  # the address was connected again, and what came in meanwhile is not read yet
    wrote_by: WroteBy | None = None  # of a LinkedIn step of a lead that got a mail before
    linkedin: LinkedInState | None = None
    consent: bool = False  # the account's owner agreed to what is done on LinkedIn in his name
    warming_up: bool = False
    has_seat: bool = True  # in Sales Navigator; asked of scraping alone
    shared: ClockUse | None = None  # of a seat that reads for another identity: what it shares with the workspace a day
    cool_down_until: datetime | None = None
    note: Note = Note.NONE
    notes_out_until: datetime | None = None  # LinkedIn itself lets the account write no more of them
    frozen_until: datetime | None = None
    slow_until: datetime | None = None  # the lane's server took too long: it is asked again from then on
    failed_before: bool = False
    in_flight: bool = False
    in_flight_until: datetime | None = None

    @property
    def clocks(self) -> tuple[ClockUse, ...]:
        """The clocks that can stop it: that of notes stops only what may not go out without one."""
        uses = self.uses or ()
        if self.note is Note.NEEDED or QuotaClock.NOTES_30_DAYS not in [use.clock for use in uses]:
            return uses
        return tuple(use for use in uses if use.clock is not QuotaClock.NOTES_30_DAYS)

    def writes_note(self, now: datetime) -> bool:
        """Whether the request, if it goes out now, carries its note: one that may be dropped is where none is left."""
        if self.note is not Note.DROPPABLE:
            return self.note is Note.NEEDED
        is_out = self.notes_out_until is not None and now < self.notes_out_until
        return not is_out and all(use.remaining for use in self.uses or () if use.clock is QuotaClock.NOTES_30_DAYS)


@dataclass(frozen=True, slots=True)
class Run:
    """It may run now, and must have begun before `not_after` (the end of the window)."""

    not_after: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. `until` is a promise: asked again then, it never waits for the same reason. None: only a person ends it."""

    reason: Reason
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Never: the action ends as skipped, with this reason."""

    reason: Reason


Verdict = Run | Wait | Refuse


@dataclass(frozen=True, slots=True)
class GateReport:
    """One gate of the explanation: what it asked (`detail`, a short phrase with its values) and what it said."""

    gate: Gate
    obstacle: Wait | Refuse | None  # None: passed
    detail: str

    @property
    def passed(self) -> bool:
        return self.obstacle is None

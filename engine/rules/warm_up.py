"""How a warm-up goes: how many mails on which day, to whom, and what a pause costs. Pure; every choice is a hash.

The curve (5 on day 1, +2 a day, at most 30, for 14 days of work) is a choice of ours among what other products do;
a day without working hours is no day of the plan, so that no ramp jumps over a weekend.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b

from engine.rules.facts import WorkingHours
from engine.rules.hours import day_start, next_window
from storage.kinds import WarmUpPreset

DAYS = 14
MOST = 30
REPLIES = 0.3
A_DAY_BETWEEN_TWO = 2  # mails of one address to the same partner on one day
SHORT_PAUSE = timedelta(days=3)
HELP_A_DAY = 5  # replies a day of an address that only takes part (it may have campaigns of its own)
_VARIATION = 0.1
_READ_AFTER = (timedelta(minutes=4), timedelta(minutes=75))


@dataclass(frozen=True, slots=True)
class Ramp:
    first: int
    rise: int
    most: int


RAMPS = {
    WarmUpPreset.SLOWER: Ramp(3, 1, 15),
    WarmUpPreset.USUAL: Ramp(5, 2, MOST),
    WarmUpPreset.FASTER: Ramp(8, 3, MOST),
}


@dataclass(frozen=True, slots=True)
class Partner:
    """An address that could be written to. `gets`: what others send it that day; `rests`: written to the day before."""

    mailbox_id: int
    address: str
    gets: int = 0
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """How many mails a day, replies included; `sentence` says why they are fewer than the plan's."""

    mails: int
    planned: int
    sentence: str = ""


def planned(preset: WarmUpPreset, day: int) -> int:
    """The plan's own figure of day 1, 2, 3 …, before the variation."""
    ramp = RAMPS[preset]
    return min(ramp.most, ramp.first + ramp.rise * (max(1, day) - 1))


def varied(preset: WarmUpPreset, day: int, address: str, on: date) -> int:
    """The figure of one address and date: within 10 % of the plan, always the same, never above the ramp's most."""
    plain = planned(preset, day)
    low, high = math.ceil(plain * (1 - _VARIATION)), math.floor(plain * (1 + _VARIATION))
    drawn = low + int(_fraction("target", address, on.isoformat()) * (high - low + 1))
    return min(RAMPS[preset].most, drawn)


def target(preset: WarmUpPreset, day: int, address: str, on: date, partners: int) -> Target:
    """What a pool of so many other addresses carries: each gets at most two a day, and not on two days running."""
    plan = varied(preset, day, address, on)
    carries = max(2, partners) if partners else 0
    if plan <= carries:
        return Target(plan, plan)
    others = "Only 1 other address takes" if partners == 1 else f"Only {partners} other addresses take"
    return Target(
        carries,
        plan,
        f"{others} part, so {carries} mails a day go out instead of {plan}; connect more addresses to reach the plan.",
    )


def openers(mails: int, replies_waiting: int) -> int:
    """How many of a day's mails begin a thread, so that the replies have room in the same number."""
    expected = max(replies_waiting, round(mails * REPLIES / (1 + REPLIES)))
    return max(min(1, mails), mails - expected) if mails > replies_waiting else 0


def choose(me: str, partners: Sequence[Partner], number: int, on: date) -> list[int]:
    """Whom to write to: other domains first, then who gets least; nobody twice before all once or above 30 a day."""
    own, tie = domain_of(me), _ties(me, on)
    awake = [one for one in partners if not one.rests]
    awake.sort(key=lambda one: (domain_of(one.address) == own, one.gets, tie(one.address)))
    circle = awake[: (len(partners) + 1) // 2]  # the others are written to tomorrow, when these rest
    given: Counter[int] = Counter()
    chosen: list[int] = []
    for _ in range(A_DAY_BETWEEN_TWO):
        for one in circle:
            if len(chosen) < number and one.gets + given[one.mailbox_id] < MOST:
                given[one.mailbox_id] += 1
                chosen.append(one.mailbox_id)
    return chosen


def day_after_pause(day: int, paused: timedelta) -> int:
    """A pause of up to three days keeps the day; a longer one steps back a day for each day beyond, never below day 1."""
    beyond = paused - SHORT_PAUSE
    return day if beyond <= timedelta(0) else max(min(day, 1), day - math.ceil(beyond / timedelta(days=1)))


def day_of(day: int) -> str:
    return f"day {min(day, DAYS)} of {DAYS}"


def wants_reply(message_id: str) -> bool:
    return _fraction("reply", message_id) < REPLIES


def read_after(message_id: str) -> timedelta:
    """How long after its arrival a mail is read: as a person would, not at once."""
    shortest, longest = _READ_AFTER
    return shortest + _fraction("read", message_id) * (longest - shortest)


def last_day(hours: WorkingHours, now: datetime, done: int, begun_today: bool) -> date | None:
    """The local date of the plan's last day, after `done` days, when nothing comes between; None without hours ahead."""
    missing = max(0, DAYS - done)
    today = now.astimezone(hours.zone).date()
    if not missing:
        return today
    at = day_start(hours.zone, today + timedelta(days=1)) if begun_today else now
    found: date | None = None
    for _ in range(missing):
        window = next_window(hours, at)
        if window is None:
            return None
        found = max(window.day, at.astimezone(hours.zone).date())
        at = max(window.closes, day_start(hours.zone, found + timedelta(days=1)))
    return found


def months_charged(begun: date, ended: date) -> Iterable[tuple[int, int]]:
    """Every calendar month that a warm-up touched, as (year, month): each costs the fixed price once."""
    month = (begun.year, begun.month)
    while month <= (ended.year, ended.month):
        yield month
        month = (month[0], month[1] + 1) if month[1] < 12 else (month[0] + 1, 1)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _ties(me: str, on: date) -> Callable[[str], bytes]:
    """What decides between two partners that are equal otherwise, by their addresses: it is asked of all of them each day,
    so what is the same for all is hashed once.
    """
    begun, day = blake2b(f"pair|{me}|".encode(), digest_size=7), f"|{on.isoformat()}"

    def tie(address: str) -> bytes:
        ended = begun.copy()
        ended.update((address + day).encode())
        return ended.digest()

    return tie


def _fraction(*words: str) -> float:
    """0 ≤ x < 1, by the words."""
    return int.from_bytes(blake2b("|".join(words).encode(), digest_size=7).digest()) / 2**56

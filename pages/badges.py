"""How things look: the one place for the colour, icon and word of every state, for meters, moments, faces and plain text.

Colour has one meaning everywhere: green works or runs now, blue waits with a time, amber needs a person soon, red is stopped
and needs a person now, grey is off or not set up. A word and an icon always go with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from engine.rules.facts import Refuse, Run, Verdict, Wait
from pages import drawings
from pages.person_texts import cut as cut
from pages.person_texts import plain as plain
from pages.reader import zone as readers_zone
from storage.kinds import (
    ActionState,
    CampaignState,
    DeliveryState,
    Gate,
    ImportState,
    LeadState,
    LinkedInState,
    MailboxState,
    Provider,
    Reason,
    RecordState,
)

Colour = Literal["green", "blue", "orange", "red", "gray"]


@dataclass(frozen=True, slots=True)
class Look:
    colour: Colour
    icon: str  # of Material symbols
    word: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in words; `help` gives both zones and the date."""

    text: str
    help: str


PAUSED = Look("gray", "pause_circle", "paused")
NOTHING_PLANNED = Look("gray", "radio_button_unchecked", "nothing planned")
STOPPED = Look("red", "stop_circle", "stopped")
NO_CHANNEL = Look("gray", "link_off", "no channel connected")

_LOOKS: dict[StrEnum, Look] = {
    MailboxState.NEVER: Look("gray", "radio_button_unchecked", "not connected"),
    MailboxState.OK: Look("green", "check_circle", "connected"),
    MailboxState.DEGRADED: Look("orange", "warning", "unsteady"),
    MailboxState.RECONNECT_NEEDED: Look("red", "error", "reconnect needed"),
    MailboxState.WAITING_FOR_APPROVAL: Look("orange", "approval_delegation", "waiting for approval"),
    MailboxState.REFUSED: Look("red", "block", "refused"),
    MailboxState.DISABLED_BY_TENANT: Look("red", "domain_disabled", "disabled by tenant"),
    MailboxState.DISCONNECTED: Look("gray", "link_off", "disconnected"),
    DeliveryState.WAITING: Look("blue", "schedule", "waiting"),
    DeliveryState.DELIVERED: Look("green", "check_circle", "delivered"),
    DeliveryState.GIVEN_UP: Look("red", "error", "given up"),
    DeliveryState.DROPPED: Look("gray", "redo", "not needed"),
    LinkedInState.NEVER: Look("gray", "radio_button_unchecked", "not connected"),
    LinkedInState.CONNECTED: Look("green", "check_circle", "connected"),
    LinkedInState.CODE_NEEDED: Look("red", "pin", "code needed"),
    LinkedInState.APPROVE_IN_APP: Look("red", "phonelink_ring", "approve in the app"),
    LinkedInState.CAPTCHA: Look("red", "front_hand", "check by a person"),
    LinkedInState.LOGGED_OUT: Look("red", "logout", "logged out"),
    LinkedInState.RESTRICTED: Look("red", "block", "restricted"),
    LinkedInState.DISCONNECTED: Look("gray", "link_off", "disconnected"),
    CampaignState.DRAFT: Look("gray", "edit_note", "draft"),
    CampaignState.RUNNING: Look("green", "play_circle", "running"),
    CampaignState.PAUSED: PAUSED,
    CampaignState.FINISHED: Look("gray", "done_all", "finished"),
    LeadState.NEW: Look("gray", "radio_button_unchecked", "not launched"),
    LeadState.ACTIVE: Look("green", "play_circle", "active"),
    LeadState.FINISHED: Look("gray", "done_all", "finished"),
    LeadState.REPLIED: Look("green", "reply", "replied"),
    LeadState.BOUNCED: Look("orange", "undo", "bounced"),
    LeadState.UNSUBSCRIBED: Look("gray", "unsubscribe", "unsubscribed"),
    LeadState.STOPPED: Look("gray", "stop_circle", "stopped"),
    LeadState.FAILED: Look("red", "error", "failed"),
    LeadState.LEFT_OUT: Look("gray", "person_off", "left out"),
    ActionState.PLANNED: Look("blue", "schedule", "planned"),
    ActionState.DUE: Look("blue", "schedule", "due"),
    ActionState.RESERVED: Look("green", "hourglass_top", "starting"),
    ActionState.SENDING: Look("green", "send", "being sent"),
    ActionState.ACCEPTED: Look("green", "check", "sent"),
    ActionState.CONFIRMED: Look("green", "done_all", "confirmed"),
    ActionState.FAILED_TEMPORARY: Look("blue", "history", "tried again later"),
    ActionState.FAILED_PERMANENT: Look("red", "error", "failed"),
    ActionState.CANCELLED: Look("gray", "cancel", "cancelled"),
    ActionState.SKIPPED: Look("gray", "redo", "skipped"),
    ActionState.UNKNOWN: Look("orange", "help", "outcome unknown"),
    ActionState.RECONCILING: Look("orange", "manage_search", "being looked up"),
    ActionState.PARKED: Look("orange", "local_parking", "parked"),
}
# Of their own: some words are another state's too, and so the same key.
_RECORD_LOOKS: dict[StrEnum, Look] = {
    RecordState.PRESENT: Look("green", "check_circle", "there"),
    RecordState.MISSING: Look("red", "error", "missing"),
    RecordState.WRONG: Look("red", "error", "wrong"),
    RecordState.UNCONFIRMED: Look("orange", "help", "not confirmed"),
    RecordState.UNKNOWN: Look("gray", "cloud_off", "not known"),
}
_IMPORT_LOOKS: dict[StrEnum, Look] = {
    ImportState.WAITING: Look("blue", "schedule", "waiting"),
    ImportState.RUNNING: Look("green", "hourglass_top", "importing"),
    ImportState.DONE: Look("green", "check_circle", "imported"),
    ImportState.FAILED: Look("red", "error", "failed"),
}
_PROVIDERS = {Provider.IMAP: "IMAP", Provider.GOOGLE: "Google", Provider.MICROSOFT: "Microsoft 365"}

# A wait that only a person ends. What is not here is a wait with a time, or something that is merely off.
_NEEDS_A_PERSON: dict[Reason, str] = {
    **dict.fromkeys((Reason.STOPPED_INSTALLATION, Reason.STOPPED_WORKSPACE, Reason.STOPPED_IDENTITY), "stopped"),
    Reason.QUARANTINED: "quarantine",
    Reason.CLOCK_WENT_BACK: "clock went back",
    Reason.COUNT_UNREADABLE: "count unreadable",
    **dict.fromkeys((Reason.RECONNECT_NEEDED, Reason.REPLY_OUT_OF_SIGHT), "reconnect needed"),
    Reason.WAITING_FOR_APPROVAL: "waiting for approval",
    Reason.APPROVAL_REFUSED: "approval refused",
    Reason.DISABLED_BY_TENANT: "disabled by tenant",
    Reason.CHECKPOINT: "check by a person",
    Reason.RESTRICTED: "restricted",
    Reason.CONSENT_MISSING: "consent missing",
    Reason.NO_HOURS: "no working hours",
    Reason.LIMIT_ZERO: "limit is 0",
    Reason.NO_SEAT: "no seat",
    Reason.NOT_SHARED: "not shared",
}
_WAITING_WORDS: dict[Reason, str] = {
    Reason.OUTSIDE_HOURS: "outside hours",
    Reason.DAY_LIMIT: "limit reached",
    **{each: "limit reached" for each in Reason if each.value.startswith("rolling_")},
    Reason.NOTES_LIMIT: "limit reached",
    Reason.SHARE_USED_UP: "share used up",
    Reason.PENDING_LIMIT: "too many pending",
    Reason.PACING: "spaced out",
    Reason.NOT_DUE_YET: "not due yet",
    Reason.RETRY_LATER: "tried again later",
    Reason.IN_FLIGHT: "one at a time",
    Reason.COOL_DOWN: "cool-down",
    Reason.FROZEN: "frozen",
    Reason.SERVER_SLOW: "slow server",
    Reason.WARMING_UP: "warming up",
}
_OFF_WORDS: dict[Reason, str] = {
    Reason.NEVER_CONNECTED: "not connected",
    Reason.DISCONNECTED: "disconnected",
    Reason.ADDRESS_PAUSED: "address paused",
    Reason.SOFT_BOUNCES: "lead paused",
    Reason.POST_UNREAD: "post read first",
    Reason.CAMPAIGN_DRAFT: "draft",
    Reason.CAMPAIGN_PAUSED: "campaign paused",
    Reason.CAMPAIGN_FINISHED: "campaign finished",
    Reason.NOTHING_PLANNED: "nothing planned",
}


def look(state: StrEnum | Verdict | Look | None) -> Look:
    """The look of a state or a verdict; None stands for "nothing is planned"."""
    if state is None:
        return NOTHING_PLANNED
    if isinstance(state, Look):
        return state
    if isinstance(state, Run):
        return Look("green", "play_circle", "runs now")
    if isinstance(state, Refuse):
        return Look("gray", "redo", "will be skipped")
    if isinstance(state, Wait):
        return _look_of_wait(state)
    own = _RECORD_LOOKS if isinstance(state, RecordState) else _IMPORT_LOOKS if isinstance(state, ImportState) else _LOOKS
    return own[state]


def _look_of_wait(wait: Wait) -> Look:
    if wait.reason in _NEEDS_A_PERSON:
        return Look("red", "stop_circle", _NEEDS_A_PERSON[wait.reason])
    if wait.until is None:
        return Look("gray", "pause_circle", _OFF_WORDS.get(wait.reason, "waits for a person"))
    return Look("blue", "schedule", _WAITING_WORDS.get(wait.reason, "waits"))


def badge(state: StrEnum | Verdict | Look | None, help: str | None = None) -> None:  # noqa: A002 - Streamlit's own word
    """Show a state; `help` is plain text, of anybody."""
    shown = look(state)
    st.badge(shown.word, icon=f":material/{shown.icon}:", color=shown.colour, help=plain(help, 500) if help else None)


def tag(state: StrEnum | Verdict | Look | None) -> str:
    """The same badge as Markdown, for a line of text that holds several."""
    shown = look(state)
    return f":{shown.colour}-badge[:material/{shown.icon}: {shown.word}]"


def drawn(state: StrEnum | Verdict | Look | None) -> str:
    """The same badge as HTML, for a line of a list that is drawn as one piece."""
    shown = look(state)
    return drawings.badge(shown.colour, shown.icon, shown.word)


def provider(of: Provider) -> str:
    return _PROVIDERS[of]


def gate(of: Gate) -> str:
    """A gate's name as a person reads it."""
    return of.value.replace("_", " ")


def sentence(reason: Reason, value: str = "") -> str:
    """The reason's sentence, with the value it was decided by: "Today's limit is reached: 20 of 20 used."."""
    return f"{reason.sentence.removesuffix('.')}: {value.removesuffix('.')}." if value else reason.sentence


def meter(used: int, limit: int, label: str = "") -> None:
    """Show `12 / 20` with a thin bar; amber from 80 %, never red: full is normal."""
    meters([(label, used, limit)])


def meters(rows: list[tuple[str, int, int]]) -> None:
    """Several meters (label, used, limit) beside each other, with their numbers aligned."""
    st.html(drawings.meters(rows))


def quiet(text: str, hover: str = "", *, under_link: bool = False) -> None:
    """Show lines of less weight; `hover` is told to a pointer that rests on them. Both are plain text, of anybody."""
    padding = "0 .5rem" if under_link else "0"  # a page link has an inner margin
    st.html(drawings.quiet(text, hover, padding), width="stretch" if under_link else "content")


def when(instant: datetime, zone: tzinfo | str, now: datetime, before: str = "") -> None:
    """Show an instant after a few words, with both zones and the date for a resting pointer."""
    shown = moment(instant, zone, now)
    quiet(f"{before}{shown.text}", shown.help)


def moment(instant: datetime, zone: tzinfo | str, now: datetime, reader: tzinfo | str | None = None) -> Moment:
    """An instant as "in 2 h 10 min · 09:00 Madrid"; `zone` is the identity's, `reader` the user's (the browser's)."""
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    local = instant.astimezone(where)
    near = abs(instant - now) < timedelta(days=1)
    clock = f"{local:%H:%M} {city(where)}"
    day = f"{local:%a} {local.day} {local:%b}{'' if local.year == now.astimezone(where).year else local.strftime(' %Y')}"
    readers = _reader(reader)
    both = f"{_full(instant, where)}" + ("" if str(readers) == str(where) else f" · {_full(instant, readers)}")
    return Moment(f"{ago(instant, now)} · {clock}" if near else f"{day} {clock}", both)


def ago(instant: datetime, now: datetime) -> str:
    """ "in 2 h 10 min", "12 s ago", "now"."""
    seconds = round((instant - now).total_seconds())
    if abs(seconds) < 1:
        return "now"
    return f"in {duration(abs(seconds))}" if seconds > 0 else f"{duration(abs(seconds))} ago"


def duration(seconds: int) -> str:
    """ "45 s", "12 min", "2 h 10 min", "3 days"."""
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} day{'s' if hours >= 48 else ''}"


def city(zone: tzinfo) -> str:
    """ "Europe/Madrid" as people say it: "Madrid"."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


def _reader(given: tzinfo | str | None) -> tzinfo:
    return given if isinstance(given, tzinfo) else ZoneInfo(given or readers_zone())


def _full(instant: datetime, zone: tzinfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} {city(zone)}"


def avatar(name: str, photo: bytes | None = None, size: int = 44) -> None:
    """Show a photo (WebP), or initials on a colour that always goes with this name."""
    st.html(face(name, photo, size), width=size)


def face(name: str, photo: bytes | None = None, size: int = 44) -> str:
    """The same as HTML."""
    return drawings.photo(photo, size) if photo else drawings.disc(name, size)

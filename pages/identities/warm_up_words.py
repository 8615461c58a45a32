"""The badge of a warm-up, the same on an address's card and in the overview."""

from dataclasses import replace

from engine.warm_up_lists import Phase
from pages.badges import Look
from storage.kinds import WarmUpPause

_LOOKS = {
    Phase.RUNNING: Look("green", "local_fire_department", "warming up"),
    Phase.COMPLETE: Look("orange", "flag", "plan complete"),
    Phase.NONE: Look("gray", "radio_button_unchecked", "not warming up"),
    Phase.OUT: Look("gray", "block", "out of the pool"),
}
_PAUSES = {
    WarmUpPause.PERSON: Look("gray", "pause_circle", "warm-up paused"),
    WarmUpPause.CONNECTION: Look("orange", "link_off", "warm-up paused: not connected"),
    WarmUpPause.BOUNCE: Look("orange", "undo", "warm-up paused: mail refused"),
}


def look(phase: Phase, pause: WarmUpPause | None, day: str = "") -> Look:
    """With `day`, "day 6 of 14", behind the word."""
    found = _PAUSES[pause] if pause is not None else _LOOKS[phase]
    return replace(found, word=f"{found.word}, {day}") if day else found

"""The words of a warm-up."""

from enum import StrEnum


class WarmUpPreset(StrEnum):
    """How fast a warm-up's ramp rises."""

    SLOWER = "slower"
    USUAL = "usual"
    FASTER = "faster"


class WarmUpPause(StrEnum):
    """Who or what paused a warm-up: only a person's pause waits for a person."""

    PERSON = "person"
    CONNECTION = "connection"
    BOUNCE = "bounce"


class PoolScope(StrEnum):
    """Between whose addresses warm-up mail goes."""

    INSTALLATION = "installation"
    WORKSPACE = "workspace"


class Landing(StrEnum):
    """Where a provider put a warm-up mail."""

    INBOX = "inbox"
    SPAM = "spam"

"""What a mail that came in can be, and what people are alerted to."""

from enum import StrEnum


class IncomingKind(StrEnum):
    """In the order in which the questions are asked; `other` is a mail that concerns no lead."""

    WARM_UP = "warm_up"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    UNSUBSCRIBE = "unsubscribe"
    REPLY = "reply"
    OTHER = "other"


class AlertKind(StrEnum):
    CONNECTION = "connection"
    CONSENT = "consent"
    RESTRICTION = "restriction"
    BOUNCES = "bounces"
    COMPLAINT = "complaint"
    WARM_UP = "warm_up"
    WORKER = "worker"

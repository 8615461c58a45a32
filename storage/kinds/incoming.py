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
    SCRAPING = "scraping"

    @property
    def label(self) -> str:
        return _ALERT_LABELS[self]


_ALERT_LABELS = {
    AlertKind.CONNECTION: "A connection ended",
    AlertKind.CONSENT: "An administrator answered",
    AlertKind.RESTRICTION: "LinkedIn restricted an account",
    AlertKind.BOUNCES: "Too many mails came back",
    AlertKind.COMPLAINT: "A mail was reported as spam",
    AlertKind.WARM_UP: "A warm-up is done or paused",
    AlertKind.WORKER: "The worker stands still",
    AlertKind.SCRAPING: "Reading Sales Navigator stopped",
}
# What people can ask to be told of outside the panel.
TOLD_KINDS = (
    AlertKind.CONNECTION,
    AlertKind.CONSENT,
    AlertKind.RESTRICTION,
    AlertKind.BOUNCES,
    AlertKind.COMPLAINT,
    AlertKind.WARM_UP,
    AlertKind.SCRAPING,
)


class DeliveryState(StrEnum):
    """Of one telling of an alert, by mail to a user or to the workspace's webhook."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"  # it was over, or nobody was to be told any more

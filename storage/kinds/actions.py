"""What is done to the world, and the life of one action."""

from enum import StrEnum


class Channel(StrEnum):
    LINKEDIN = "linkedin"
    EMAIL = "email"


class ActionKind(StrEnum):
    CONNECTION_REQUEST = "connection_request"
    LINKEDIN_MESSAGE = "linkedin_message"
    SCRAPING = "scraping"
    WITHDRAWAL = "withdrawal"
    EMAIL = "email"
    WARM_UP_MAIL = "warm_up_mail"

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL if self in (ActionKind.EMAIL, ActionKind.WARM_UP_MAIL) else Channel.LINKEDIN

    @property
    def label(self) -> str:
        return _ACTION_LABELS[self]

    @property
    def plural(self) -> str:
        return _ACTION_PLURALS[self]


_ACTION_LABELS = {
    ActionKind.CONNECTION_REQUEST: "Connection request",
    ActionKind.LINKEDIN_MESSAGE: "Message",
    ActionKind.SCRAPING: "Scraping",
    ActionKind.WITHDRAWAL: "Withdrawal",
    ActionKind.EMAIL: "E-mail",
    ActionKind.WARM_UP_MAIL: "Warm-up mail",
}


_ACTION_PLURALS = {
    ActionKind.CONNECTION_REQUEST: "Connection requests",
    ActionKind.LINKEDIN_MESSAGE: "Messages",
    ActionKind.SCRAPING: "Scrapings",
    ActionKind.WITHDRAWAL: "Withdrawals",
    ActionKind.EMAIL: "E-mails",
    ActionKind.WARM_UP_MAIL: "Warm-up mails",
}


class ActionState(StrEnum):
    """The life of one action; `TRANSITIONS` says which steps exist."""

    PLANNED = "planned"
    DUE = "due"
    RESERVED = "reserved"
    SENDING = "sending"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    RECONCILING = "reconciling"
    PARKED = "parked"

    @property
    def is_open(self) -> bool:
        """Waiting to be tried: nothing has been promised to the outside world."""
        return self in OPEN_STATES

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES

    @property
    def is_sent(self) -> bool:
        return self in (ActionState.ACCEPTED, ActionState.CONFIRMED)


OPEN_STATES = frozenset({ActionState.PLANNED, ActionState.DUE, ActionState.FAILED_TEMPORARY})


UNSETTLED_STATES = frozenset(
    {
        ActionState.RESERVED,
        ActionState.SENDING,
        ActionState.UNKNOWN,
        ActionState.RECONCILING,
        ActionState.PARKED,
    }
)
FINAL_STATES = frozenset(
    {
        ActionState.ACCEPTED,
        ActionState.CONFIRMED,
        ActionState.FAILED_PERMANENT,
        ActionState.CANCELLED,
        ActionState.SKIPPED,
    }
)
# The mail or the request of these may be out in the world, whatever became of it.
MAYBE_OUT_STATES = frozenset(
    {
        ActionState.SENDING,
        ActionState.ACCEPTED,
        ActionState.CONFIRMED,
        ActionState.UNKNOWN,
        ActionState.RECONCILING,
        ActionState.PARKED,
    }
)


_LEAVING_OPEN = frozenset(
    {ActionState.DUE, ActionState.RESERVED, ActionState.CANCELLED, ActionState.SKIPPED, ActionState.FAILED_PERMANENT}
)


TRANSITIONS: dict[ActionState, frozenset[ActionState]] = {
    ActionState.PLANNED: _LEAVING_OPEN,
    ActionState.DUE: _LEAVING_OPEN,
    ActionState.FAILED_TEMPORARY: _LEAVING_OPEN,
    ActionState.RESERVED: frozenset({ActionState.SENDING, ActionState.DUE, ActionState.CANCELLED, ActionState.SKIPPED}),
    ActionState.SENDING: frozenset(
        {ActionState.ACCEPTED, ActionState.FAILED_TEMPORARY, ActionState.FAILED_PERMANENT, ActionState.UNKNOWN}
    ),
    ActionState.UNKNOWN: frozenset({ActionState.RECONCILING}),
    ActionState.RECONCILING: frozenset({ActionState.ACCEPTED, ActionState.DUE, ActionState.PARKED, ActionState.UNKNOWN}),
    # A person decides: it went out, it did not (send it), or give it up.
    ActionState.PARKED: frozenset({ActionState.ACCEPTED, ActionState.DUE, ActionState.CANCELLED}),
    ActionState.ACCEPTED: frozenset({ActionState.CONFIRMED}),
    ActionState.CONFIRMED: frozenset(),
    ActionState.FAILED_PERMANENT: frozenset(),
    ActionState.CANCELLED: frozenset(),
    ActionState.SKIPPED: frozenset(),
}

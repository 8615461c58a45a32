"""What can come of driving LinkedIn, in the ledger's words: went out, proof that nothing happened, or unknown."""

from datetime import timedelta

from engine.channels.effects import Accepted, Failed, Outcome, Uncertain
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    Done,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
)
from storage.kinds import ActionKind, Reason

WEEK = timedelta(days=7)
_SOON, _LATER = timedelta(minutes=15), timedelta(hours=1)
# What was asked for is so already; it counts as done, and nothing was clicked.
_SO_ALREADY = {
    (ActionKind.CONNECTION_REQUEST, LeadProblemKind.ALREADY_CONNECTED),
    (ActionKind.CONNECTION_REQUEST, LeadProblemKind.ALREADY_PENDING),
    (ActionKind.LINKEDIN_MESSAGE, LeadProblemKind.ALREADY_SENT),
    (ActionKind.WITHDRAWAL, LeadProblemKind.NOT_PENDING),
    (ActionKind.WITHDRAWAL, LeadProblemKind.ALREADY_CONNECTED),
}
_OF_THE_LEAD = {
    LeadProblemKind.NOT_FOUND: Reason.PROFILE_GONE,
    LeadProblemKind.EMAIL_REQUIRED: Reason.EMAIL_ASKED,
    LeadProblemKind.RELATION_REQUIRED: Reason.RELATION_ASKED,
    LeadProblemKind.FOLLOW_ONLY: Reason.FOLLOW_ONLY,
    LeadProblemKind.NOT_CONNECTED: Reason.NOT_CONNECTED,
    LeadProblemKind.NOT_PENDING: Reason.NOT_PENDING,
    LeadProblemKind.WRONG_PERSON: Reason.WRONG_PERSON,
    LeadProblemKind.REPLIED: Reason.LEAD_REPLIED,
    LeadProblemKind.ALREADY_PENDING: Reason.NOT_CONNECTED,
}
_OF_THE_ACCOUNT = {
    BlockedKind.LOGIN: (Reason.RECONNECT_NEEDED, _SOON),
    BlockedKind.CHECKPOINT: (Reason.CHECKPOINT, _SOON),
    BlockedKind.LANGUAGE: (Reason.CHECKPOINT, _SOON),
    BlockedKind.RESTRICTED: (Reason.RESTRICTED, WEEK),
    BlockedKind.WEEKLY_LIMIT: (Reason.PROVIDER_LIMIT, WEEK),
    BlockedKind.NOTE_QUOTA: (Reason.NOTES_USED_UP, _SOON),
    BlockedKind.NO_SEAT: (Reason.NO_SEAT, _LATER),
    BlockedKind.DRIFT: (Reason.PAGE_UNKNOWN, _LATER),
}
ENDS_THE_CONNECTION = (BlockedKind.LOGIN, BlockedKind.CHECKPOINT, BlockedKind.LANGUAGE, BlockedKind.RESTRICTED)


def outcome_of(kind: ActionKind, found: LinkedInOutcome) -> Outcome:
    """The same in the ledger's words."""
    if isinstance(found, Uncertain):
        return found
    if isinstance(found, Done):
        return Accepted({**found.evidence, "accepted": found.accepted, "near_limit": found.near_limit})
    if isinstance(found, NotDone):
        return Failed(Reason.UNREACHABLE, found.note, permanent=False, retry_after=_SOON)
    if isinstance(found, Blocked):
        reason, after = _OF_THE_ACCOUNT[found.kind]
        ended = found.kind in ENDS_THE_CONNECTION
        return Failed(reason, found.note, permanent=False, retry_after=after, connection_ended=ended)
    return _of_the_lead(kind, found)


def _of_the_lead(kind: ActionKind, found: LeadProblem) -> Outcome:
    if (kind, found.kind) in _SO_ALREADY:
        return Accepted({"already": found.kind.value, "slug": found.slug})
    if found.kind is LeadProblemKind.COOL_DOWN:
        note = "LinkedIn still shows that an invitation to this person was withdrawn not long ago."
        return Failed(Reason.COOL_DOWN, note, permanent=False, retry_after=WEEK)
    reason = _OF_THE_LEAD.get(found.kind, Reason.NOT_CONNECTED)
    return Failed(reason, found.note or reason.sentence, permanent=True)

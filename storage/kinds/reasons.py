"""Why something does not run: the gates, the clocks of the limits, and every reason with its sentence."""

from enum import StrEnum


class QuotaClock(StrEnum):
    """The period over which a limit counts."""

    LOCAL_DAY = "local_day"
    ROLLING_24_HOURS = "rolling_24_hours"
    ROLLING_7_DAYS = "rolling_7_days"
    ROLLING_30_DAYS = "rolling_30_days"
    NOTES_30_DAYS = "notes_30_days"  # of connection requests, those that carry a note
    PENDING_TOTAL = "pending_total"


class Gate(StrEnum):
    """The gates of a verdict, in the order in which they are asked."""

    STOP = "stop"
    CLOCK = "clock"
    COUNTS = "counts"
    CAMPAIGN = "campaign"
    LEAD = "lead"
    ORDER = "order"
    SUPPRESSION = "suppression"
    CONNECTION = "connection"
    WARM_UP = "warm_up"
    COOL_DOWN = "cool_down"
    FREEZE = "freeze"
    DUE = "due"
    HOURS = "hours"
    DAY_LIMIT = "day_limit"
    ROLLING_LIMITS = "rolling_limits"
    PENDING = "pending"
    PACING = "pacing"
    IN_FLIGHT = "in_flight"


class Reason(StrEnum):
    """Why an action waits, was refused, skipped or failed; `sentence` is what the log, the page and the report say."""

    STOPPED_INSTALLATION = "stopped_installation"
    STOPPED_WORKSPACE = "stopped_workspace"
    STOPPED_IDENTITY = "stopped_identity"
    QUARANTINED = "quarantined"
    CLOCK_WENT_BACK = "clock_went_back"
    COUNT_UNREADABLE = "count_unreadable"
    CAMPAIGN_DRAFT = "campaign_draft"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_FINISHED = "campaign_finished"
    LEAD_REPLIED = "lead_replied"
    LEAD_BOUNCED = "lead_bounced"
    LEAD_UNSUBSCRIBED = "lead_unsubscribed"
    LEAD_STOPPED = "lead_stopped"
    LEAD_FAILED = "lead_failed"
    LEAD_FINISHED = "lead_finished"
    LEAD_HAS_NO_ADDRESS = "lead_has_no_address"
    EARLIER_STEP_OPEN = "earlier_step_open"
    SUPPRESSED = "suppressed"
    WRITTEN_TO_ELSEWHERE = "written_to_elsewhere"
    NEVER_CONNECTED = "never_connected"
    RECONNECT_NEEDED = "reconnect_needed"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    APPROVAL_REFUSED = "approval_refused"
    DISABLED_BY_TENANT = "disabled_by_tenant"
    DISCONNECTED = "disconnected"
    ADDRESS_PAUSED = "address_paused"
    POST_UNREAD = "post_unread"
    REPLY_OUT_OF_SIGHT = "reply_out_of_sight"
    CONSENT_MISSING = "consent_missing"
    CHECKPOINT = "checkpoint"
    RESTRICTED = "restricted"
    FROZEN = "frozen"
    SERVER_SLOW = "server_slow"
    WARMING_UP = "warming_up"
    COOL_DOWN = "cool_down"
    NOT_ACCEPTED_YET = "not_accepted_yet"
    NOT_DUE_YET = "not_due_yet"
    RETRY_LATER = "retry_later"
    OUTSIDE_HOURS = "outside_hours"
    NO_HOURS = "no_hours"
    LIMIT_ZERO = "limit_zero"
    DAY_LIMIT = "day_limit"
    ROLLING_24_HOURS_LIMIT = "rolling_24_hours_limit"
    ROLLING_7_DAYS_LIMIT = "rolling_7_days_limit"
    ROLLING_30_DAYS_LIMIT = "rolling_30_days_limit"
    NOTES_LIMIT = "notes_limit"
    PENDING_LIMIT = "pending_limit"
    PACING = "pacing"
    IN_FLIGHT = "in_flight"
    NOTHING_PLANNED = "nothing_planned"
    # outcomes
    NOT_CONNECTED = "not_connected"
    PROFILE_GONE = "profile_gone"
    WRONG_PERSON = "wrong_person"
    EMAIL_ASKED = "email_asked"
    RELATION_ASKED = "relation_asked"
    FOLLOW_ONLY = "follow_only"
    NO_SEAT = "no_seat"
    NOTES_USED_UP = "notes_used_up"
    PAGE_UNKNOWN = "page_unknown"
    NOT_PENDING = "not_pending"
    NEVER_ACCEPTED = "never_accepted"
    PROFILE_MISSING = "profile_missing"
    MISSING_FIELD = "missing_field"
    RECIPIENT_REFUSED = "recipient_refused"
    RECIPIENT_FULL = "recipient_full"
    MESSAGE_REFUSED = "message_refused"
    PROVIDER_BUSY = "provider_busy"
    PROVIDER_LIMIT = "provider_limit"
    SIGN_IN_REFUSED = "sign_in_refused"
    UNREACHABLE = "unreachable"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WORKER_DIED = "worker_died"
    FOUND_IN_SENT = "found_in_sent"
    NOT_FOUND_IN_SENT = "not_found_in_sent"
    NO_EVIDENCE = "no_evidence"
    DECIDED_SENT = "decided_sent"
    DECIDED_SEND_AGAIN = "decided_send_again"
    DECIDED_GIVE_UP = "decided_give_up"
    ADDRESS_DISCONNECTED = "address_disconnected"
    ADDRESS_RECONNECTED = "address_reconnected"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINED = "complained"
    OUT_OF_OFFICE = "out_of_office"
    WARM_UP_HELD = "warm_up_held"
    WARM_UP_DAY_OVER = "warm_up_day_over"
    WARM_UP_PARTNER_LEFT = "warm_up_partner_left"
    WARM_UP_LEFT = "warm_up_left"
    WARM_UP_NO_EVIDENCE = "warm_up_no_evidence"
    SHARE_USED_UP = "share_used_up"
    NOT_SHARED = "not_shared"
    READ_AGAIN = "read_again"
    SEARCH_NOT_SHOWN = "search_not_shown"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES: dict[Reason, str] = {
    Reason.STOPPED_INSTALLATION: "Somebody pressed Stop for the whole installation.",
    Reason.STOPPED_WORKSPACE: "Somebody pressed Stop for this workspace.",
    Reason.STOPPED_IDENTITY: "Somebody pressed Stop for this identity.",
    Reason.QUARANTINED: "The database was restored from a backup; an owner must check what was sent since.",
    Reason.CLOCK_WENT_BACK: "The computer's clock went back; nothing runs until it has caught up with the ledger.",
    Reason.COUNT_UNREADABLE: "What was already spent could not be read, so nothing is sent.",
    Reason.CAMPAIGN_DRAFT: "The campaign has not been launched.",
    Reason.CAMPAIGN_PAUSED: "The campaign is paused.",
    Reason.CAMPAIGN_FINISHED: "The campaign is finished.",
    Reason.LEAD_REPLIED: "The lead replied.",
    Reason.LEAD_BOUNCED: "Mail to this lead bounced.",
    Reason.LEAD_UNSUBSCRIBED: "The lead unsubscribed.",
    Reason.LEAD_STOPPED: "Somebody stopped this lead's sequence.",
    Reason.LEAD_FAILED: "This lead's sequence failed.",
    Reason.LEAD_FINISHED: "This lead's sequence is finished.",
    Reason.LEAD_HAS_NO_ADDRESS: "The lead has no e-mail address.",
    Reason.EARLIER_STEP_OPEN: "An earlier step of this lead is not finished.",
    Reason.SUPPRESSED: "This person is on the suppression list.",
    Reason.WRITTEN_TO_ELSEWHERE: "Another campaign is already writing to this person.",
    Reason.NEVER_CONNECTED: "The channel was never connected.",
    Reason.RECONNECT_NEEDED: "The connection ended; reconnect it.",
    Reason.WAITING_FOR_APPROVAL: "The administrator of the mail domain has been asked to approve the connection.",
    Reason.APPROVAL_REFUSED: "The approval of the connection was refused; ask again or connect another way.",
    Reason.DISABLED_BY_TENANT: "Sending is switched off by the administrator of the mail domain, who must switch it on.",
    Reason.DISCONNECTED: "The channel is disconnected.",
    Reason.ADDRESS_PAUSED: "The e-mail address is paused.",
    Reason.POST_UNREAD: "The address was connected again; what came in meanwhile is read before anybody is written to.",
    Reason.REPLY_OUT_OF_SIGHT: (
        "The e-mail address that wrote to this lead can't be read, so a reply may lie there unseen. Reconnect that address;"
        " where it is gone for good, disconnect it, which ends its leads."
    ),
    Reason.CONSENT_MISSING: "The account's owner has not accepted the risk notice.",
    Reason.CHECKPOINT: "The provider asks a person to confirm something.",
    Reason.RESTRICTED: "The provider restricted this account.",
    Reason.FROZEN: "This kind of action is frozen after a limit signal from the provider.",
    Reason.SERVER_SLOW: "The address's mail server takes too long to answer, so it is given time before it is asked again.",
    Reason.WARMING_UP: "The e-mail address is warming up, so campaigns are held.",
    Reason.COOL_DOWN: "An invitation to this person was withdrawn less than 21 days ago.",
    Reason.NOT_ACCEPTED_YET: "The connection request has not been accepted yet.",
    Reason.NOT_DUE_YET: "The wait before this step is not over.",
    Reason.RETRY_LATER: "The last attempt failed for a passing reason; it is tried again later.",
    Reason.OUTSIDE_HOURS: "Outside the identity's working hours.",
    Reason.NO_HOURS: "The identity has no working hours in the next year.",
    Reason.LIMIT_ZERO: "The limit is 0.",
    Reason.DAY_LIMIT: "Today's limit is reached.",
    Reason.ROLLING_24_HOURS_LIMIT: "The limit for 24 hours is reached.",
    Reason.ROLLING_7_DAYS_LIMIT: "The limit for 7 days is reached.",
    Reason.ROLLING_30_DAYS_LIMIT: "The limit for 30 days is reached.",
    Reason.NOTES_LIMIT: "The limit of notes in 30 days is reached.",
    Reason.PENDING_LIMIT: "Too many invitations are pending.",
    Reason.PACING: "Actions are spread over the working hours; the next one has its time.",
    Reason.IN_FLIGHT: "Another action of this channel is being carried out.",
    Reason.NOTHING_PLANNED: "Nothing is planned.",
    Reason.MISSING_FIELD: "The text uses a field that this lead does not have.",
    Reason.NOT_CONNECTED: "This person is not a connection, so only an InMail would reach them.",
    Reason.PROFILE_GONE: "This LinkedIn profile does not exist any more.",
    Reason.WRONG_PERSON: "The LinkedIn profile is another person's than the lead.",
    Reason.EMAIL_ASKED: "LinkedIn asks for this person's e-mail address before it lets anybody invite them.",
    Reason.RELATION_ASKED: "LinkedIn asks how the identity knows this person before it lets it invite them.",
    Reason.FOLLOW_ONLY: "This person can be followed, but not invited.",
    Reason.NO_SEAT: "The account has no Sales Navigator seat.",
    Reason.SHARE_USED_UP: "What this seat shares with the workspace is used up for today.",
    Reason.NOT_SHARED: "This seat is no longer shared with the other identities of the workspace.",
    Reason.READ_AGAIN: "The worker ended while this page was read; it is read again.",
    Reason.SEARCH_NOT_SHOWN: "Sales Navigator does not show this search or list to this account.",
    Reason.NOTES_USED_UP: "LinkedIn lets this account write no more notes this month.",
    Reason.PAGE_UNKNOWN: "LinkedIn showed a page that is not as known, so nothing was done; a picture of it was kept.",
    Reason.NOT_PENDING: "There is no pending invitation to this person any more.",
    Reason.NEVER_ACCEPTED: "The connection request was not accepted in the time that the step waits.",
    Reason.PROFILE_MISSING: "The lead lacks a LinkedIn URL or a name, and both are compared before anything is clicked.",
    Reason.RECIPIENT_REFUSED: "The receiving server refused the recipient.",
    Reason.RECIPIENT_FULL: "The recipient's mailbox is full; it is tried again a day later, and the third pauses the lead.",
    Reason.MESSAGE_REFUSED: "The server refused the message.",
    Reason.PROVIDER_BUSY: "The provider's server asked to try later.",
    Reason.PROVIDER_LIMIT: "The provider's own sending limit is reached.",
    Reason.SIGN_IN_REFUSED: "The provider refused the sign-in.",
    Reason.UNREACHABLE: "The provider's server could not be reached.",
    Reason.TOO_MANY_ATTEMPTS: "It failed too many times.",
    Reason.OUTCOME_UNKNOWN: "The connection ended before the server answered; it is being looked up.",
    Reason.WORKER_DIED: "The worker ended while this was being sent; it is being looked up.",
    Reason.FOUND_IN_SENT: "Found in the Sent folder: it went out.",
    Reason.NOT_FOUND_IN_SENT: "The provider files every sent mail and this one is not there: it did not go out.",
    Reason.NO_EVIDENCE: "Nothing can prove whether it went out; a person must decide.",
    Reason.DECIDED_SENT: "A person decided that it went out.",
    Reason.DECIDED_SEND_AGAIN: "A person decided that it did not go out.",
    Reason.DECIDED_GIVE_UP: "A person gave it up.",
    Reason.ADDRESS_DISCONNECTED: "The e-mail address was disconnected while this lead was on it; reconnecting it goes on.",
    Reason.SOFT_BOUNCES: "Three mails to this lead came back undelivered, so it is paused until a person lets it go on.",
    Reason.COMPLAINED: "The lead reported a mail as spam, so nothing is ever sent to them again.",
    Reason.OUT_OF_OFFICE: "The lead is out of the office, so the next step waits until they are back.",
    Reason.ADDRESS_RECONNECTED: "The same e-mail address was connected again, so the sequence goes on.",
    Reason.WARM_UP_HELD: "The warm-up was paused or stopped.",
    Reason.WARM_UP_DAY_OVER: "Its day of the warm-up is over; nothing is caught up on later.",
    Reason.WARM_UP_PARTNER_LEFT: "The address it was meant for takes no part in warm-up any more.",
    Reason.WARM_UP_NO_EVIDENCE: "Nothing can prove whether it went out, so it is not sent again.",
    Reason.WARM_UP_LEFT: "This address was switched out of the warm-up pool.",
}


class StopScope(StrEnum):
    INSTALLATION = "installation"
    WORKSPACE = "workspace"
    IDENTITY = "identity"

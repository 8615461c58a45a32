"""The states of the links to providers, and how they are made."""

from enum import StrEnum

CONSENT_VERSION = 1  # of the risk notice that an account's owner accepts; an older wording no longer counts


class LinkedInState(StrEnum):
    NEVER = "never"
    CONNECTED = "connected"
    CODE_NEEDED = "code_needed"
    APPROVE_IN_APP = "approve_in_app"
    CAPTCHA = "captcha"
    LOGGED_OUT = "logged_out"
    RESTRICTED = "restricted"
    DISCONNECTED = "disconnected"


class LinkedInSignInState(StrEnum):
    """How far a sign-in at LinkedIn is; the first five are under way."""

    WAITING = "waiting"  # for the worker
    WORKING = "working"
    CODE = "code"
    APPROVE = "approve"
    CONTRACT = "contract"
    DONE = "done"
    WRONG_CREDENTIALS = "wrong_credentials"
    CAPTCHA = "captcha"
    UNKNOWN_CHECK = "unknown_check"
    OTHER_PROFILE = "other_profile"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_under_way(self) -> bool:
        return self in LINKEDIN_SIGN_IN_OPEN


LINKEDIN_SIGN_IN_OPEN = (
    LinkedInSignInState.WAITING,
    LinkedInSignInState.WORKING,
    LinkedInSignInState.CODE,
    LinkedInSignInState.APPROVE,
    LinkedInSignInState.CONTRACT,
)


class MailboxState(StrEnum):
    """The truth about one e-mail address's connection."""

    NEVER = "never"
    OK = "ok"
    DEGRADED = "degraded"
    RECONNECT_NEEDED = "reconnect_needed"
    WAITING_FOR_APPROVAL = "waiting_for_approval"  # the tenant's administrator was asked
    REFUSED = "refused"  # by the person or the administrator
    DISABLED_BY_TENANT = "disabled_by_tenant"  # SMTP AUTH is switched off there
    DISCONNECTED = "disconnected"

    @property
    def may_send(self) -> bool:
        return self in (MailboxState.OK, MailboxState.DEGRADED)

    @property
    def may_be_read(self) -> bool:
        return self.may_send or self is MailboxState.DISABLED_BY_TENANT


# Those that a person should look at.
MAILBOX_NEEDS = (
    MailboxState.RECONNECT_NEEDED,
    MailboxState.DEGRADED,
    MailboxState.WAITING_FOR_APPROVAL,
    MailboxState.REFUSED,
    MailboxState.DISABLED_BY_TENANT,
)


class RecordState(StrEnum):
    """What DNS says of one of a mail domain's records."""

    PRESENT = "present"
    MISSING = "missing"
    WRONG = "wrong"
    UNCONFIRMED = "unconfirmed"  # it may lie under a name that nobody can know
    UNKNOWN = "unknown"  # the resolver did not answer


class Provider(StrEnum):
    IMAP = "imap"
    GOOGLE = "google"
    MICROSOFT = "microsoft"


class Security(StrEnum):
    """How a mail connection is encrypted; nothing unencrypted exists."""

    SSL = "ssl"
    STARTTLS = "starttls"

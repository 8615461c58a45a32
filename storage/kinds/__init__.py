"""The words of the field, as enums; imported by all, importing nothing of ours outside this folder."""

from storage.kinds.actions import (
    FINAL_STATES,
    MAYBE_OUT_STATES,
    OPEN_STATES,
    TRANSITIONS,
    UNSETTLED_STATES,
    ActionKind,
    ActionState,
    Channel,
)
from storage.kinds.campaigns import CampaignState, ImportState, LeadState, SalesKind, ScrapeState, SuppressionKind
from storage.kinds.connections import (
    CONSENT_VERSION,
    LINKEDIN_SIGN_IN_OPEN,
    MAILBOX_NEEDS,
    LinkedInSignInState,
    LinkedInState,
    MailboxState,
    Provider,
    RecordState,
    Security,
)
from storage.kinds.incoming import TOLD_KINDS, AlertKind, DeliveryState, IncomingKind
from storage.kinds.people import Permission, Role
from storage.kinds.reasons import Gate, QuotaClock, Reason, StopScope
from storage.kinds.warm_up import Landing, PoolScope, WarmUpPause, WarmUpPreset

__all__ = [
    "CONSENT_VERSION",
    "FINAL_STATES",
    "LINKEDIN_SIGN_IN_OPEN",
    "MAILBOX_NEEDS",
    "MAYBE_OUT_STATES",
    "OPEN_STATES",
    "TOLD_KINDS",
    "TRANSITIONS",
    "UNSETTLED_STATES",
    "ActionKind",
    "ActionState",
    "AlertKind",
    "CampaignState",
    "Channel",
    "DeliveryState",
    "Gate",
    "ImportState",
    "IncomingKind",
    "Landing",
    "LeadState",
    "LinkedInSignInState",
    "LinkedInState",
    "MailboxState",
    "Permission",
    "PoolScope",
    "Provider",
    "QuotaClock",
    "Reason",
    "RecordState",
    "Role",
    "SalesKind",
    "ScrapeState",
    "Security",
    "StopScope",
    "SuppressionKind",
    "WarmUpPause",
    "WarmUpPreset",
]

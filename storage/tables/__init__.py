"""Every table, by subject; importing this package registers them all."""

from storage.columns import Base
from storage.tables.alerts import Alert, AlertChoice, AlertDelivery, AlertMail, AlertSeen, Webhook
from storage.tables.campaigns import Campaign, Lead, LeadImport, LeadImportFile, LeadPause, Step, Suppression
from storage.tables.disconnections import DisconnectedLead, Disconnection
from storage.tables.domains import DomainCheck
from storage.tables.grants import AdminConsent, MailGrant, ProviderApp, SignInFlow
from storage.tables.identities import Holiday, Identity, Photo
from storage.tables.incoming import FolderCursor, IncomingMail, MailReading
from storage.tables.installation import Heartbeat, Installation, Setting, Stop
from storage.tables.ledger import IS_PARKED, OPEN, UNSETTLED, Action, Event, Freeze, Lane, LimitSetting, QuotaUse, Spend
from storage.tables.linkedin import LinkedInAccount, LinkedInConsent, LinkedInInvitation, LinkedInSignIn, ShareLink
from storage.tables.mailboxes import Mailbox
from storage.tables.people import (
    Audit,
    Invitation,
    Membership,
    MembershipIdentity,
    OwnerReset,
    SignIn,
    User,
    UserSession,
    Workspace,
)
from storage.tables.scrapes import Scrape, ScrapedPerson, ScrapeReading
from storage.tables.warm_up import WarmUp, WarmUpCampaign, WarmUpMember, WarmUpMessage

__all__ = [
    "IS_PARKED",
    "OPEN",
    "UNSETTLED",
    "Action",
    "AdminConsent",
    "Alert",
    "AlertChoice",
    "AlertDelivery",
    "AlertMail",
    "AlertSeen",
    "Audit",
    "Base",
    "Campaign",
    "DisconnectedLead",
    "Disconnection",
    "DomainCheck",
    "Event",
    "FolderCursor",
    "Freeze",
    "Heartbeat",
    "Holiday",
    "Identity",
    "IncomingMail",
    "Installation",
    "Invitation",
    "Lane",
    "Lead",
    "LeadImport",
    "LeadImportFile",
    "LeadPause",
    "LimitSetting",
    "LinkedInAccount",
    "LinkedInConsent",
    "LinkedInInvitation",
    "LinkedInSignIn",
    "MailGrant",
    "MailReading",
    "Mailbox",
    "Membership",
    "MembershipIdentity",
    "OwnerReset",
    "Photo",
    "ProviderApp",
    "QuotaUse",
    "Scrape",
    "ScrapeReading",
    "ScrapedPerson",
    "Setting",
    "ShareLink",
    "SignIn",
    "SignInFlow",
    "Spend",
    "Step",
    "Stop",
    "Suppression",
    "User",
    "UserSession",
    "WarmUp",
    "WarmUpCampaign",
    "WarmUpMember",
    "WarmUpMessage",
    "Webhook",
    "Workspace",
]

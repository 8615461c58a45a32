"""Every page of the panel: its place in the URL, its file, its section, and who may open it."""

from dataclasses import dataclass
from pathlib import Path

from storage.kinds import Permission

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Page:
    """`slug` is the place in the URL; a hidden page is reached from another one, never from the sidebar."""

    slug: str
    file: str
    title: str
    icon: str
    section: str
    needs: Permission = Permission.READ
    hidden: bool = False
    without_workspace: bool = False


SECTIONS = ("Overview", "Identities", "Campaigns", "Reports", "Settings")
_ALL = (
    Page("today", "overview/today.py", "Today", ":material/today:", "Overview"),
    Page("alerts", "overview/alerts.py", "Alerts", ":material/notifications:", "Overview"),
    Page("parked", "overview/parked.py", "Parked", ":material/help_center:", "Overview"),
    Page("why", "overview/why.py", "Why did this not run?", ":material/rule:", "Overview", hidden=True),
    Page("identities", "identities/dashboard.py", "Identities", ":material/group:", "Identities"),
    Page(
        "new-identity", "identities/new.py", "New identity", ":material/person_add:", "Identities", Permission.MANAGE, True
    ),
    Page(
        "new-by-login",
        "identities/new_by_login.py",
        "New identity by LinkedIn login",
        ":material/login:",
        "Identities",
        Permission.MANAGE,
        True,
    ),
    Page(
        "new-by-share",
        "identities/new_by_share.py",
        "New identity by share link",
        ":material/add_link:",
        "Identities",
        Permission.MANAGE,
        True,
    ),
    Page("identity", "identities/identity.py", "Identity", ":material/person:", "Identities", hidden=True),
    Page("addresses", "identities/addresses.py", "Addresses", ":material/alternate_email:", "Identities"),
    Page("campaigns", "campaigns/list.py", "Campaigns", ":material/campaign:", "Campaigns"),
    Page("campaign", "campaigns/campaign.py", "Campaign", ":material/campaign:", "Campaigns", hidden=True),
    Page("lead", "campaigns/lead.py", "Lead", ":material/contact_page:", "Campaigns", hidden=True),
    Page("suppressions", "campaigns/suppressions.py", "Suppressions", ":material/block:", "Campaigns"),
    Page("warm-up", "reports/warm_up.py", "Warm-up", ":material/local_fire_department:", "Reports"),
    Page("statement", "reports/statement.py", "Client statement", ":material/receipt_long:", "Reports"),
    Page("quotas", "reports/quotas.py", "Quotas", ":material/monitoring:", "Reports"),
    Page("proof", "reports/proof.py", "Proof", ":material/verified:", "Reports"),
    Page("users", "settings/users.py", "Users", ":material/manage_accounts:", "Settings", Permission.ADMINISTER),
    Page("providers", "settings/providers.py", "Providers", ":material/key:", "Settings", Permission.ADMINISTER),
    Page("webhook", "settings/webhook.py", "Webhook", ":material/webhook:", "Settings", Permission.ADMINISTER),
    Page("audit-log", "settings/audit.py", "Audit log", ":material/history:", "Settings"),
    Page(
        "workspaces",
        "settings/workspaces.py",
        "Workspaces",
        ":material/apartment:",
        "Settings",
        Permission.ADMINISTER,
        without_workspace=True,
    ),
    Page(
        "installation",
        "settings/installation.py",
        "Installation",
        ":material/dns:",
        "Settings",
        Permission.OWN,
        without_workspace=True,
    ),
    Page("account", "settings/account.py", "Your account", ":material/account_circle:", "Settings", without_workspace=True),
)
PAGES = {page.slug: page for page in _ALL if (FOLDER / page.file).exists()}
FIRST = "today" if "today" in PAGES else next(iter(PAGES), "")

"""Which screens `make screenshots` takes: every page, with data, with none, full and awkward, and what opens on them."""

from dataclasses import dataclass

_PRACTICE, _EMPTY, _FULL, _AWKWARD = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen: its path, the workspace, the buttons pressed once it is there, and whether README shows it."""

    name: str
    path: str
    workspace: int = _PRACTICE
    press: tuple[str, ...] = ()
    kept: bool = False

    def url(self, address: str) -> str:
        joint = "&" if "?" in self.path else "?"
        return f"{address}/{self.path}{joint}w={self.workspace}"


@dataclass(frozen=True, slots=True)
class Way:
    """A way to look at a screen."""

    name: str
    width: int = 1280
    height: int = 900
    dark: bool = False


WAYS = (Way("light"), Way("dark", dark=True), Way("phone", 390, 844), Way("phone-dark", 390, 844, dark=True))
_PAGES = (
    Shot("today", "", kept=True),
    Shot("alerts", "alerts"),
    Shot("identities", "identities"),
    Shot("new-identity", "new-identity"),
    Shot("new-by-login", "new-by-login"),
    Shot("new-by-share", "new-by-share"),
    Shot("identity-contact", "identity?id=1"),
    Shot("identity-linkedin", "identity?id=1&section=linkedin"),
    Shot("identity-email", "identity?id=1&section=email", kept=True),
    Shot("identity-ended", "identity?id=6&section=email"),
    Shot("identity-share", "identity?id=1&section=share"),
    Shot("identity-activity", "identity?id=1&section=activity"),
    Shot("identity-gone", "identity?id=999999"),
    Shot("addresses", "addresses"),
    Shot("campaigns", "campaigns"),
    Shot("campaign", "campaign?id=3", kept=True),
    Shot("campaign-leads", "campaign?id=3&tab=Leads"),
    Shot("campaign-launch", "campaign?id=3&tab=Launch"),
    Shot("campaign-draft", "campaign?id=21&tab=Launch"),
    Shot("campaign-gone", "campaign?id=999999"),
    Shot("lead", "lead?id=131"),
    Shot("why-it-ran", "why?id=1"),
    Shot("why", "why?id=1393", kept=True),
    Shot("parked", "parked"),
    Shot("suppressions", "suppressions"),
    Shot("warm-up", "warm-up"),
    Shot("statement", "statement"),
    Shot("quotas", "quotas?period=Last+30+days", kept=True),
    Shot("proof", "proof"),
    Shot("users", "users"),
    Shot("providers", "providers"),
    Shot("webhook", "webhook"),
    Shot("audit-log", "audit-log"),
    Shot("workspaces", "workspaces"),
    Shot("installation", "installation"),
    Shot("account", "account"),
)
_OPENED = (
    Shot("open-clock", "", press=("Move the clock",)),
    Shot("open-stop", "", press=("Stop everything",)),
    Shot("open-stop-identity", "identity?id=1", press=("Stop",)),
    Shot("open-new-campaign", "campaigns", press=("New campaign",)),
    Shot("open-imap", "identity?id=1&section=email", press=("IMAP",)),
    Shot("open-html", "campaign?id=3", press=("HTML",)),
    Shot("open-warm-up", "identity?id=1&section=email", press=("Start warm-up",)),
    Shot("open-disconnect", "identity?id=1&section=email", press=("more_horiz",)),
    Shot("open-domain-in-order", "identity?id=1&section=email", press=("Domain acme",)),
    Shot("open-domain-red", "identity?id=1&section=email", press=("Domain get-acme",)),
    Shot("open-settings", "identity?id=1&section=email", press=("Limit, gap, signature",)),
    Shot("open-pool", "identity?id=1&section=email", press=("Warm-up pool",)),
    Shot("open-withdrawals", "identity?id=1&section=linkedin", press=("Withdrawals",)),
    Shot("open-changes", "identity?id=1&section=activity", press=("Changes",)),
    Shot("open-add-identity", "identities", press=("Add new identity",)),
    Shot("open-identity-table", "identities", press=("Table",)),
    Shot("open-tell-me", "alerts", press=("Tell me by mail",)),
    Shot("open-policy", "warm-up", press=("Policy and price",)),
    Shot("open-workspace-policy", "warm-up", press=("Workspace policy",)),
    Shot("open-more", "campaign?id=3", press=("more_horiz",)),
    Shot("open-finish", "campaign?id=3", press=("more_horiz", "Finish")),
    Shot("open-the-mail", "lead?id=131", press=("The mail",)),
    Shot("open-import-leads", "campaign?id=21&tab=Leads", press=("Import more leads",)),
    Shot("open-read-sales-navigator", "campaign?id=3&tab=Leads", press=("Read Sales Navigator",)),
    Shot("open-suppress", "suppressions", press=("Add to the list",)),
    Shot("open-import-suppressions", "suppressions", press=("Import a CSV",)),
    Shot("open-invite", "users", press=("Invite a user",)),
    Shot("open-edit-user", "users", press=("Edit",)),
    Shot("open-stop-lead", "lead?id=131", press=("Stop this lead",)),
    Shot("open-authenticator", "account", press=("Set up an authenticator",)),
)
# Every page that lists something, where there is nothing, far too much, and what no screen was drawn for.
_LISTS = (
    "",
    "alerts",
    "identities",
    "addresses",
    "campaigns",
    "parked",
    "suppressions",
    "warm-up",
    "statement",
    "quotas",
    "proof",
    "audit-log",
    "users",
)
_STRAINED = tuple(
    Shot(f"{name}-{path or 'today'}", path, workspace)
    for name, workspace in (("none", _EMPTY), ("full", _FULL), ("awkward", _AWKWARD))
    for path in _LISTS
)
# The longest name, one that runs from right to left, and every state that an address can have.
_AWKWARD_ONES = (
    Shot("awkward-contact", "identity?id=5013", _AWKWARD),
    Shot("awkward-email", "identity?id=5013&section=email", _AWKWARD),
    Shot("awkward-linkedin", "identity?id=5013&section=linkedin", _AWKWARD),
    Shot("awkward-activity", "identity?id=5013&section=activity", _AWKWARD),
    Shot("awkward-right-to-left", "identity?id=5019", _AWKWARD),
    Shot("awkward-campaign", "campaign?id=22", _AWKWARD),
    Shot("awkward-campaign-leads", "campaign?id=22&tab=Leads", _AWKWARD),
    Shot("awkward-campaign-launch", "campaign?id=22&tab=Launch", _AWKWARD),
)
SHOTS = (*_PAGES, *_OPENED, *_STRAINED, *_AWKWARD_ONES)
WAY_OUT = "the way out of a lead's mail"  # its path is signed, so it is known once the workspace is there
# What answers without a session: the path, and the fields that are filled in before the button is pressed.
DOORS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("door-sign-in", "/sign-in", {}),
    ("door-refused", "/sign-in", {"E-mail address": "nobody@outpost.test", "Password": "not the right one"}),
    ("door-code", "/sign-in", {"E-mail address": "mara@outpost.test", "Password": "nothing here is real"}),
    ("door-invitation", "/invitation/screens", {}),
    ("door-gone", "/invitation/gone", {}),
    ("door-reset", "/reset/screens", {}),
    ("door-share", "/share/screens", {}),
    ("door-share-manually", "/share/screens?way=manually", {}),
    ("door-share-gone", "/share/gone", {}),
    ("door-unsubscribe", WAY_OUT, {}),
    ("door-approved", "/connect/answered/yes", {}),
    ("door-not-approved", "/connect/answered/no", {}),
    ("door-sign-in-over", "/connect/over/late", {}),
    ("door-nothing-here", "/share", {}),
    ("door-unsubscribe-gone", "/unsubscribe/gone", {}),
    ("door-sign-out", "/sign-out", {}),
)
# Behind the gate, and yet plain: what is said before somebody is sent to a provider, and where there is no page.
GATED: tuple[tuple[str, str], ...] = (
    ("gated-google", "/connect/google?w=1&identity=1"),
    ("gated-microsoft", "/connect/microsoft?w=1&identity=1&address=ada%40acme.practice.test"),
    ("gated-nowhere", "/no/such/page"),
)
# An installation that was just started: before there is an owner, and right after. Nothing of practice is on these.
WELCOME: tuple[str, str, dict[str, str]] = ("door-welcome", "/welcome", {})
FIRST_OWNER = {
    "Your name": "Ada Lovelace",
    "E-mail address": "ada@outpost.test",
    "Password": "nothing here is real",
    "First workspace": "Acme Robotics",
}
FRESH = tuple(
    Shot(f"fresh-{path or 'today'}", path) for path in ("", "identities", "campaigns", "providers", "installation")
)

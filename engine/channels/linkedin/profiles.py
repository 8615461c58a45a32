"""What a profile's top card says: whose it is, and how the account stands to that person."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Error, Locator

from engine.channels.linkedin.outcomes import LeadProblem, LeadProblemKind, OwnProfile, Person, ProfileState
from engine.channels.linkedin.sitting import Sitting, Stop, bare, rows, same_name, slug_of

# Whom a control is about, where its label says so.
_ABOUT = re.compile(
    r"(?:Invite (?P<invite>.+) to connect|Accept (?P<accept>.+?)['’]s? request.*|(?:Pending|Withdraw).* sent to (?P<sent>.+)"
    r"|(?:Follow|Unfollow|Following|Message|Remove) (?P<other>(?!connection|up\b).+))",
    re.IGNORECASE,
)
# The card by its component key, else the one around the heading with the name: sidebars hold other people's buttons.
# Where nothing but `main` is around it, the card ends at the next heading; what is in an aside is never the person's.
_MARK_CARD = """(name) => {
  const seen = e => e.checkVisibility({visibilityProperty: true});
  const plain = t => t.trim().toLowerCase().normalize('NFKD').replace(/\\p{M}/gu, '');
  const words = t => plain(t).match(/[\\p{L}\\p{N}]+/gu) || [];
  const within = (t, n) => n.length > 0 && n.every(w => words(t).includes(w));
  for (const mark of ['data-outpost-card', 'data-outpost-control'])
    document.querySelectorAll(`[${mark}]`).forEach(e => e.removeAttribute(mark));
  const keyed = [...document.querySelectorAll('[componentkey*="profile.card.ref"]')]
    .filter(e => /topcard/i.test(e.getAttribute('componentkey')) && seen(e) && e.querySelector('h1,h2,[role=heading]'));
  const title = 'h1, h2, [role=heading][aria-level="1"], [role=heading][aria-level="2"]';
  const heads = [...document.querySelectorAll('main')].flatMap(m => [...m.querySelectorAll(title)]).filter(seen);
  const head = (keyed[0] && [...keyed[0].querySelectorAll(title)].find(seen))
    || heads.find(h => name && plain(h.innerText) === plain(name)) || heads.find(h => within(h.innerText, words(name)))
    || heads[0];
  if (!head) return null;
  const card = keyed[0] || head.closest('[componentkey*="profile.card.ref"]') || head.closest('section')
    || head.closest('main');
  card.setAttribute('data-outpost-card', '');
  const follows = (e, o) => !!(o.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
  const next = card.localName !== 'main' ? null
    : [...card.querySelectorAll('h1,h2,h3,section')].find(e => seen(e) && follows(e, head) && !e.contains(head));
  const others = [...card.querySelectorAll('h2,h3,h4,[role=heading]')].filter(e => seen(e) && e !== head
    && !e.contains(head) && follows(e, head) && !head.contains(e));
  const apart = [...card.querySelectorAll('aside,[role=complementary]')].filter(e => !e.contains(head));
  const foreign = e => apart.some(o => o.contains(e)) || (next && (next.contains(e) || follows(e, next)));
  for (const e of card.querySelectorAll('a, button, [role=button]')) if (!foreign(e))
    e.setAttribute('data-outpost-control', others.some(o => follows(e, o)) ? 'below' : '');
  let text = card.innerText;
  for (const one of apart) text = text.replace(one.innerText, '\\n');
  const from = text.indexOf(head.innerText) + head.innerText.length;
  const end = next ? text.indexOf(next.innerText.slice(0, 60), from) : -1;
  if (next) text = end < 0 ? '' : text.slice(0, end);
  const html = (card.getAttribute('componentkey') || '') + [...card.querySelectorAll('a[href*="profileUrn"]')]
    .map(a => decodeURIComponent(a.href)).join(' ');
  return {name: head.innerText.trim(), title: document.title, keyed: keyed[0] ? 'yes' : '',
    bare: card.localName === 'main' ? 'yes' : '', text, member: (html.match(/ACoA[\\w-]+/) || [''])[0],
    edit: (card.querySelector('a[href*="/edit/intro/"]') || {}).href || ''};
}"""
# What stands where the name was, at an address that leads to nobody and was not led to /404.
_GONE = re.compile(
    r"(page|profile) (doesn.?t|does not) exist|(page|profile) (is )?(not |un)available|page not found", re.IGNORECASE
)
_CONTROLS = """(all) => all.map((e, at) => ({at: String(at), label: e.getAttribute('aria-label') || '',
  text: (e.innerText || e.textContent || '').trim(), href: e.getAttribute('href') || '',
  key: e.getAttribute('componentkey') || '',
  below: e.getAttribute('data-outpost-control') || '', seen: e.checkVisibility({visibilityProperty: true}) ? 'yes' : ''}))"""
_OWN_LINKS = (
    "(all) => all.map(e => e.getAttribute('href') || '').filter(h => /\\/in\\/[^/]+\\/(edit|overlay|details)\\//.test(h))"
)
_PHOTO = 'img[src*="profile-displayphoto"]'  # the cover picture's address says "displaybackgroundimage"
_HEADING = "h1, h2, [role=heading][aria-level='1'], [role=heading][aria-level='2']"
_REMOVES = re.compile(r"Remove (your )?connection\b", re.IGNORECASE)
_PRESSABLE = "[data-outpost-control]"
_MENU = ":is([role=menu], [data-floating-ui-portal]) [role=menuitem], .artdeco-dropdown__content [role=button]"


@dataclass(frozen=True, slots=True)
class Card:
    slug: str
    name: str
    member_id: str
    state: ProfileState
    control: Locator | None = None  # what invites, or accepts
    invite_address: str = ""  # where the invitation's dialog is, when no control in sight opens it
    message_address: str = ""


def read(sitting: Sitting, person: Person) -> Card:
    """Open the person's profile; Stop when it is gone or another's."""
    sitting.go(f"/in/{quote(person.slug)}/")
    return here(sitting, person)


def here(sitting: Sitting, person: Person) -> Card:
    seen = _card(sitting, person.name)
    slug = slug_of(sitting.page.url)
    if _GONE.search(seen["name"]):
        raise Stop(LeadProblem(LeadProblemKind.NOT_FOUND, "This profile is not on LinkedIn any more.", slug))
    known = person.member_id and seen["member"]
    if (known and person.member_id != seen["member"]) or not same_name(person.name, seen["name"]):
        if not known and not seen["keyed"] and person.name.casefold() in seen["title"].casefold():
            raise sitting.drift("the page is this person's, but its card is not where it was")
        raise Stop(LeadProblem(LeadProblemKind.WRONG_PERSON, "The profile is another person's.", slug))
    found = rows(sitting.page.locator(_PRESSABLE).evaluate_all(_CONTROLS))
    in_sight = [one for one in found if one["seen"]]
    controls = [one for one in in_sight if is_about(one, seen["name"], exactly=bool(seen["bare"]))]
    if seen["bare"] and len(controls) < len(in_sight):
        seen["text"] = ""  # nothing sets the neighbours apart, so a degree may be theirs
    state, control = judge(controls, seen["text"], slug, seen["name"])
    address = next((c["href"] for c in controls if "/messaging/" in c["href"]), "")
    place = sitting.page.locator(_PRESSABLE).nth(int(control["at"])) if control else None
    if state not in (ProfileState.UNKNOWN, ProfileState.FOLLOW_ONLY):
        return Card(slug, seen["name"], seen["member"], state, place, "", address)
    items = [one for one in _menu(sitting, controls) if is_about(one, seen["name"], exactly=False)]
    in_menu, item = judge(items, "", slug, seen["name"])
    if in_menu is ProfileState.UNKNOWN:
        in_menu = state
    return Card(slug, seen["name"], seen["member"], in_menu, None, item["href"] if item else "", address)


def _card(sitting: Sitting, name: str) -> dict[str, str]:
    try:
        sitting.page.locator(f"main :is({_HEADING})").locator("visible=true").first.wait_for(timeout=sitting.left(10))
    except Error:
        raise sitting.drift("no profile card") from None
    found = sitting.page.evaluate(_MARK_CARD, name)
    if not found:
        raise sitting.drift("no profile card")
    return rows([found])[0]


def _menu(sitting: Sitting, controls: list[dict[str, str]]) -> list[dict[str, str]]:
    """What the card's More menu offers, opened as a person would; saved pages keep it hidden, so it is read all the same."""
    more = [c for c in controls if c["text"] == "More" or c["label"] in ("More", "More actions")]
    if not more:
        return []
    sitting.page.locator(_PRESSABLE).nth(int(more[0]["at"])).click(timeout=sitting.left(5))
    sitting.pause(0.3)
    return rows(sitting.page.locator(_MENU).evaluate_all(_CONTROLS))


def judge(controls: list[dict[str, str]], text: str, slug: str, name: str) -> tuple[ProfileState, dict[str, str] | None]:
    """The state that these controls mean, in the order in which one outweighs the next, and the control to press."""
    invites = [c for c in controls if _invites(c, slug, name)]
    accepts = [c for c in controls if re.match(r"Accept .*request to connect", c["label"]) and _names(c["label"], name)]
    if any(re.match(r"Pending|Withdraw", c["label"] or c["text"]) or c["key"].endswith("_pending") for c in controls):
        return ProfileState.PENDING, None
    if accepts:
        return ProfileState.INCOMING, accepts[0]
    degree = _degree(text, name)
    removes = any(_REMOVES.match(words) for c in controls for words in (c["label"], c["text"]))
    if removes or degree == "1st":
        return ProfileState.CONNECTED, None
    if any("_withdrawn" in c["key"] for c in controls):
        return ProfileState.COOL_DOWN, None
    if invites:
        exactly = [c for c in invites if c["label"].casefold() == f"invite {name} to connect".casefold()]
        if len({c["label"] for c in invites}) > 1 and not exactly:
            return ProfileState.UNKNOWN, None  # two people of nearly one name
        return ProfileState.CONNECTABLE, (exactly or invites)[0]
    if any(re.match(r"(Follow|Following|Unfollow)\b", c["label"] or c["text"]) for c in controls):
        return ProfileState.FOLLOW_ONLY, None
    return ProfileState.UNKNOWN, None


def _degree(text: str, name: str) -> str:
    """How far the person is from the account, as the card says it; a line that begins with another name is of that one."""
    known = set(re.findall(r"\w+", bare(name)))
    for line in text.splitlines():
        found = re.search(r"(.*?)(?:·\s*(1st|2nd|3rd)|(1st|2nd|3rd) degree)", line)
        if not found:
            continue
        before = re.sub(r"\(.*?\)|\S+/\S+|[123](st|nd|rd)", "", bare(found.group(1)))  # pronouns, and a twin
        words = set(re.findall(r"[^\W\d_]{2,}", before)) - {"verified", "premium"}
        if not words or words & known:
            return found.group(2) or found.group(3)
    return ""


def is_about(control: dict[str, str], name: str, *, exactly: bool) -> bool:
    """Whether a control is this person's: one whose label names somebody else is a neighbour's.

    `exactly`: nothing on the page sets neighbours apart, and one may have nearly the same name.
    """
    found = _ABOUT.fullmatch(control["label"])
    named = next((text for text in found.groups() if text), "") if found else ""
    if control["below"] and not named and not control["href"]:
        return False  # under another heading of the card, and of nobody by name
    if exactly and named:
        return named.casefold() == name.casefold()
    return not named or same_name(name, named)


def _invites(control: dict[str, str], slug: str, name: str) -> bool:
    parts = urlsplit(control["href"])
    if overlay := re.fullmatch(r"/in/([^/]+)/overlay/custom-invite/?", parts.path):
        return slug_of(f"/in/{overlay.group(1)}") == slug
    if "/preload/custom-invite" in parts.path:
        return [one.lower() for one in parse_qs(parts.query).get("vanityName", [])] == [slug]
    found = re.fullmatch(r"Invite (.+) to connect", control["label"])
    return bool(found and same_name(name, found.group(1)))


def _names(label: str, name: str) -> bool:
    found = re.match(r"Accept (.+?)['’]s? request", label)
    return bool(found and same_name(name, found.group(1)))


def own(sitting: Sitting) -> OwnProfile:
    """The account's own profile: where /in/me/ leads, proven by the link that edits it."""
    sitting.go("/in/me/")
    seen = _card(sitting, "")
    slug = slug_of(sitting.page.url)
    if slug == "me":  # no redirect: the card's own links say who it is
        of_card = {slug_of(href) for href in sitting.page.locator(_PRESSABLE).evaluate_all(_OWN_LINKS)}
        slug = of_card.pop() if len(of_card) == 1 else ""
    edits = sitting.page.locator(f'a[href*="/in/{slug}/edit/intro/"]').count()
    is_own = edits or sitting.page.locator("main").get_by_text("Private to you", exact=True).count()
    if not slug or not is_own:
        raise sitting.drift("the account's own profile can't be told")
    lines = [line.strip() for line in seen["text"].splitlines() if line.strip()]
    after = lines[lines.index(seen["name"]) + 1 :] if seen["name"] in lines else []
    title = next((line for line in after if len(line) > 3 and line[0] not in "(·" and "Verif" not in line), "")
    names = {cookie.get("name") for cookie in sitting.page.context.cookies()}
    seat = {"li_a", "li_ep_auth_context"} <= names
    return OwnProfile(slug, seen["name"], title, _portrait(sitting), seen["member"], seat)


def _portrait(sitting: Sitting) -> bytes:
    """The card's photo as it is shown, so that nothing is fetched that the page does not fetch itself; empty for none."""
    shown = sitting.page.locator(f"[data-outpost-card] {_PHOTO}").locator("visible=true").first
    try:
        shown.wait_for(timeout=sitting.left(1))
        shown.evaluate("e => e.decode()", timeout=sitting.left(3))
        return shown.screenshot(timeout=sitting.left(3))
    except Error:
        return b""

"""The account's lists: invitations sent, with their withdrawal, and connections; long lists draw only what is in sight."""

import re
from contextlib import suppress
from datetime import timedelta

from playwright.sync_api import Error

from engine.channels.effects import Trace, Uncertain
from engine.channels.linkedin import profiles
from engine.channels.linkedin.outcomes import (
    Connection,
    Done,
    Gate,
    Invitation,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
    Person,
    ProfileState,
)
from engine.channels.linkedin.sitting import Sitting, Stop, rows, same_name, slug_of

_SENT = "/mynetwork/invitation-manager/sent/"
_CONNECTIONS = "/mynetwork/invite-connect/connections/"
_IDLE, _PASSES = 3, 3
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
# A row holds one person's control. Of several links (people in common) the one that says the name is theirs; a row that
# leaves a doubt has no address.
_ROWS = """const rows = (mark) => {
  const seen = e => e.checkVisibility({visibilityProperty: true});
  const says = e => (e.getAttribute('aria-label') || e.innerText || '').trim();
  const wanted = e => mark === 'W'
    ? /\\bwithdraw\\b/i.test(e.getAttribute('aria-label') || '') || /^withdraw\\b/i.test((e.innerText || '').trim())
      || e.dataset.viewName === 'sent-invitations-withdraw-single'
    : /^(Message|(Send|Write) (a )?message)\\b/.test(says(e));
  const controls = [...document.querySelectorAll('main :is(a, button, [role=button])')].filter(e => seen(e) && wanted(e));
  const outer = controls.filter(e => !controls.some(o => o !== e && o.contains(e)));
  const slug = a => new URL(a.href, location.href).pathname.split('/')[2];
  return outer.map(e => {
    let row = e.closest('[role=listitem], li, [data-display-contents]') || e.parentElement;
    while (row.parentElement && row.localName !== 'main' && !row.querySelector('a[href*="/in/"]')) row = row.parentElement;
    const label = (e.getAttribute('aria-label') || '').match(/(?:sent to|[Mm]essage to|^Message) (.+)$/)
      || (e.getAttribute('aria-label') || '').match(/^(.+?)\\W+withdraw\\b/i);
    const links = [...row.querySelectorAll('a[href*="/in/"]')].filter(seen);
    const about = a => [a.innerText, says(a), ...[...a.querySelectorAll('img')].map(i => i.alt)].join(' ');
    const theirs = new Set(links.map(slug)).size < 2 ? links : links.filter(a => label && about(a).includes(label[1]));
    const crowded = outer.some(o => o !== e && row.contains(o) && !(label && says(o) === says(e)));
    const named = theirs.map(a => a.innerText.trim()).find(Boolean);
    const is_clear = !crowded && new Set(theirs.map(slug)).size === 1;
    return {control: e, href: is_clear ? theirs[0].href : '', name: label ? label[1] : named || '', text: row.innerText};
  });
};"""
# What the page says of an empty list; without it (another language, a page that broke) nothing is concluded from no rows.
_NOBODY_INVITED = re.compile(r"\bPeople\b|no (sent|pending) invitations|(haven.t|have not) sent", re.IGNORECASE)
_NOBODY_CONNECTED = re.compile(r"\b0 connections\b|\b(no|any) connections\b", re.IGNORECASE)
_MORE = re.compile(r"^(Load|Show|See|View)\b.*\bmore\b", re.IGNORECASE)
_TOLD_ROW = re.compile(r"\bSent (?:today|yesterday|just now|.{1,30}? ago)\b", re.IGNORECASE)
_WAITS = "main :is([aria-busy=true], [role=progressbar], [class*=skeleton]):visible"
_READ = f"(mark) => {{ {_ROWS} return rows(mark).map(({{control, ...row}}) => row); }}"
# What a dialog to withdraw says beside a name.
_OF_NOBODY = re.compile(
    r"\b(?:withdraw|invitations?|invite|sent|to|from|for|the|this|your|confirm|are|you|sure|want|do|a|connection|request"
    r"|pending|cancel|and|[’']s)\b|[’']s\b",
    re.IGNORECASE,
)
# Rows are drawn anew while the list moves, so a row's control is looked up by its link at the moment it is needed.
_CONTROL = f"""(href) => {{ {_ROWS} const found = rows('W').filter(row => row.href === href);
  return found.length === 1 ? found[0].control : null; }}"""
# Whatever of the page scrolls: `main`, the document, or a box around the rows. One that begins at its lower end goes up.
_BOXES = """const boxes = [...new Set([document.querySelector('main'), document.scrollingElement, ...function* () {
  for (const link of document.querySelectorAll('main a[href*="/in/"]'))
    for (let e = link.parentElement; e && e.localName !== 'main'; e = e.parentElement) yield e; }()])]
  .filter(e => e && e.scrollHeight > e.clientHeight + 1
    && (e === document.scrollingElement || /auto|scroll/.test(getComputedStyle(e).overflowY)));"""
_SCROLL = f"""() => {{ {_BOXES} for (const e of boxes) {{
  const before = e.scrollTop, by = Math.max(200, e.clientHeight * 0.8);
  if (before >= 0) e.scrollTop = before + by;
  if (e.scrollTop === before && before <= 0) e.scrollTop = before - by; }} }}"""
_TO_TOP = f"() => {{ {_BOXES} for (const e of boxes) e.scrollTop = 0; }}"


def _collect(sitting: Sitting, mark: str, most: int, sought: str = "", least: int = 0) -> dict[str, dict[str, str]]:
    """Rows by slug, gathered while scrolling, until the sought one is in sight or nothing new comes.

    A list drawn late or only in part is gone through again from its top while fewer than `least` were seen.
    """
    found: dict[str, dict[str, str]] = {}
    idle, passes = 0, 1
    while len(found) < most:
        before = len(found)
        for row in rows(sitting.page.evaluate(_READ, mark)):
            if slug := slug_of(row["href"]):
                found.setdefault(slug, row)
        if sought in found:
            break
        idle = 0 if len(found) > before else idle + 1
        if idle > _IDLE:
            if len(found) >= least or passes == _PASSES:
                break
            idle, passes = 0, passes + 1
            sitting.page.evaluate(_TO_TOP)
        _further(sitting, is_at_end=idle > 0)
    return found


def _further(sitting: Sitting, is_at_end: bool) -> None:
    sitting.page.evaluate(_SCROLL)
    more = sitting.page.locator("main").get_by_role("button", name=_MORE).locator("visible=true")
    with suppress(Error):  # covered by a row that is being drawn: scrolling on brings it out again
        if is_at_end and more.count():
            more.last.click(timeout=sitting.left(1.5))  # the list's own stands behind its rows; others unfold a text
    sitting.pause(0.25)


def _sent(sitting: Sitting, sought: str = "") -> tuple[dict[str, dict[str, str]], bool]:
    """The rows, and whether they are all: their number is the one that the page tells."""
    sitting.go(_SENT)
    _drawn(sitting)
    text = sitting.page.locator("main").first.inner_text(timeout=sitting.left())
    told = re.search(r"People\s*\((\d[\d,.]*)\)", text)
    least = int(re.sub(r"\D", "", told.group(1))) if told else 0
    found = _collect(sitting, "W", 5000, sought, least)
    if not found and not _NOBODY_INVITED.search(text):
        raise sitting.drift("no list of sent invitations")
    return found, len(found) >= least and not sitting.page.locator(_WAITS).count() and (bool(told) or _is_clear(sitting))


def _is_clear(sitting: Sitting) -> bool:
    """Whether every row in sight says whose it is, and no invitation is told beside them."""
    in_sight = rows(sitting.page.evaluate(_READ, "W"))
    text = sitting.page.locator("main").first.inner_text(timeout=sitting.left())
    return len(_TOLD_ROW.findall(text)) <= len(in_sight) and all(row["href"] for row in in_sight)


def _drawn(sitting: Sitting) -> None:
    """Wait for a first row; a list without any stays as it is."""
    with suppress(Error):
        sitting.page.locator('main a[href*="/in/"]').first.wait_for(timeout=sitting.left(3))
    sitting.pause(0.3)


def sent_invitations(sitting: Sitting) -> tuple[Invitation, ...]:
    found, is_whole = _sent(sitting)
    if not is_whole:
        raise sitting.drift("the list of sent invitations ends before its count")
    return tuple(_invitation(slug, row) for slug, row in found.items())


def _invitation(slug: str, row: dict[str, str]) -> Invitation:
    words = re.search(r"Sent [^\n]*", row["text"])
    return Invitation(slug, row["name"], age(words.group(0) if words else ""), words.group(0) if words else "")


def age(words: str) -> timedelta:
    """The least time since "Sent 2 weeks ago": LinkedIn rounds down."""
    found = re.search(r"(\d+|an?) (day|week|month|year)s? ago", words)
    if not found:
        return timedelta(days=1 if "yesterday" in words else 0)
    return timedelta(days=_DAYS[found.group(2)] * (int(found.group(1)) if found.group(1).isdigit() else 1))


def connections(sitting: Sitting, most: int) -> tuple[Connection, ...]:
    """The newest connections first; only who is there counts, absence proves nothing."""
    sitting.go(_CONNECTIONS)
    _drawn(sitting)
    told = re.search(r"(\d[\d,.]*) connections?\b", sitting.page.locator("main").first.inner_text(timeout=sitting.left()))
    least = min(most, int(re.sub(r"\D", "", told.group(1)))) if told else 0
    found = list(_collect(sitting, "M", most, least=least).items())[:most]
    if not found and not _NOBODY_CONNECTED.search(sitting.page.locator("main").first.inner_text(timeout=sitting.left())):
        raise sitting.drift("no list of connections")
    words = {slug: re.search(r"Connected [^\n]*", row["text"]) for slug, row in found}
    return tuple(Connection(slug, row["name"], w.group(0) if (w := words[slug]) else "") for slug, row in found)


def withdraw(sitting: Sitting, person: Person, gate: Gate) -> LinkedInOutcome:
    slug = person.slug.lower()
    found, is_whole = _sent(sitting, slug)
    if slug not in found:
        if not is_whole:
            raise sitting.drift("the list of sent invitations ends before its count")
        card = _card_of(sitting, person)
        if card is None or card.slug not in found:
            return _what_became_of_it(sitting, card)
        slug = card.slug  # the profile has moved since
        found, _ = _sent(sitting, slug)
    row = found.get(slug)
    if row is None:
        raise sitting.drift("the list of sent invitations changes while it is read")
    if not same_name(person.name, row["name"]):
        return LeadProblem(LeadProblemKind.WRONG_PERSON)
    _open_withdrawal(sitting, row["href"])
    _confirm(sitting, person, gate)
    return _proof(sitting, slug)


def _card_of(sitting: Sitting, person: Person) -> profiles.Card | None:
    """The person's profile; None when it is gone, or is somebody else's by now."""
    try:
        return profiles.read(sitting, person)
    except Stop as stop:
        gone = (LeadProblemKind.NOT_FOUND, LeadProblemKind.WRONG_PERSON)
        if isinstance(stop.outcome, LeadProblem) and stop.outcome.kind in gone:
            return None
        raise


def _what_became_of_it(sitting: Sitting, card: profiles.Card | None) -> LinkedInOutcome:
    """Absence from the whole list says that nothing is pending; only the profile says whether it was accepted."""
    if card is None:
        return LeadProblem(LeadProblemKind.NOT_PENDING, "The profile is gone, and its invitation with it.")
    if card.state is ProfileState.CONNECTED:
        return LeadProblem(LeadProblemKind.ALREADY_CONNECTED, slug=card.slug)
    if card.state in (ProfileState.PENDING, ProfileState.UNKNOWN):
        raise sitting.drift("the profile does not bear out that the invitation is gone from the list")
    return LeadProblem(LeadProblemKind.NOT_PENDING, slug=card.slug)


def _proof(sitting: Sitting, slug: str) -> LinkedInOutcome:
    """The toast is not believed: the list, loaded anew, must not hold it, and must be whole."""
    try:
        found, is_whole = _sent(sitting)
    except (Error, Stop):
        return Uncertain("The invitation may be withdrawn; the list could not be read again.")
    if slug in found:
        return NotDone("The list, loaded anew, still holds the invitation.")
    return Done({"slug": slug}) if is_whole else Uncertain("The list of sent invitations could not be read to its end.")


def _open_withdrawal(sitting: Sitting, href: str) -> None:
    control = sitting.page.evaluate_handle(_CONTROL, href).as_element()
    if control is None:
        raise sitting.drift("the invitation's row is not clear")
    control.scroll_into_view_if_needed(timeout=sitting.left(5))
    control = sitting.page.evaluate_handle(_CONTROL, href).as_element()  # scrolling may have drawn the rows anew
    if control is None:
        raise sitting.drift("the invitation's row is not clear")
    control.click(timeout=sitting.left(5))


def _confirm(sitting: Sitting, person: Person, gate: Gate) -> None:
    dialogs = sitting.page.locator(":is(dialog[open], [role=dialog], [role=alertdialog]):visible")
    dialog = dialogs.filter(has_text="Withdraw invitation")
    dialog.first.wait_for(timeout=sitting.left(8))
    confirm = dialog.get_by_role("button", name=re.compile(r"\bwithdraw\b", re.IGNORECASE)).locator("visible=true")
    if confirm.count() != 1:
        raise sitting.drift("the dialog to withdraw is not clear")
    heads = dialog.locator(":is(h1, h2, h3, [role=heading]):visible").all_inner_texts()
    for words in (confirm.get_attribute("aria-label") or "", *heads):
        named = _OF_NOBODY.sub(" ", words)
        if re.search(r"\w", named) and not same_name(person.name, named):
            raise sitting.drift("the dialog names another person")
    sitting.click_at_last(confirm, gate)
    sitting.pause(0.5)


def look_up(sitting: Sitting, person: Person) -> Trace:
    """Whether an invitation went out: by the profile first, then by the whole list of those sent."""
    card = profiles.read(sitting, person)
    if card.state in (ProfileState.PENDING, ProfileState.CONNECTED):
        return Trace.FOUND
    found, is_whole = _sent(sitting)
    if card.slug in found or person.slug.lower() in found:
        return Trace.FOUND
    return Trace.ABSENT if is_whole and card.state is ProfileState.CONNECTABLE else Trace.UNKNOWABLE

"""Sales Navigator: the people on one page of a search or a list, and the public profile behind one of them.

Nothing is clicked but what turns the page or opens a menu. A page is 25 rows of which only those in sight are drawn, so
it is scrolled through until every row has shown its name. The results say names only: who a person is publicly stands
behind a link on their own page.
"""

import re
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.sync_api import Error, Locator

from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    LeadProblem,
    LeadProblemKind,
    SalesLead,
    SalesPage,
    SalesRow,
)
from engine.channels.linkedin.sitting import HOME, Sitting, Stop, rows, same_name, slug_of

_NO_SEAT = (
    "LinkedIn led away from Sales Navigator: this account has no seat. Connect it again once it has one, or read with "
    "another identity's seat."
)
_CONTRACT = (
    "LinkedIn asks which Sales Navigator contract this account is to use. Choose one at linkedin.com/sales in a browser of "
    "your own, then connect the account again here."
)
_NOT_SHOWN = (
    "Sales Navigator does not show this search or list to this account. It may be deleted, or belong to another account "
    "and not be shared with this one."
)
_EMPTY = re.compile(r"no (leads|results|people|saved leads)|\b0 results\b|haven.t (saved|added)", re.IGNORECASE)
_GONE = re.compile(
    r"(not|no longer) (available|exist)|don.t have (access|permission)|couldn.t (find|load) (this|the) list", re.IGNORECASE
)
_TOLD = re.compile(r"\b(\d[\d,]*)\s+(?:total )?results\b")
# A row is a list item, or a line of a list's table; what links to a lead elsewhere on the page is none of the results.
_READ = """() => {
  const box = document.querySelector('#search-results-container') || document.querySelector('main') || document.body;
  const all = [...box.querySelectorAll('li.artdeco-list__item, tbody tr, [data-scroll-into-view]')];
  const outer = all.filter(row => !all.some(o => o !== row && o.contains(row)));
  return outer.map(row => {
    const one = s => ((row.querySelector(s) || {}).innerText || '').trim();
    const links = [...row.querySelectorAll('a[href*="/sales/lead/"]')];
    const named = links.find(a => a.innerText.trim());
    return {lead: (named || links[0] || {getAttribute: () => ''}).getAttribute('href'),
      name: one('[data-anonymize="person-name"]') || (named ? named.innerText.trim().split('\\n')[0] : ''),
      title: one('[data-anonymize="title"]') || one('[data-anonymize="job-title"]'),
      company: one('[data-anonymize="company-name"]'), place: one('[data-anonymize="location"]')};
  });
}"""
# Answers whether everything that scrolls has come to its end.
_SCROLL = """(to_top) => {
  const all = ['#search-results-container', 'main'].map(s => document.querySelector(s));
  const boxes = [...all, document.scrollingElement].filter(e => e && e.scrollHeight > e.clientHeight + 1);
  for (const e of boxes) e.scrollTop = to_top ? 0 : e.scrollTop + Math.max(200, e.clientHeight * 0.6);
  return boxes.every(e => e.scrollTop + e.clientHeight >= e.scrollHeight - 2); }"""
_SHOWN_PAGE = """() => { const e = document.querySelector('[aria-current="true"][aria-label^="Page "]');
  return e ? (e.getAttribute('aria-label').match(/\\d+/) || [''])[0] : ''; }"""
_IDLE, _PASSES, _MOST_TURNS = 4, 3, 100
_EMPTY_FOR = 8  # looks in a row: a page may say that there is nobody before it shows them


def page(sitting: Sitting, path: str, number: int) -> SalesPage:
    """One page of a search or a list, counted from 1. A page beyond the last one has no people."""
    _open(sitting, f"{path}{'&' if '?' in path else '?'}page={number}" if number > 1 else path)
    if not re.match(r"/sales/(search/people|lists/people/)", urlsplit(sitting.page.url).path):
        raise Stop(LeadProblem(LeadProblemKind.NOT_FOUND, _NOT_SHOWN))
    if not _drawn(sitting):
        return SalesPage((), False)
    _turn_to(sitting, number)
    found, unread = _gathered(sitting)
    following = _next(sitting)
    has_more = following.count() == 1 and not following.is_disabled(timeout=sitting.left())
    told = _TOLD.search(sitting.page.locator("body").inner_text(timeout=sitting.left()))
    return SalesPage(tuple(found), has_more, int(told.group(1).replace(",", "")) if told else None, unread)


def lead(sitting: Sitting, path: str, name: str) -> SalesLead:
    """Who a person of the results is publicly; an empty slug when their page shows no public profile."""
    _open(sitting, path)
    heading = sitting.page.locator('main :is([data-anonymize="person-name"], h1):visible')
    with suppress(Error):
        heading.first.wait_for(timeout=sitting.left(10))
    if not heading.count():
        raise sitting.drift("no name on a person's page in Sales Navigator")
    if not same_name(name, heading.first.inner_text(timeout=sitting.left())):
        raise Stop(LeadProblem(LeadProblemKind.WRONG_PERSON, "The page behind the name is another person's."))
    return SalesLead(_public(sitting))


def _open(sitting: Sitting, address: str) -> None:
    """Like `Sitting.go`, but a way out of Sales Navigator is the lack of a seat and not an unknown page."""
    sitting.page.goto(HOME + address, timeout=sitting.left(30), wait_until="domcontentloaded")
    path = urlsplit(sitting.page.url).path
    if path.startswith(("/premium", "/sales/premium", "/feed")):
        raise Stop(Blocked(BlockedKind.NO_SEAT, _NO_SEAT))
    if path.startswith("/sales/") and "contract" in path:
        raise Stop(Blocked(BlockedKind.NO_SEAT, _CONTRACT))
    sitting.check()


def _drawn(sitting: Sitting) -> bool:
    """Wait for the first row; whether there is any. An empty page says that it is empty, else it is not as known."""
    empty = 0
    for _ in range(80):
        if any(row["name"] for row in rows(sitting.page.evaluate(_READ))):
            return True
        text = sitting.page.locator("body").inner_text(timeout=sitting.left())
        if _GONE.search(text):
            raise Stop(LeadProblem(LeadProblemKind.NOT_FOUND, _NOT_SHOWN))
        empty = empty + 1 if _EMPTY.search(text) else 0
        if empty == _EMPTY_FOR:
            return False
        sitting.pause(0.2)
    sitting.check()  # the session may have died while the page was drawn
    raise sitting.drift("no rows on a page of Sales Navigator, and no word that there are none")


def _next(sitting: Sitting) -> Locator:
    return sitting.page.get_by_role("button", name="Next", exact=True).locator("visible=true")


def _turn_to(sitting: Sitting, number: int) -> None:
    """The address names the page; where it was not minded, the pages are turned as a person would."""
    for _ in range(_MOST_TURNS):
        shown = str(sitting.page.evaluate(_SHOWN_PAGE))
        if not shown or int(shown) == number:
            return
        following = _next(sitting)
        if int(shown) > number or following.count() != 1 or following.is_disabled(timeout=sitting.left()):
            break
        following.click(timeout=sitting.left(8))
        for _ in range(40):
            if str(sitting.page.evaluate(_SHOWN_PAGE)) != shown:
                break
            sitting.pause(0.2)
    raise sitting.drift(f"page {number} of the results is not to be reached")


def _gathered(sitting: Sitting) -> tuple[list[SalesRow], int]:
    """The people of the page in sight, and how many of its rows never showed a name."""
    found: dict[str, SalesRow] = {}
    seen, idle, passes, is_at_end = 0, 0, 1, False
    while True:
        before = len(found)
        drawn = rows(sitting.page.evaluate(_READ))
        seen = max(seen, len(drawn))
        for row in drawn:
            if row["lead"] and row["name"]:
                path = urlsplit(row["lead"]).path
                found.setdefault(path, SalesRow(path, row["name"], row["title"], row["company"], row["place"]))
        idle = 0 if len(found) > before else idle + 1
        if idle >= _IDLE or (is_at_end and idle and len(found) >= seen):
            if len(found) >= seen or passes == _PASSES:
                return list(found.values()), max(0, seen - len(found))
            idle, passes = 0, passes + 1
            sitting.page.evaluate(_SCROLL, True)
        is_at_end = bool(sitting.page.evaluate(_SCROLL, False))
        sitting.pause(0.2)


def _public(sitting: Sitting) -> str:
    links = sitting.page.locator('main a[href*="/in/"]:visible')
    for _ in range(10):
        if links.count():
            break
        sitting.pause()
    slugs = {slug for link in links.all() if (slug := slug_of(link.get_attribute("href") or ""))}
    if len(slugs) == 1:
        return slugs.pop()
    return _said(links) or _in_menu(sitting, bool(slugs))


def _said(links: Locator) -> str:
    """Of several profiles (people in common) the one that the page calls this person's."""
    theirs = links.filter(has_text=re.compile("LinkedIn profile", re.IGNORECASE))
    slugs = {slug_of(link.get_attribute("href") or "") for link in theirs.all()} - {""}
    return slugs.pop() if len(slugs) == 1 else ""


def _in_menu(sitting: Sitting, are_others: bool) -> str:
    menu = sitting.page.locator('main button:is([aria-label*="overflow" i], [aria-label*="more actions" i]):visible')
    if menu.count():
        menu.first.click(timeout=sitting.left(8))
        items = sitting.page.locator('a[href*="/in/"]:visible')
        for _ in range(10):
            if found := _said(items):
                return found
            sitting.pause()
    if are_others:
        raise sitting.drift("several public profiles on one person's page")
    return ""

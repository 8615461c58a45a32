"""Sales Navigator: the people of a search or a list, each with their public profile's address."""

import re
from urllib.parse import urlsplit

from engine.channels.linkedin.outcomes import Blocked, BlockedKind, ScrapedLead
from engine.channels.linkedin.sitting import Sitting, Stop, rows, slug_of

_READ = """() => [...document.querySelectorAll('a[href*="/sales/lead/"]')].map(a => {
  const row = a.closest('li, [data-scroll-into-view], tr') || a.parentElement;
  const one = s => (row.querySelector(s) || {}).innerText || '';
  return {lead: a.getAttribute('href'), name: a.innerText.trim(), title: one('[data-anonymize="title"]'),
    company: one('[data-anonymize="company-name"]'), place: one('[data-anonymize="location"]')};
}).filter(row => row.name)"""
_SCROLL = """() => { const box = document.querySelector('#search-results-container') || document.scrollingElement;
  box.scrollTop += Math.max(300, box.clientHeight * 0.8); }"""


def scrape(sitting: Sitting, url: str, most: int) -> tuple[ScrapedLead, ...]:
    if not re.match(r"/sales/(search/people|lists/people/)", urlsplit(url).path):
        raise Stop(Blocked(BlockedKind.DRIFT, "This is no address of a Sales Navigator search or list of people."))
    parts = urlsplit(url)
    sitting.go(f"{parts.path}?{parts.query}")
    if not re.match(r"/sales/(search|lists)/", urlsplit(sitting.page.url).path):
        raise Stop(Blocked(BlockedKind.NO_SEAT, "This account has no Sales Navigator seat."))
    found = _pages(sitting, most)
    return tuple(_resolved(sitting, lead, row) for lead, row in list(found.items())[:most])


def _pages(sitting: Sitting, most: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    while True:
        _one_page(sitting, found)
        following = sitting.page.get_by_role("button", name="Next", exact=True).locator("visible=true")
        if len(found) >= most or following.count() != 1 or following.is_disabled(timeout=sitting.left()):
            return found
        following.click(timeout=sitting.left(8))
        sitting.pause(0.5)


def _one_page(sitting: Sitting, found: dict[str, dict[str, str]]) -> None:
    idle = 0
    while idle < 3:
        before = len(found)
        for row in rows(sitting.page.evaluate(_READ)):
            found.setdefault(urlsplit(row["lead"]).path, row)
        sitting.page.evaluate(_SCROLL)
        sitting.pause(0.3)
        idle = 0 if len(found) > before else idle + 1


def _resolved(sitting: Sitting, lead: str, row: dict[str, str]) -> ScrapedLead:
    """The search no longer says who it is publicly; the lead's page links to the profile."""
    sitting.go(lead)
    links = sitting.page.locator('main a[href*="/in/"]')
    for _ in range(20):
        if links.count():
            break
        sitting.pause()
    slug = slug_of(links.first.get_attribute("href") or "") if links.count() else ""
    return ScrapedLead(slug, row["name"], row["title"], row["company"], row["place"])

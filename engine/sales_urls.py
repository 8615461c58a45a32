"""Which addresses are Sales Navigator searches and lists of people, and the one form in which they are kept and opened."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from storage.kinds import SalesKind

LONGEST = 10_000  # characters: a search carries all its filters in its address
_HOST = re.compile(r"(?:[a-z]{1,4}\.)?linkedin\.com")
# What names the visit, or the page that was in sight, and not the search.
_OF_THE_VISIT = frozenset({"page", "sessionId", "searchSessionId", "rsLogId", "_ntb", "lipi", "licu", "trk", "trackingId"})
_NAMES_A_SEARCH = ("query", "savedSearchId", "recentSearchId", "keywords")
_COPY = "Open the search or the list in Sales Navigator and copy the address from the browser's address bar."
_OTHERS = (
    ("/sales/search/company", f"This is a search of companies; people are read. {_COPY}"),
    ("/sales/lists/company", f"This is a list of companies; people are read. {_COPY}"),
    ("/sales/lists", f"This is the overview of lists; open one list of people first. {_COPY}"),
    ("/sales/search", f"This is a search without anything searched for; set its filters first. {_COPY}"),
    ("/sales/lead/", f"This is one person's page, not a search or a list. {_COPY}"),
    ("/sales/people/", f"This is one person's page, not a search or a list. {_COPY}"),
    ("/sales", f"This is a page of Sales Navigator, but no search or list. {_COPY}"),
    ("/search/results", f"This is LinkedIn's own search; only Sales Navigator's searches and lists are read. {_COPY}"),
    ("/in/", f"This is one person's profile, not a search or a list. {_COPY}"),
    ("/talent", f"This is a page of Recruiter; only Sales Navigator's searches and lists are read. {_COPY}"),
)
_NO_LINK = f"This is not an address at LinkedIn; it begins with https://www.linkedin.com/sales/. {_COPY}"


@dataclass(frozen=True, slots=True)
class SalesUrl:
    """`path` holds path and query, without what names the visit: two addresses of one search are equal."""

    kind: SalesKind
    path: str


def parse(text: str) -> SalesUrl | None:
    """The search or list that a text is the address of; None when it is none, then `wrong` says why."""
    parts = _parts(text)
    if parts is None:
        return None
    path, query = parts
    kept = [(name, value) for name, value in query if name not in _OF_THE_VISIT]
    if re.fullmatch(r"/sales/search/people", path) and any(name in _NAMES_A_SEARCH and value for name, value in kept):
        return SalesUrl(SalesKind.SEARCH, _joined(path, kept))
    if re.fullmatch(r"/sales/lists/people/\d{1,30}", path):
        return SalesUrl(SalesKind.LIST, _joined(path, kept))
    return None


def wrong(text: str) -> str:
    """Why a text is no search or list that can be read, and what to do, as sentences."""
    if not text.strip():
        return f"Paste the address of a search or a list. {_COPY}"
    if len(text) > LONGEST:
        return f"The address has {len(text):,} characters, the most is {LONGEST:,}; save the search and copy its address."
    parts = _parts(text)
    if parts is None:
        return _NO_LINK
    return next((said for start, said in _OTHERS if f"{parts[0]}/".startswith(start)), _NO_LINK)


def address(path: str) -> str:
    """A kept search or list as a link that a browser opens."""
    return f"https://www.linkedin.com{path}"


def _parts(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    given = text.strip()
    if len(given) > LONGEST or any(not character.isprintable() or character.isspace() for character in given):
        return None
    try:
        parts = urlsplit(given if "//" in given[:9] else f"https://{given}")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc.lower()):
        return None
    return parts.path.rstrip("/"), parse_qsl(parts.query)


def _joined(path: str, query: list[tuple[str, str]]) -> str:
    # As LinkedIn writes it: the brackets and colons of its own filter language stand as they are.
    written = "&".join(f"{quote(name)}={quote(value, safe='():,')}" for name, value in query)
    return f"{path}?{written}" if written else path

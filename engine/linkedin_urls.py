"""Which texts are LinkedIn profile URLs, and the one form in which they are kept and compared: "linkedin.com/in/slug"."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

_HOST = re.compile(r"(?:[a-z]{1,4}\.)?linkedin\.com")
_OTHERS = {
    "/sales/": "a Sales Navigator link",
    "/talent/": "a Recruiter link",
    "/company/": "a company's page",
    "/school/": "a school's page",
    "/showcase/": "a company's page",
    "/groups/": "a group's page",
    "/posts/": "a post",
    "/feed/": "a post",
    "/pub/": "an old public profile's address, which LinkedIn moved",
}
_UNKNOWN = "is not a LinkedIn profile's address; open the profile and copy the address that begins with linkedin.com/in/."
_SLUG = re.compile(r"[\w%.~'-]{1,200}")


def profile(text: str) -> str | None:
    """The profile's URL as "linkedin.com/in/slug" (lower case, decoded); None when the text is not a profile's URL.

    Country and mobile hosts, a language at the end and tracking parameters are dropped; links of Sales Navigator name
    nobody who can be compared, so they are not profiles.
    """
    given = text.strip()
    if "//" not in given:
        given = f"https://{given}"
    try:
        parts = urlsplit(given)
    except ValueError:
        return None
    segments = [segment for segment in parts.path.split("/") if segment]
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc.lower()) or len(segments) < 2:
        return None
    slug = unicodedata.normalize("NFC", unquote(segments[1])).lower()
    if segments[0].lower() != "in" or not _SLUG.fullmatch(slug):
        return None
    return f"linkedin.com/in/{slug}"


def wrong(text: str) -> str:
    """What is wrong with a text that is no profile's URL, and what to use instead; the end of a sentence about it."""
    given = text.strip()
    try:
        parts = urlsplit(given if "//" in given else f"https://{given}")
    except ValueError:
        return _UNKNOWN
    path = parts.path.lower() if _HOST.fullmatch(parts.netloc.lower()) else ""
    kind = next((said for start, said in _OTHERS.items() if path.startswith(start)), "")
    return f"is {kind}; use the person's own profile (linkedin.com/in/…)." if kind else _UNKNOWN


def address(of_profile: str) -> str:
    """A kept profile as a link that a browser opens."""
    return f"https://www.{of_profile}/" if of_profile else ""

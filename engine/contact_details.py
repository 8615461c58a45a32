"""What may be written into an identity's contact details, and the sentence for what may not."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from engine import linkedin_urls
from engine.desk import Problem

LONGEST = 500
_PHONE = re.compile(r"\+?[\d\s()./-]{4,30}(?:(?:ext\.?|x)\s?\d{1,6})?", re.IGNORECASE)
_LABELS = {
    "first_name": "first name",
    "last_name": "last name",
    "job_title": "job title",
    "email": "e-mail",
    "phone": "phone number",
    "linkedin_url": "LinkedIn URL",
    "meeting_url": "meeting URL",
    "crm_user": "CRM user",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact details of an identity, as written or as kept."""

    first_name: str
    last_name: str = ""
    job_title: str = ""
    email: str = ""
    phone: str = ""
    linkedin_url: str = ""
    meeting_url: str = ""
    crm_user: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def sort_name(self) -> str:
        return self.name.casefold()


def tidy(written: Contact) -> Contact:
    """The details as they are kept; a Problem with a sentence for each field that can't be kept."""
    # A line break becomes a space: names end up in mail headers.
    lines = Contact(**{field: " ".join(getattr(written, field).split()) for field in _LABELS})
    kept = replace(
        lines,
        email=_email(lines.email) or lines.email,
        linkedin_url=linkedin_urls.profile(lines.linkedin_url) or lines.linkedin_url,
        meeting_url=_web_address(lines.meeting_url) or lines.meeting_url,
    )
    problems = [*_problems(kept)]
    if problems:
        raise Problem(" ".join(problems))
    return kept


def _problems(of: Contact) -> Iterator[str]:
    for field, label in _LABELS.items():
        value = getattr(of, field)
        if len(value) > LONGEST:
            yield f"The {label} has {len(value)} characters; shorten it to {LONGEST}."
        if any(unicodedata.category(character) == "Cc" for character in value):
            yield f"The {label} contains a control character; type it again instead of pasting it."
    if not of.first_name:
        yield "The first name is missing; enter at least that."
    yield from _misshapen(of)


def _misshapen(of: Contact) -> Iterator[str]:
    if of.email and _email(of.email) is None:
        yield "The e-mail is not an e-mail address; write it like ada@acme.com."
    if of.phone and not _PHONE.fullmatch(of.phone):
        yield "The phone number holds letters or signs; write it like +34 600 123 456."
    if of.linkedin_url and linkedin_urls.profile(of.linkedin_url) is None:
        yield f"The LinkedIn URL {linkedin_urls.wrong(of.linkedin_url)}"
    if of.meeting_url and _web_address(of.meeting_url) is None:
        yield "The meeting URL is not a web address; write it like https://cal.com/ada."


def _email(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


def _web_address(text: str) -> str | None:
    given = text if "//" in text else f"https://{text}"
    try:
        parts = urlsplit(given)
        host = parts.hostname or ""
    except ValueError:
        return None
    sound = (
        parts.scheme in ("http", "https") and "." in host and not re.search(r"[\s<>\"]", given) and "@" not in parts.netloc
    )
    return given if text and sound else None

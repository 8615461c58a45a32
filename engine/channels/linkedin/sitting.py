"""One sitting at LinkedIn: one page of one identity, a deadline on every wait, and what an unknown page leaves behind."""

import os
import re
import secrets
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Error, Locator, Page

from engine.channels.linkedin import languages
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    Gate,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
)

HOME = "https://www.linkedin.com"
_RESTRICTED = re.compile(
    r"unusual activity|temporarily restricted|your account has been restricted|security verification"
    r"|verify your identity|too many requests|commercial use limit",
    re.IGNORECASE,
)
_SHORT_PAGE = 2000  # characters; a long page may hold the phrase in somebody's post
_LOGGED_IN = ("/feed", "/mynetwork", "/in/", "/messaging", "/jobs", "/notifications", "/sales", "/preload")


class Stop(Exception):  # noqa: N818 - it is no error: it carries how the action ended
    """The action ends here, with this outcome."""

    def __init__(self, outcome: LinkedInOutcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


@dataclass(slots=True)
class Sitting:
    page: Page
    until: float  # on the monotonic clock
    folder: Path | None = None
    clicked: bool = field(default=False)  # from the first click on, the attempt may have had its effect

    def left(self, most: float = 15) -> float:
        """Milliseconds that the next wait may take."""
        seconds = min(most, self.until - time.monotonic())
        if seconds <= 0:
            raise Error("The time for this action is over.")
        return seconds * 1000

    def go(self, address: str) -> None:
        """Open one of LinkedIn's pages and see that it is the account's own view of it."""
        self.page.goto(
            address if address.startswith("https:") else HOME + address, timeout=self.left(30), wait_until="commit"
        )
        self.page.wait_for_load_state("domcontentloaded", timeout=self.left(30))
        self.check()

    def check(self) -> None:
        refused = standing(self.page.url, self.page.locator("body").inner_text(timeout=self.left()))
        if refused:
            raise Stop(refused)
        foreign = languages.refusal(self.page.locator("html").get_attribute("lang", timeout=self.left()) or "")
        if foreign:
            raise Stop(Blocked(BlockedKind.LANGUAGE, foreign))

    def pause(self, seconds: float = 0.15) -> None:
        self.page.wait_for_timeout(min(seconds * 1000, self.left()))

    def click_at_last(self, control: Locator, gate: Gate) -> None:
        """Ask the last gate, then click what is clickable; what follows may have had its effect."""
        control.click(trial=True, timeout=self.left(8))
        if not gate():
            raise Stop(NotDone("The last gate refused."))
        self.clicked = True
        control.click(timeout=self.left(8))

    def drift(self, what: str) -> Stop:
        """The page isn't as known: keep a picture and its source for a person, in a folder nobody else can read."""
        return Stop(Blocked(BlockedKind.DRIFT, f"LinkedIn's page is not as expected: {what}.", self._kept()))

    def _kept(self) -> str:
        if self.folder is None:
            return ""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        name = self.folder / secrets.token_hex(8)
        try:
            _write(name.with_suffix(".png"), self.page.screenshot(timeout=self.left(5)))
            _write(name.with_suffix(".html"), self.page.content().encode())
        except Error:
            return ""
        return str(name.with_suffix(".png"))


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def forget_pictures(folder: Path, before: float) -> int:
    """Delete what was kept of unknown pages before this instant (seconds since the epoch); how many files went."""
    old = [path for path in folder.glob("*.*") if path.stat().st_mtime < before] if folder.is_dir() else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def standing(url: str, body: str) -> Blocked | LeadProblem | None:
    """What the page's parsed path says of the session; None when it is the account's view of LinkedIn."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") + "/"
    if (parts.hostname or "") != "www.linkedin.com":
        return Blocked(BlockedKind.DRIFT, "The browser was led away from LinkedIn.")
    if path.startswith(("/login", "/uas/login", "/authwall")) or path == "/":
        return Blocked(BlockedKind.LOGIN, "LinkedIn's session is over; connect the account again.")
    if path.startswith("/check/manage-account"):
        return Blocked(BlockedKind.RESTRICTED, "LinkedIn restricted this account; sign in there to see why.")
    if path.startswith(("/checkpoint/", "/uas/consumer-email-challenge")) or "/challenge" in path:
        return Blocked(BlockedKind.CHECKPOINT, "LinkedIn asks for a check; connect the account again.")
    if len(body) < _SHORT_PAGE and _RESTRICTED.search(body):
        return Blocked(BlockedKind.RESTRICTED, "LinkedIn restricted this account; sign in there to see why.")
    if path == "/404/":
        return LeadProblem(LeadProblemKind.NOT_FOUND, "This profile is not on LinkedIn any more.")
    if not path.startswith(_LOGGED_IN):
        return Blocked(BlockedKind.DRIFT, "LinkedIn showed a page that is not known.")
    return None


def same_name(expected: str, shown: str) -> bool:
    """Whether both name one person: all words of the shorter one are in the longer one, with or without their accents."""
    one, other = (set(re.findall(r"\w+", bare(text))) for text in (expected, shown))
    return bool(one and other) and (one <= other or other <= one)


def bare(text: str) -> str:
    """Without case and accents, as lists of leads are often typed: "Zoë" is "zoe"."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def slug_of(href: str) -> str:
    """The slug of a link to a profile; "" when it is none."""
    found = re.match(r"/in/([^/]+)", urlsplit(href).path)
    return unicodedata.normalize("NFC", unquote(found.group(1))).lower() if found else ""


def rows(found: Any) -> list[dict[str, str]]:
    """What a script read off the page, as plain rows of text."""
    return [{str(key): str(value or "") for key, value in row.items()} for row in found]

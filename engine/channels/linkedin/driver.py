"""The driver: one identity, one browser context, one lock, one deadline for each thing done at LinkedIn.

A browser is started for each action and closed with it, in the caller's own thread: Playwright's objects belong to one
thread, nothing idles, and at most `most` browsers run at once, each in a thread that holds no other.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from playwright.sync_api import Browser, BrowserContext, Error, StorageState

from engine.channels.effects import Trace, Uncertain
from engine.channels.linkedin import invitations, messages, networks, profiles, sales, signing_in
from engine.channels.linkedin.chromium import NoChromiumError, system_chromium
from engine.channels.linkedin.outcomes import (
    Ask,
    Blocked,
    BlockedKind,
    Connection,
    Gate,
    InboxMessage,
    Invitation,
    LinkedInOutcome,
    NotDone,
    OwnProfile,
    Person,
    ProfileState,
    SalesLead,
    SalesPage,
    SessionState,
    SignedIn,
    SignInEnd,
)
from engine.channels.linkedin.sitting import Sitting, Stop

T = TypeVar("T")


@dataclass(slots=True)
class Driver:
    """`opening` gives a browser for so many seconds at most: an action's own and a `grace`, after which it is killed.

    `arrange` is for practice alone: it leads LinkedIn's host to the stand-in.
    """

    folder: Path | None = None  # where pictures of unknown pages are kept
    most: int = 4
    grace: float = 5.0
    opening: Callable[[float], AbstractContextManager[Browser]] = system_chromium
    arrange: Callable[[BrowserContext], None] | None = None
    _places: threading.BoundedSemaphore = field(init=False)
    _locks: defaultdict[str, threading.Lock] = field(init=False)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(self.most)
        self._locks = defaultdict(threading.Lock)

    def sign_in(self, identity: str, email: str, password: str, ask: Ask, seconds: float = 600) -> SignInEnd:
        """The password is used once. "Signed in" is said after a new browser opened the feed with the session."""
        state: list[StorageState] = []

        def work(sitting: Sitting) -> SignInEnd | None:
            ended = signing_in.sign_in(sitting, email, password, ask)
            state.append(sitting.page.context.storage_state())
            return ended

        ended = self._run(identity, None, seconds, work)
        if ended is not None:
            return cast(SignInEnd, ended)
        saved = cast(SessionState, state[0])
        profile = self.read_own_profile(identity, saved)
        return SignedIn(profile, saved) if isinstance(profile, OwnProfile) else cast(SignInEnd, profile)

    def read_own_profile(self, identity: str, state: SessionState, seconds: float = 60) -> OwnProfile | LinkedInOutcome:
        def work(sitting: Sitting) -> OwnProfile:
            sitting.go("/feed/")
            sitting.page.goto("https://www.linkedin.com/sales/home", timeout=sitting.left(30), wait_until="domcontentloaded")
            return profiles.own(sitting)

        return self._run(identity, state, seconds, work)

    def request_connection(
        self, identity: str, state: SessionState, person: Person, note: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: invitations.request(sitting, person, note, gate))

    def send_message(
        self, identity: str, state: SessionState, person: Person, text: str, gate: Gate, seconds: float = 90
    ) -> LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: messages.send(sitting, person, text, gate))

    def withdraw(
        self, identity: str, state: SessionState, person: Person, gate: Gate, seconds: float = 240
    ) -> LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: networks.withdraw(sitting, person, gate))

    def look_up_invitation(self, identity: str, state: SessionState, person: Person, seconds: float = 90) -> Trace:
        found = self._run(identity, state, seconds, lambda sitting: networks.look_up(sitting, person))
        return found if isinstance(found, Trace) else Trace.UNREADABLE

    def look_up_message(self, identity: str, state: SessionState, person: Person, text: str, seconds: float = 90) -> Trace:
        found = self._run(identity, state, seconds, lambda sitting: messages.look_up(sitting, person, text))
        return found if isinstance(found, Trace) else Trace.UNREADABLE

    def profile_state(
        self, identity: str, state: SessionState, person: Person, seconds: float = 60
    ) -> ProfileState | LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: profiles.read(sitting, person).state)

    def sent_invitations(
        self, identity: str, state: SessionState, seconds: float = 180
    ) -> tuple[Invitation, ...] | LinkedInOutcome:
        return self._run(identity, state, seconds, networks.sent_invitations)

    def connections(
        self, identity: str, state: SessionState, most: int = 200, seconds: float = 180
    ) -> tuple[Connection, ...] | LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: networks.connections(sitting, most))

    def inbox(self, identity: str, state: SessionState, seconds: float = 180) -> tuple[InboxMessage, ...] | LinkedInOutcome:
        return self._run(identity, state, seconds, messages.inbox)

    def sales_page(
        self, identity: str, state: SessionState, path: str, number: int, seconds: float = 120
    ) -> SalesPage | LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: sales.page(sitting, path, number))

    def sales_lead(
        self, identity: str, state: SessionState, path: str, name: str, seconds: float = 90
    ) -> SalesLead | LinkedInOutcome:
        return self._run(identity, state, seconds, lambda sitting: sales.lead(sitting, path, name))

    def _run(
        self, identity: str, state: SessionState | None, seconds: float, work: Callable[[Sitting], T]
    ) -> T | LinkedInOutcome:
        until = time.monotonic() + seconds
        with ExitStack() as held:
            for lock in (self._locks[identity], self._places):
                if not lock.acquire(timeout=max(0.0, until - time.monotonic())):
                    return NotDone("No browser was free in time.")
                held.callback(lock.release)
            sitting: Sitting | None = None
            try:
                context = held.enter_context(self._context(state, until - time.monotonic() + self.grace))
                sitting = Sitting(context.new_page(), until, self.folder)
                return work(sitting)
            except Stop as stop:
                return _after_all(stop.outcome, sitting)
            except NoChromiumError as error:
                return NotDone(error.message)
            except Error as error:
                note = f"The page did not answer as expected ({type(error).__name__})."
                return Uncertain(note) if sitting is not None and sitting.clicked else NotDone(note)

    @contextmanager
    def _context(self, state: SessionState | None, seconds: float) -> Iterator[BrowserContext]:
        with self.opening(seconds) as browser:
            context = browser.new_context(storage_state=cast(StorageState, state) if state else None, locale="en-US")
            try:
                if self.arrange:
                    self.arrange(context)
                yield context
            finally:
                with suppress(Error):  # of a browser that was killed
                    context.close()


def _after_all(outcome: LinkedInOutcome, sitting: Sitting | None) -> LinkedInOutcome:
    """What stops an action after its click doesn't say that nothing happened, unless LinkedIn said so in a dialog."""
    said = (BlockedKind.WEEKLY_LIMIT, BlockedKind.NOTE_QUOTA)
    if sitting is not None and sitting.clicked and isinstance(outcome, Blocked) and outcome.kind not in said:
        return Uncertain(f"It may have happened before this: {outcome.note}")
    return outcome

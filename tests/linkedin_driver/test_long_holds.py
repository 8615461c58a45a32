"""A sign-in is held open for people who take their time, to its last minute and no longer: on a clock that is moved."""

import time
from dataclasses import dataclass

import pytest

from engine.channels.linkedin import driver as driving
from engine.channels.linkedin import signing_in, sitting
from engine.channels.linkedin.outcomes import Answer, ApproveInApp, Asked, CodeAsked, CodeGiven, SignedIn, TimedOut
from practice.linkedin.site import Site
from tests.linkedin_driver.conftest import Make

pytestmark = pytest.mark.browser
_NEVER = 1_000_000  # polls


@dataclass
class MovedClock:
    """Stands for the module `time` where the driver counts its seconds."""

    ahead: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    moved = MovedClock()
    for module in (driving, signing_in, sitting):
        monkeypatch.setattr(module, "time", moved)
    return moved


def test_a_tap_in_the_app_is_waited_for_as_long_as_the_sign_in_is_open_however_long_the_code_took(
    driver: Make, moved: MovedClock
) -> None:
    """LinkedIn's page moves on by itself after the tap, be it minutes after the five that other tools wait."""
    site = Site(asks=("sms", "app"), approved_after=_NEVER)
    left: list[float] = []

    def ask(asked: Asked, seconds: float) -> Answer | None:
        if isinstance(asked, CodeAsked):
            moved.ahead += 60
            return CodeGiven(site.code)
        assert isinstance(asked, ApproveInApp)
        left.append(seconds)
        if len(left) == 1:
            moved.ahead += 420
        elif len(left) == 3:
            site.approved_after = 0
        return None

    assert isinstance(driver(site.arrange).sign_in("1", "a@example.com", site.password, ask), SignedIn)
    assert 360 < left[0] <= 540
    assert left[1] <= 120


def test_a_tap_that_never_comes_ends_the_sign_in_with_its_time(driver: Make, moved: MovedClock) -> None:
    site = Site(asks=("app",), approved_after=_NEVER)
    asked: list[Asked] = []

    def ask(what: Asked, _seconds: float) -> None:
        asked.append(what)
        moved.ahead += 595

    assert driver(site.arrange).sign_in("1", "a@example.com", site.password, ask) == TimedOut()
    assert asked[0] == ApproveInApp()
    assert site.submitted == 1

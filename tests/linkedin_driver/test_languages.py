"""An account whose LinkedIn is not in English: the language is named, what to set is said, and nothing is concluded."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.channels.linkedin import languages
from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.outcomes import Answer, Asked, Blocked, BlockedKind, CodeAsked, CodeGiven, Person
from engine.linkedin_outcomes import outcome_of
from practice.linkedin.members import Member
from practice.linkedin.site import Site
from storage.kinds import ActionKind, Reason
from tests.linkedin_driver.conftest import Make

JANE = Person("jane-doe", "Jane Doe")
_DEEDS: dict[str, Callable[[Driver], Any]] = {
    "invite": lambda driver: driver.request_connection("1", {}, JANE, "", lambda: True),
    "write": lambda driver: driver.send_message("1", {}, JANE, "Hello", lambda: True),
    "withdraw": lambda driver: driver.withdraw("1", {}, JANE, lambda: True),
    "accepted": lambda driver: driver.connections("1", {}),
    "inbox": lambda driver: driver.inbox("1", {}),
    "search": lambda driver: driver.sales_page("1", {}, "/sales/search/people?query=x", 1),
}


@pytest.mark.browser
@pytest.mark.parametrize("deed", _DEEDS)
@pytest.mark.parametrize(("language", "name"), [("de", "German"), ("fr", "French")])
def test_the_language_is_named_and_how_to_set_english_and_nothing_is_done(
    driver: Make, deed: str, language: str, name: str
) -> None:
    state = "connected" if deed == "write" else "pending" if deed == "withdraw" else "connectable"
    site = Site({"jane-doe": Member("jane-doe", "Jane Doe", state=state)}, language=language, has_seat=True)
    found = _DEEDS[deed](driver(site.arrange))
    assert isinstance(found, Blocked)
    assert found.kind is BlockedKind.LANGUAGE
    assert f"in {name}" in found.note
    assert "linkedin.com/mypreferences/d/language" in found.note
    assert "choose English, then connect the account again" in found.note
    assert not site.done


@pytest.mark.browser
@pytest.mark.parametrize(("language", "name"), [("de", "German"), ("fr", "French")])
def test_a_sign_in_takes_its_code_and_then_says_which_language_stands_in_the_way(
    driver: Make, language: str, name: str
) -> None:
    site, asked = Site(asks=("sms",), language=language), list[Asked]()

    def ask(question: Asked, _seconds: float) -> Answer | None:
        asked.append(question)
        return CodeGiven(site.code)

    ended = driver(site.arrange).sign_in("1", "a@example.com", site.password, ask, seconds=60)
    assert isinstance(asked[0], CodeAsked)
    assert isinstance(ended, Blocked)
    assert ended.kind is BlockedKind.LANGUAGE
    assert f"in {name}" in ended.note
    assert site.submitted == 1


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("", ""),
        ("en", ""),
        ("en-GB", ""),
        ("EN_us", ""),
        ("de", "in German,"),
        ("de-DE", "in German,"),
        ("pt_BR", "in Portuguese,"),
        ("zh-Hans-CN", "in Chinese,"),
        ("eo", "in another language (“eo”),"),
        ("<b>", "in another language,"),
    ],
)
def test_the_mark_of_a_page_is_told_as_people_call_it(lang: str, told: str) -> None:
    said = languages.refusal(lang)
    assert (told in said) if told else not said


def test_what_a_person_reads_is_the_same_sentence() -> None:
    """Nothing is tried again by itself: the connection counts as ended until a person has set English."""
    blocked = Blocked(BlockedKind.LANGUAGE, languages.refusal("de"))
    outcome = outcome_of(ActionKind.CONNECTION_REQUEST, blocked)
    assert (getattr(outcome, "reason", None), getattr(outcome, "note", "")) == (Reason.CHECKPOINT, blocked.note)
    assert getattr(outcome, "connection_ended", False)

"""What warm-up mails say, in every language: short and plain, seldom alike, with nothing to click."""

import re

import pytest

from engine import warm_up_texts
from engine.warm_up_texts import BY_LANGUAGE, TOKENS

LINK = re.compile(r"https?:|www\.|://|@|<[a-z!/]", re.IGNORECASE)
PROJECT = "Amber Anchor"
NUMBERS = range(200)


def test_there_are_five_languages_or_more() -> None:
    assert len(BY_LANGUAGE) >= 5
    greetings = {texts.greeting for texts in BY_LANGUAGE.values()}
    assert len(greetings) == len(BY_LANGUAGE)


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_every_mail_is_short_plain_and_without_a_link(language: str) -> None:
    for number in NUMBERS:
        subject = warm_up_texts.subject(language, number, PROJECT)
        assert PROJECT in subject
        for reply in (False, True):
            body = warm_up_texts.body(language, number, PROJECT, "Ada", "Grace", reply)
            assert 20 < len(body) < 500
            assert not LINK.search(subject + body)
            assert not set("{}") & set(subject + body)
            assert all(character.isprintable() or character == "\n" for character in body)
            assert "Ada" in body.splitlines()[0]
            assert body.endswith("Grace\n")


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_few_mails_are_alike(language: str) -> None:
    bodies = {warm_up_texts.body(language, number, PROJECT, "Ada", "Grace", False) for number in NUMBERS}
    replies = {warm_up_texts.body(language, number, PROJECT, "Ada", "Grace", True) for number in NUMBERS}
    subjects = {warm_up_texts.subject(language, number, PROJECT) for number in NUMBERS}
    assert (len(bodies) >= 40, len(replies) >= 4, len(subjects) >= 4) == (True, True, True)
    assert not bodies & replies


def test_a_pair_has_more_projects_than_it_has_mails_in_three_years() -> None:
    assert len({warm_up_texts.token(number) for number in range(TOKENS)}) == TOKENS > 3 * 365


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_a_name_that_looks_like_a_field_is_a_name_and_none_leaves_no_gap(language: str) -> None:
    assert "{project}" in warm_up_texts.body(language, 1, PROJECT, "{project}", "Grace", False)
    first = warm_up_texts.body(language, 1, PROJECT, "", "Grace", False).splitlines()[0]
    assert not re.search(r"\s[,:!]", first)
    assert first == first.strip()

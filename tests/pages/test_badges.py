"""How states, numbers, times and names look."""

from datetime import timedelta

import pytest

from engine.rules.facts import Refuse, Run, Wait
from pages import badges, drawings, reader
from storage.kinds import ActionState, CampaignState, ImportState, LeadState, LinkedInState, MailboxState, Reason
from tests.makers import MONDAY

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("kind", [ActionState, CampaignState, ImportState, LeadState, LinkedInState, MailboxState])
def test_every_state_has_a_colour_an_icon_and_a_word(kind: type) -> None:
    for state in kind:
        look = badges.look(state)
        assert look.colour in ("green", "blue", "orange", "red", "gray")
        assert look.icon
        assert look.word


@pytest.mark.parametrize("reason", list(Reason))
def test_a_wait_with_a_time_is_blue_unless_a_person_must_end_it(reason: Reason) -> None:
    timed = badges.look(Wait(reason, MONDAY + HOUR))
    assert timed.colour == ("red" if reason in badges._NEEDS_A_PERSON else "blue")
    assert badges.look(Wait(reason, None)).colour in ("red", "gray")


def test_verdicts_have_their_looks() -> None:
    assert badges.look(Run(MONDAY + HOUR)).colour == "green"
    assert badges.look(Refuse(Reason.SUPPRESSED)).colour == "gray"
    assert badges.look(None) == badges.NOTHING_PLANNED
    assert badges.look(Wait(Reason.POST_UNREAD, None)).word == "post read first"  # no person is waited for


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (timedelta(0), "now · 11:00 Madrid"),
        (timedelta(seconds=45), "in 45 s · 11:00 Madrid"),
        (timedelta(minutes=12), "in 12 min · 11:12 Madrid"),
        (timedelta(hours=2, minutes=10), "in 2 h 10 min · 13:10 Madrid"),
        (timedelta(seconds=-12), "12 s ago · 10:59 Madrid"),
        (timedelta(hours=23), "in 23 h · 10:00 Madrid"),
        (timedelta(days=3, minutes=4), "Thu 26 Nov 11:04 Madrid"),  # beyond a day: no sum in the head
        (timedelta(days=60), "Fri 22 Jan 2027 11:00 Madrid"),
    ],
)
def test_a_moment_is_relative_up_to_a_day(after: timedelta, text: str) -> None:
    assert badges.moment(MONDAY + after, "Europe/Madrid", MONDAY, "UTC").text == text


def test_a_moments_help_gives_both_zones_and_the_date() -> None:
    shown = badges.moment(MONDAY, "Europe/Madrid", MONDAY, "America/New_York")
    assert shown.help == "Monday 23 November 2026, 11:00 Madrid · Monday 23 November 2026, 05:00 New York"
    assert badges.moment(MONDAY, "Europe/Madrid", MONDAY, "Europe/Madrid").help.count("Monday") == 1


@pytest.mark.parametrize(
    ("used", "limit", "colour", "width"),
    [
        (0, 20, "#2f9e6e", "0.0%"),
        (15, 20, "#2f9e6e", "75.0%"),
        (16, 20, "#d9820b", "80.0%"),
        (20, 20, "#d9820b", "100.0%"),
        (25, 20, "#d9820b", "100.0%"),  # the limit was lowered at noon
        (0, 0, "#2f9e6e", "0.0%"),
    ],
)
def test_a_meter_turns_amber_at_four_fifths_and_never_red(used: int, limit: int, colour: str, width: str) -> None:
    drawn = drawings.meter(("Mails", used, limit))
    assert f"width:{width};background:{colour}" in drawn
    assert f"{used} / {limit}" in drawn


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Ada King Lovelace", "AL"),
        ("", "?"),
        ("🙂", "?"),
        ("<b>", "B"),
        ("עדה לב", "על"),
    ],
)
def test_initials_are_the_first_and_last_words(name: str, letters: str) -> None:
    assert drawings.initials(name) == letters


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**Ada**", r"\*\*Ada\*\*"),
        ("[x](http://evil.test)", r"\[x\](http:⁠//evil.test)"),
        ("12. Ada -> Grace (1.5)", r"12\. Ada \-\> Grace (1.5)"),
        ("<b>Ada</b>", r"\<b\>Ada\</b\>"),
        ("two\nlines", "two lines"),
        (":red[x] :smile:", ":⁠red\\[x\\] :⁠smile:"),
        ("a" * 130, "a" * 119 + "…"),
    ],
)
def test_a_persons_text_is_never_markup(written: str, shown: str) -> None:
    assert badges.plain(written) == shown


def test_a_reason_takes_the_value_it_was_decided_by() -> None:
    assert badges.sentence(Reason.DAY_LIMIT, "20 of 20 used") == "Today's limit is reached: 20 of 20 used."
    assert badges.sentence(Reason.DAY_LIMIT) == Reason.DAY_LIMIT.sentence


def test_a_running_campaign_is_not_an_import() -> None:
    assert badges.look(CampaignState.RUNNING).word == "running"
    assert badges.look(ImportState.RUNNING).word == "importing"


@pytest.mark.parametrize(
    ("named", "shown"),
    [("Asia/Calcutta", "Asia/Calcutta"), ("Etc/Unknown", "UTC"), ("../etc", "UTC"), ("Europe", "UTC"), (None, "UTC")],
)
def test_a_browser_that_names_no_zone_is_shown_universal_time(named: str | None, shown: str) -> None:
    assert reader.known(named, "UTC") == shown

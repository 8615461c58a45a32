"""The written-out names of the months are Unicode's own."""

from babel.dates import get_month_names

from engine.channels.incoming.month_names import LANGUAGES, MONTHS


def test_the_written_months_are_those_of_babel() -> None:
    known = {
        name.strip(".").casefold(): number
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }
    assert known == MONTHS

"""Which days are public holidays in a country or one of its parts, by the python-holidays library."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays
from babel import Locale


def country_choices() -> list[tuple[str, str]]:
    """All calendars as (code, readable name): "US" and, after it, its parts such as "US-CA"; countries in order of name."""
    return list(_choices())


@lru_cache(maxsize=1)
def _choices() -> tuple[tuple[str, str], ...]:
    names = Locale("en").territories
    known = holidays.list_supported_countries(include_aliases=False)
    countries = sorted(((code, str(names.get(code, code))) for code in known), key=lambda choice: _plain(choice[1]))
    return tuple(choice for code, name in countries for choice in ((code, name), *_parts(code, name)))


def holidays_of(country: str, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of a country ("ES") or a part of it ("ES-CT") in these years.

    ValueError, with a sentence, for a code that no calendar has: an empty set would let work run on every holiday.
    """
    return frozenset[date]().union(*(_holidays_in(country, year) for year in years))


@lru_cache(maxsize=4096)
def _holidays_in(country: str, year: int) -> frozenset[date]:
    code, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=year)
    except NotImplementedError as unknown:
        raise ValueError(
            f"“{country}” has no holiday calendar; choose one of the list, or add its days as own dates."
        ) from unknown
    # A calendar adds the neighbouring year's days when an observed day crosses New Year; each year stands for itself.
    return frozenset(day for day in found if day.year == year)


def _parts(code: str, country: str) -> list[tuple[str, str]]:
    calendar = type(holidays.country_holidays(code))
    names: dict[str, str] = {}
    for name, part in getattr(calendar, "subdivisions_aliases", {}).items():
        names.setdefault(part, name)
    parts = ((f"{code}-{part}", f"{country}: {names.get(part, part)}") for part in calendar.subdivisions)
    return sorted(parts, key=lambda choice: _plain(choice[1]))


def _plain(name: str) -> str:
    """The name as it is sorted: without accents, so that Åland stands under A."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()

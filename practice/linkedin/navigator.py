"""The stand-in's Sales Navigator: who is found, and how its pages play with who reads them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

_FIRST = ("Amara", "Bruno", "Celia", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaja", "Luca", "Mina")
_LAST = ("Abara", "Brandt", "Castell", "Dorsey", "Ekberg", "Fontaine", "Garrido", "Holm", "Iversen", "Jansen", "Kowal")
_TITLES = ("Head of Operations", "Chief Executive", "Plant Manager", "Buyer", "Director of Logistics")
_COMPANIES = ("Halden Pumps", "Brightwater Foods", "Norra Timber", "Castello Ceramics", "Vela Optics", "Ostrom Bearings")


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody in the results: `key` is Sales Navigator's own id, `slug` what the public profile is called."""

    key: str
    name: str
    slug: str
    title: str
    company: str
    place: str = "Madrid, Spain"

    @property
    def path(self) -> str:
        return f"/sales/lead/{self.key},NAME_SEARCH,{quote(self.slug[:4])}"


def somebody(number: int) -> Found:
    """The person with this number, the same one whenever asked."""
    first, last = _FIRST[number % len(_FIRST)], _LAST[number * 7 % len(_LAST)]
    slug = f"{first}-{last}-{number:03d}".lower()
    title, company = _TITLES[number % len(_TITLES)], _COMPANIES[number * 5 % len(_COMPANIES)]
    return Found(f"ACwAA{number:05d}", f"{first} {last}", slug, title, company)


@dataclass(slots=True)
class Navigator:
    """Every search and every list finds `people`. The other fields are what goes differently."""

    people: list[Found] = field(default_factory=lambda: [somebody(number) for number in range(60)])
    public: str = "link"  # or menu, several (people in common too), crowd (nobody says whose), none
    ignores_page: bool = False  # the page in the address is not minded
    asks_for_contract: bool = False
    hides: bool = False  # the search or list belongs to somebody else
    unknown: bool = False  # a page that nobody knows
    late: bool = False  # the rows come after a second
    before_page: Callable[[str], None] = lambda _path: None
    opened: list[str] = field(default_factory=list)  # every page of results and every person's page

    def person(self, path: str) -> Found | None:
        found = re.match(r"/sales/lead/([^,/]+)", path)
        return next((one for one in self.people if found and one.key == found.group(1)), None)

"""Who plays in the practice workspace: invented identities, addresses, clients' people and texts; nobody here exists."""

import itertools
from dataclasses import dataclass
from random import Random

DOMAIN = "practice.test"
WORKDAYS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Part:
    """One identity of the practice workspace; `mailboxes` are the local parts and domains of its addresses."""

    first_name: str
    last_name: str
    job_title: str
    zone: str
    mailboxes: tuple[str, ...]
    country: str = ""
    days: tuple[int, ...] = WORKDAYS
    opens: int = 9 * 60
    closes: int = 18 * 60

    @property
    def slug(self) -> str:
        return f"{self.first_name}-{self.last_name}".lower().replace(" ", "-")


PARTS = (
    Part("Alba", "Montoro", "Head of Growth", "Europe/Madrid", ("alba@acme", "alba@get-acme"), "ES"),
    Part("Wesley", "Okonjo", "Sales Director", "America/New_York", ("wesley@acme",), "US"),
    Part("Nadia", "El Hakim", "Regional Manager", "Africa/Cairo", ("nadia@acme",), "EG", (7, 1, 2, 3, 4)),
    Part("Tenzing", "Adhikari", "Solutions Engineer", "Asia/Kathmandu", ("tenzing@acme",), "NP", (7, 1, 2, 3, 4), 600, 1080),
    Part("Marlow", "Finch", "Founder", "Australia/Lord_Howe", ("marlow@acme", "marlow@try-acme"), "AU"),
    Part("Ingrid", "Solberg", "Partnerships Lead", "Europe/Oslo", ("ingrid@acme",), "NO", WORKDAYS, 480, 960),
    Part("Rafael", "Quintana", "Account Executive", "America/Havana", ("rafael@acme",), "", WORKDAYS, 510, 1050),
    Part("Yuki", "Hanamori", "Customer Success", "Asia/Tokyo", ("yuki@acme",), "JP"),
    Part("Beatriz", "Lumen", "Account Executive", "America/Sao_Paulo", ("beatriz@acme", "beatriz@try-acme"), "BR"),
    Part("Gareth", "Pemberly", "Chief Revenue Officer", "Europe/London", ("gareth@acme",), "GB", (1, 2, 3, 4), 570, 1050),
    Part("Olena", "Vasko", "Night Desk", "Europe/Madrid", ("olena@get-acme",), "ES", WORKDAYS, 20 * 60, 4 * 60),
    Part("Jonas", "Weidlich", "Business Development", "Europe/Madrid", ("jonas@acme", "jonas@get-acme"), ""),
)


def address(mailbox: str) -> str:
    return f"{mailbox}.{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Story:
    """One campaign: who sends it, when it was launched (days before the practice day), and paused."""

    name: str
    part: int  # an index into PARTS
    launched: int  # days ago; 0 = a draft
    people: int
    paused: int = 0  # days ago; 0 = never


STORIES = (
    Story("Warehouse robots, Iberia", 0, 118, 40),
    Story("Trade fair follow-up, Valencia", 0, 52, 30),
    Story("Pick-and-place pilot, Spain", 0, 5, 90),
    Story("East Coast fulfilment", 1, 110, 30),
    Story("Returns handling, New England", 1, 4, 60),
    Story("Cold stores of the Delta", 2, 96, 25),
    Story("Hydropower inspections", 3, 88, 25),
    Story("Island ports", 4, 75, 25),
    Story("Fjord canneries", 5, 64, 20),
    Story("Sugar mills, second letter", 6, 58, 20, 49),
    Story("Precision assembly, Kanto", 7, 44, 20),
    Story("Juice bottling, São Paulo", 8, 30, 20),
    Story("Distribution hubs, Midlands", 9, 23, 20),
    Story("Night shift trial", 10, 12, 25),
    Story("Packaging lines, Catalonia", 11, 3, 60),
    Story("Cold stores of Alexandria", 2, 5, 40),
    Story("Ferry terminals", 4, 6, 40),
    Story("Watchmakers of Nagano", 7, 7, 30),
    Story("Citrus packers, Minas", 8, 6, 40),
    Story("Parcel hubs, Yorkshire", 9, 4, 50),
    Story("Spring catalogue", 11, 0, 60),
)

# (wait in days, subject, text); a follow-up without a subject goes into the thread.
LETTERS = (
    (
        0,
        "{{ first_name }}, a question about {{ company }}",
        "Hello {{ first_name }},\n\nhow does {{ company }} move its pallets after the night shift? We build small robots "
        "that do nothing else, and I should like to show you one at work.\n\nWould ten minutes next week suit you?",
    ),
    (
        3,
        "",
        "Hello {{ first_name }},\n\nI wrote a few days ago about pallets. Others in your line saved a shift a week; may I "
        "send you their figures?",
    ),
    (
        6,
        "",
        "Hello {{ first_name }},\n\nthis is my last letter about this. If someone else at {{ company }} looks after the "
        "warehouse, I would be glad of a name.",
    ),
)
SIGNATURE = "Acme Robotics (practice)\nThis letter never left the computer it was written on."


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_NAMES = _words(
    """
    Abel Adela Agnes Amadou Anouk Arvid Beata Benno Brisa Calum Carys Cosima Dario Delphine Dragan Edda Eilidh
    Elio Emre Enya Farid Fenna Fiora Gideon Greta Hakan Halima Helio Idris Ilse Ines Iver Jaleh Jorun Juno
    Kaia Kenji Kofi Lars Leila Lior Livia Lucan Maeve Malik Marit Milo Mirela Nia Nils Noor Odile Orla Oskar
    Pavel Petra Quim Rhea Rosa Rune Saba Selma Siri Soren Talia Tariq Thora Tomas Ursa Vera Viggo Wanda Wim
    Xenia Yara Yusuf Zadie Zoran
    """
)
_LAST_NAMES = _words(
    """
    Abernal Achterberg Alderbrook Amsel Ashgrove Bellweather Birkhoff Blackfen Calderon-Vey Castellmar
    Cloverdale Corvane Dahlmeer Dovecote Dunmarrow Eastlake Elderfield Falkenrath Fernsby Galewood Glasgrave
    Grunmoor Hallowell Harkstone Hartwick Inglenook Ironside Jarnvik Kestrelman Kingsmere Larkspur Lindqvale
    Lockmoor Marchbank Merriden Mistral Moorcroft Nightingham Northam-Roy Oakhurst Oldacre Pinewright
    Quillfeather Ravenmoor Redfern Rosewall Sandoval-Rey Silverlode Stonebridge Summerhay Tamsin Thistlewood
    Underhill Valcourt Vintner Waverley Westermark Whitlock Wolfenden Yarrow
    """
)
_COMPANY_STARTS = _words(
    """
    Amber Basalt Cedar Delta Ember Fathom Granite Harbour Indigo Juniper Kelp Lantern Meridian Nimbus Osprey
    """
)

_COMPANY_ENDS = ("Cold Stores", "Freight", "Foods", "Pallet Works", "Bottling", "Fulfilment", "Mills", "Packaging")
_TITLES = ("Head of Logistics", "Plant Manager", "Operations Director", "Warehouse Lead", "Chief Operating Officer", "Buyer")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone a campaign writes to."""

    first_name: str
    last_name: str
    company: str
    job_title: str
    email: str


def people(random: Random) -> list[Person]:
    """Every invented person once, in an order of the given generator; about 4,500."""
    names = list(itertools.product(_FIRST_NAMES, _LAST_NAMES))
    random.shuffle(names)
    return [_person(first, last, random) for first, last in names]


def _person(first: str, last: str, random: Random) -> Person:
    start, end = random.choice(_COMPANY_STARTS), random.choice(_COMPANY_ENDS)
    host = f"{start}-{end}".lower().replace(" ", "-")
    email = f"{first}.{last}@{host}.{DOMAIN}".lower()
    return Person(first, last, f"{start} {end}", random.choice(_TITLES), email)

"""What one row of an imported file says about a lead: which column is which field, and what may not be kept."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from email_validator import EmailNotValidError, validate_email

from engine import linkedin_urls
from engine.csv_reading import Row, Sheet
from engine.names import no_address
from engine.texts import STANDARD_FIELDS

LONGEST_NAME = 500
LONGEST_FIELD = 5_000
FIELD_LABELS = {
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "company": "Company",
    "job_title": "Job title",
    "linkedin_url": "LinkedIn URL",
}
# Headings as exports and people write them, folded by `_folded`: English,
# German, French, Spanish, Italian, Portuguese, Dutch.
_HEADINGS = {
    "email": "email emailaddress mail mailaddress workemail businessemail emailadresse mailadresse adresse adressemail "
    "adresseemail courriel correo correoelectronico direcciondecorreo posta postaelettronica indirizzoemail emailadres "
    "enderecodeemail personemail primaryemail contactemail",
    "first_name": "firstname givenname forename first vorname prenom nombre nome primeironome voornaam",
    "last_name": "lastname surname familyname last nachname familienname nom nomdefamille apellido apellidos cognome "
    "sobrenome apelido achternaam",
    "company": "company companyname organization organisation organizationname account accountname firma unternehmen "
    "firmenname societe entreprise nomdelentreprise empresa compania azienda societa bedrijf bedrijfsnaam",
    "job_title": "jobtitle title position role headline stelle titel berufsbezeichnung funktion poste fonction "
    "intituleduposte cargo puesto ruolo posizione qualifica functie",
    "linkedin_url": "linkedin linkedinurl linkedinprofile linkedinprofileurl personlinkedinurl profileurl linkedinlink "
    "profillinkedin linkedinprofil urllinkedin perfillinkedin contactlinkedin",
}
_FIELD_OF = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split()}
# What Liquid reads as a value or a word of its own, so it can't name a field.
_RESERVED = frozenset(
    "true false nil null none empty blank if else unless and or not contains in for with as".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as it will be kept."""

    row: int
    email: str
    linkedin_url: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    job_title: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return str(getattr(self, name)) if name in STANDARD_FIELDS else self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row can't be imported, as a sentence."""

    row: int
    problem: str

    def as_dict(self) -> dict[str, Any]:
        return {"row": self.row, "problem": self.problem}


def propose(headings: tuple[str, ...]) -> dict[str, str]:
    """field → heading: the known fields where a heading names them, and every further column under a name of its own."""
    mapping: dict[str, str] = {}
    for heading in headings:
        name = _FIELD_OF.get(_folded(heading))
        if name is None or name in mapping:
            name = free_name(heading, mapping)
        mapping[name] = heading
    return mapping


def proposed(sheet: Sheet) -> dict[str, str]:
    """The mapping for a file, looking into its cells where headings say nothing."""
    mapping = propose(sheet.headings)
    for name, mark in (("email", "@"), ("linkedin_url", "linkedin.com/")):
        if name not in mapping:
            place = _column_with(sheet, mark)
            if place is not None:
                heading = sheet.headings[place]
                mapping = {key: value for key, value in mapping.items() if value != heading}
                mapping[name] = heading
    return mapping


def _column_with(sheet: Sheet, mark: str) -> int | None:
    sample = sheet.rows[:20]
    for place in range(len(sheet.headings)):
        if sum(mark in row.cells[place].lower() for row in sample) * 2 > len(sample):
            return place
    return None


def free_name(heading: str, taken: Mapping[str, str]) -> str:
    """A field's name made from a heading, such that a text can use it and no other column has it."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFC", heading).lower()).strip("_")[:50] or "field"
    if name[0].isdigit() or name in _RESERVED:
        name = f"field_{name}"
    if name in taken or name in STANDARD_FIELDS:
        name = next(f"{name}_{number}" for number in range(2, 1000) if f"{name}_{number}" not in taken)
    return name


def person(row: Row, places: Mapping[str, int]) -> Person | RowProblem:
    """The lead that a row describes, or what is wrong with the row; `places` is field → the cell's index."""
    values = {name: row.cells[place] for name, place in places.items()}
    wrong = next((sentence for name, value in values.items() if (sentence := _unkeepable(name, value))), None)
    if wrong is not None:
        return RowProblem(row.number, wrong)
    address, profile = values.pop("email", "").removeprefix("mailto:"), values.pop("linkedin_url", "")
    if not address and not profile:
        return RowProblem(row.number, "There is neither an e-mail address nor a LinkedIn URL; add one of them.")
    kept_address, problem = _address(address)
    kept_profile, url_problem = _profile(profile)
    if problem or url_problem:
        return RowProblem(row.number, problem or url_problem)
    known = {name: values.pop(name) for name in STANDARD_FIELDS if name in values}
    return Person(row.number, kept_address, kept_profile, **known, fields={k: v for k, v in values.items() if v})


def _unkeepable(name: str, value: str) -> str:
    most = LONGEST_NAME if name in STANDARD_FIELDS else LONGEST_FIELD
    label = FIELD_LABELS.get(name, name)
    if len(value) > most:
        return f"“{label}” has {len(value):,} characters, the most is {most:,}; a quotation mark may be missing before it."
    if value.isprintable():
        return ""
    allowed = "" if name in STANDARD_FIELDS else "\n\r\t"
    if any(unicodedata.category(character) == "Cc" and character not in allowed for character in value):
        return f"“{label}” contains a line break or a control character; remove it from the file."
    return ""


def _address(text: str) -> tuple[str, str]:
    if not text:
        return "", ""
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        return "", no_address(_short(text), error)
    return (checked.ascii_email or checked.normalized).lower(), ""


def _profile(text: str) -> tuple[str, str]:
    if not text:
        return "", ""
    kept = linkedin_urls.profile(text)
    if kept is not None:
        return kept, ""
    if "linkedin.com/sales/" in text.lower():
        return "", "The LinkedIn URL is a Sales Navigator link; use the person's public profile (linkedin.com/in/…)."
    if re.search(r"linkedin\.com/(?:company|school|showcase)/", text.lower()):
        return "", "The LinkedIn URL is a company's page; use the person's own profile (linkedin.com/in/…)."
    return "", f"“{_short(text)}” is not a LinkedIn profile; it looks like linkedin.com/in/name."


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _folded(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(character for character in plain if character.isalnum() and not unicodedata.combining(character))

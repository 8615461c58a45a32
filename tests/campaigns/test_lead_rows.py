"""Which column is which field, and what one row may hold."""

import pytest

from engine.csv_reading import Row, read
from engine.import_checking import check
from engine.lead_rows import Person, RowProblem, person, proposed


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("Email,First Name,Last Name,Company,Title", "email first_name last_name company job_title"),
        ("E-Mail-Adresse,Vorname,Nachname,Firma,Position", "email first_name last_name company job_title"),
        ("Adresse e-mail,Prénom,Nom,Société,Fonction", "email first_name last_name company job_title"),
        ("Correo electrónico,Nombre,Apellidos,Empresa,Cargo", "email first_name last_name company job_title"),
        ("Indirizzo email,Nome,Cognome,Azienda,Ruolo", "email first_name last_name company job_title"),
        ("work_email,first-name,LAST NAME,organisation,LinkedIn URL", "email first_name last_name company linkedin_url"),
        ("Email,Deal size,2nd line,if,Größe", "email deal_size field_2nd_line field_if größe"),
        ("Email,Email 2,E-mail", "email email_2 e_mail"),
    ],
)
def test_headings_propose_their_fields(headings: str, expected: str) -> None:
    sheet = read(f"{headings}\n{'a@b.test,' + ',' * (headings.count(',') - 1)}\n".encode())
    by_heading = {heading: name for name, heading in proposed(sheet).items()}
    names = [by_heading[heading] for heading in sheet.headings]
    assert " ".join(names) == expected


def test_a_column_of_addresses_is_found_without_a_heading() -> None:
    sheet = read(b"Ada,ada@b.test,https://www.linkedin.com/in/ada\nGrace,grace@b.test,https://linkedin.com/in/grace\n")
    mapping = proposed(sheet)
    assert (mapping["email"], mapping["linkedin_url"]) == ("Column 2", "Column 3")


PLACES = {"email": 0, "linkedin_url": 1, "first_name": 2, "icebreaker": 3}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (("", "", "Ada", ""), "neither an e-mail address nor a LinkedIn URL"),
        (("ada", "", "Ada", ""), "“ada” is not an e-mail address"),
        (("ada@b", "", "", ""), "is not an e-mail address"),
        (("ada@b.test, grace@b.test", "", "", ""), "is not an e-mail address"),
        (("a@b.test\nBcc: c@d.test", "", "", ""), "line break or a control character"),
        (("", "https://linkedin.com/company/acme", "", ""), "company's page"),
        (("", "https://www.linkedin.com/sales/lead/ACwAAA,NAME", "", ""), "Sales Navigator"),
        (("", "https://example.com/in/ada", "", ""), "is not a LinkedIn profile"),
        (("a@b.test", "", "x" * 501, ""), "501 characters"),
        (("a@b.test", "", "Ada\r\nX: y", ""), "line break or a control character"),
        (("a@b.test", "", "A\x00da", ""), "control character"),
        (("a@b.test", "", "", "x" * 5_001), "quotation mark may be missing"),
        (("a@b.test", "", "", "bell\x07"), "control character"),
    ],
)
def test_a_row_that_can_not_be_kept_gets_a_sentence(cells: tuple[str, ...], says: str) -> None:
    outcome = person(Row(7, cells), PLACES)
    assert isinstance(outcome, RowProblem)
    assert outcome.row == 7
    assert says in outcome.problem


@pytest.mark.parametrize(
    "value", ["=cmd()|' /C calc'!A0", "🎉 O'Brien-Šmíd", "عربى‏", "<script>alert(1)</script>", "{{ email }}", "x" * 300]
)
def test_nasty_values_are_kept_as_text(value: str) -> None:
    outcome = person(Row(2, ("A@B.test", "", value, f"{value}\nsecond line")), PLACES)
    assert isinstance(outcome, Person)
    assert outcome.first_name == value
    assert outcome.fields == {"icebreaker": f"{value}\nsecond line"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://www.linkedin.com/in/Ada-Lovelace/", "linkedin.com/in/ada-lovelace"),
        ("http://de.linkedin.com/in/ada-lovelace/de?trk=people&x=1#top", "linkedin.com/in/ada-lovelace"),
        ("linkedin.com/in/ada-lovelace", "linkedin.com/in/ada-lovelace"),
        ("https://m.linkedin.com/in/zo%C3%AB/", "linkedin.com/in/zoë"),
    ],
)
def test_profiles_are_kept_in_one_form(given: str, kept: str) -> None:
    outcome = person(Row(2, ("", given, "", "")), PLACES)
    assert isinstance(outcome, Person)
    assert outcome.linkedin_url == kept


def test_addresses_are_kept_in_lower_case_and_ascii() -> None:
    outcome = person(Row(2, ("mailto:Ada@Bücher.example", "", "", "")), PLACES)
    assert isinstance(outcome, Person)
    assert outcome.email == "ada@xn--bcher-kva.example"


def test_the_check_names_the_row_that_came_first() -> None:
    rows = "ada@b.test,\nADA@b.test,\n,linkedin.com/in/ada\ngrace@b.test,https://uk.linkedin.com/in/ada/\n"
    sheet = read(f"email,linkedin\n{rows}".encode())
    found = check(sheet, {"email": "email", "linkedin_url": "linkedin"})
    assert found.good_count == 2
    assert [(each.row, each.problem) for each in found.problems] == [
        (3, "ada@b.test is already in row 2 of this file."),
        (5, "grace@b.test is already in row 4 of this file."),
    ]

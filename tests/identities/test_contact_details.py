"""What may stand in contact details, and the sentence for what may not."""

import pytest

from engine.contact_details import Contact, tidy
from engine.desk import Problem

ODD_NAMES = [
    "a" * 300,
    "Zoë 👩‍💻 Ångström",
    "עדה לאבלייס",
    "<b onclick=alert(1)>Ada</b>",
    "=cmd('calc')",
    "O'Neil & Sons; DROP TABLE identity",
    "**bold** [link](http://evil.test) :red[x] $x$",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_kept_as_it_was_written(name: str) -> None:
    assert tidy(Contact(name)).first_name == name


def test_what_can_be_tidied_is_tidied() -> None:
    written = Contact(
        "  Ada ",
        " King\r\nLovelace ",
        email=" Ada@Acme.TEST ",
        linkedin_url="https://es.linkedin.com/in/Ada",
        meeting_url="cal.com/ada",
    )
    assert tidy(written) == Contact(
        "Ada",
        "King Lovelace",
        email="ada@acme.test",
        linkedin_url="linkedin.com/in/ada",
        meeting_url="https://cal.com/ada",
    )


@pytest.mark.parametrize(
    ("written", "word"),
    [
        (Contact(" "), "first name is missing"),
        (Contact("a" * 501), "501 characters"),
        (Contact("Ada\x00"), "control character"),
        (Contact("Ada", email="ada@"), "not an e-mail address"),
        (Contact("Ada", email="ada@acme.test>\nBcc: all@acme.test"), "not an e-mail address"),
        (Contact("Ada", phone="call me"), "phone number"),
        (Contact("Ada", linkedin_url="https://linkedin.com/company/acme"), "LinkedIn URL is a company.s page"),
        (Contact("Ada", meeting_url="javascript:alert(1)"), "not a web address"),
        (Contact("Ada", meeting_url="https://user:secret@cal.com"), "not a web address"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(written: Contact, word: str) -> None:
    with pytest.raises(Problem, match=word):
        tidy(written)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Problem) as told:
        tidy(Contact("", email="x", phone="y", meeting_url="z"))
    assert all(word in str(told.value) for word in ("first name", "e-mail", "phone", "meeting"))

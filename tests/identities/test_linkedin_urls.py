"""Which texts name a LinkedIn profile, and which do not."""

import pytest

from engine import linkedin_urls


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://www.linkedin.com/in/Ada-Lovelace-1815/", "linkedin.com/in/ada-lovelace-1815"),
        ("linkedin.com/in/ada", "linkedin.com/in/ada"),
        ("  http://es.linkedin.com/in/ada/en?trk=people#about ", "linkedin.com/in/ada"),
        ("https://m.linkedin.com/in/ada", "linkedin.com/in/ada"),
        ("https://www.linkedin.com/in/jos%C3%A9-p%C3%A9rez", "linkedin.com/in/josé-pérez"),
        ("https://www.linkedin.com/in/jose%CC%81", "linkedin.com/in/josé"),  # decomposed: the same person
        ("HTTPS://WWW.LINKEDIN.COM/IN/ADA", "linkedin.com/in/ada"),
    ],
)
def test_a_profile_is_kept_in_one_form(written: str, kept: str) -> None:
    assert linkedin_urls.profile(written) == kept
    assert linkedin_urls.profile(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Ada Lovelace",
        "https://linkedin.com.evil.test/in/ada",
        "https://evil.test/linkedin.com/in/ada",
        "https://ada@linkedin.com/in/ada",
        "https://linkedin.com:8443/in/ada",
        "https://www.linkedin.com/company/acme",
        "https://www.linkedin.com/sales/lead/ACwAAA,NAME_SEARCH",
        "https://www.linkedin.com/in/",
        "javascript://linkedin.com/in/ada",
        "https://www.linkedin.com/in/a b",
        "https://[linkedin.com/in/ada",
        "linkedin.com/in/" + "a" * 201,
    ],
)
def test_what_is_not_a_profile_is_none(written: str) -> None:
    assert linkedin_urls.profile(written) is None


def test_a_kept_profile_opens_in_a_browser() -> None:
    assert linkedin_urls.address("linkedin.com/in/ada") == "https://www.linkedin.com/in/ada/"
    assert linkedin_urls.address("") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://www.linkedin.com/company/acme/?trk=x", "is a company's page; use the person's own profile"),
        ("de.linkedin.com/school/tum", "is a school's page"),
        ("https://www.linkedin.com/sales/lead/ACwAA1,NAME_SEARCH,x", "is a Sales Navigator link"),
        ("https://www.linkedin.com/posts/ada_1", "is a post"),
        ("https://evil.test/company/acme", "is not a LinkedIn profile's address"),
        ("https://evil.test/?u=linkedin.com/sales/", "is not a LinkedIn profile's address"),
        ("https://[", "is not a LinkedIn profile's address"),
        ("", "is not a LinkedIn profile's address"),
    ],
)
def test_what_is_no_profile_is_called_what_it_is(text: str, said: str) -> None:
    assert linkedin_urls.profile(text) is None
    assert linkedin_urls.wrong(text).startswith(said)

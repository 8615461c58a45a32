"""Which addresses are searches and lists of Sales Navigator, in which form they are kept, and what is said of others."""

import pytest

from engine.sales_urls import LONGEST, SalesUrl, parse, wrong
from storage.kinds import SalesKind

SEARCH, LIST = SalesKind.SEARCH, SalesKind.LIST


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        (
            "https://www.linkedin.com/sales/search/people?page=3&query=(filters%3AList((type%3AREGION)))&sessionId=a%3D%3D",
            SEARCH,
            "/sales/search/people?query=(filters:List((type:REGION)))",
        ),
        (
            "linkedin.com/sales/search/people/?savedSearchId=50538485&trk=x",
            SEARCH,
            "/sales/search/people?savedSearchId=50538485",
        ),
        (
            "  http://de.linkedin.com/sales/search/people?query=(keywords:caf%C3%A9)#top ",
            SEARCH,
            "/sales/search/people?query=(keywords:caf%C3%A9)",
        ),
        (
            "https://www.linkedin.com/sales/lists/people/7100?sortCriteria=CREATED_TIME&sortOrder=DESCENDING",
            LIST,
            "/sales/lists/people/7100?sortCriteria=CREATED_TIME&sortOrder=DESCENDING",
        ),
        ("https://www.linkedin.com/sales/lists/people/7100/", LIST, "/sales/lists/people/7100"),
    ],
)
def test_a_search_or_list_is_kept_without_what_names_the_visit(text: str, kind: SalesKind, path: str) -> None:
    assert parse(text) == SalesUrl(kind, path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Paste the address"),
        ("pumps in Madrid", "not an address at LinkedIn"),
        ("https://example.com/sales/search/people?query=x", "not an address at LinkedIn"),
        ("https://www.linkedin.com.evil.test/sales/lists/people/1", "not an address at LinkedIn"),
        ("https://user@www.linkedin.com/sales/lists/people/1", "not an address at LinkedIn"),
        ("https://www.linkedin.com/sales/search/people", "without anything searched for"),
        ("https://www.linkedin.com/sales/search/people?page=2", "without anything searched for"),
        ("https://www.linkedin.com/sales/search/company?query=(x)", "search of companies"),
        ("https://www.linkedin.com/sales/lists/company/12", "list of companies"),
        ("https://www.linkedin.com/sales/lists/people", "overview of lists"),
        ("https://www.linkedin.com/sales/lead/ACwAA1,NAME_SEARCH,x", "one person's page"),
        ("https://www.linkedin.com/sales/home", "no search or list"),
        ("https://www.linkedin.com/search/results/people/?keywords=x", "LinkedIn's own search"),
        ("https://www.linkedin.com/in/marie-curie", "one person's profile"),
        ("https://www.linkedin.com/talent/search?x=1", "Recruiter"),
        ("https://www.linkedin.com/sales/search/people?query=" + "x" * LONGEST, "the most is 10,000"),
        ("https://www.linkedin.com/sales/lists/people/1\n2", "not an address at LinkedIn"),
    ],
)
def test_anything_else_is_refused_with_what_it_is(text: str, said: str) -> None:
    assert parse(text) is None
    assert said in wrong(text)

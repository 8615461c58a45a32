"""Sales Navigator's pages read by the driver: rows drawn only where seen, pages turned, profiles behind names."""

import pytest

from engine.channels.linkedin.outcomes import Blocked, BlockedKind, LeadProblem, LeadProblemKind, SalesLead, SalesPage
from practice.linkedin.navigator import Navigator, somebody
from practice.linkedin.site import Site
from tests.linkedin_driver.conftest import Make

pytestmark = pytest.mark.browser
SEARCH = "/sales/search/people?query=(keywords:pumps)"


def site(**plays: object) -> Site:
    return Site(has_seat=True, navigator=Navigator(**plays))  # type: ignore[arg-type]


@pytest.mark.parametrize("plays", [{}, {"ignores_page": True}, {"late": True}])
def test_every_row_of_a_page_is_read_though_only_those_in_sight_are_drawn(driver: Make, plays: dict[str, object]) -> None:
    it = driver(site(**plays).arrange)
    second, third = (it.sales_page("1", {}, SEARCH, number) for number in (2, 3))
    assert isinstance(second, SalesPage)
    assert isinstance(third, SalesPage)
    assert [one.name for one in second.people] == [somebody(number).name for number in range(25, 50)]
    assert (second.people[0].company, second.has_more, second.told, second.unread) == (somebody(25).company, True, 60, 0)
    assert (len(third.people), third.has_more) == (10, False)


def test_a_page_without_anybody_is_told_from_one_that_is_not_known(driver: Make) -> None:
    assert driver(site(people=[]).arrange).sales_page("1", {}, SEARCH, 1) == SalesPage((), False)
    beyond = driver(site(people=[somebody(0)]).arrange).sales_page("1", {}, "/sales/lists/people/7?sortOrder=DESC", 1)
    assert isinstance(beyond, SalesPage)
    assert [one.path for one in beyond.people] == [somebody(0).path]


@pytest.mark.parametrize("public", ["link", "menu", "several"])
def test_a_name_leads_to_the_public_profile(driver: Make, public: str) -> None:
    found = driver(site(public=public).arrange).sales_lead("1", {}, somebody(3).path, somebody(3).name)
    assert found == SalesLead(somebody(3).slug)


def test_nobody_else_is_taken_for_the_person(driver: Make) -> None:
    crowd = driver(site(public="crowd").arrange).sales_lead("1", {}, somebody(3).path, somebody(3).name)
    assert isinstance(crowd, Blocked)
    assert crowd.kind is BlockedKind.DRIFT
    other = driver(site().arrange).sales_lead("1", {}, somebody(3).path, "Zeno Zimmer")
    assert isinstance(other, LeadProblem)
    assert other.kind is LeadProblemKind.WRONG_PERSON
    assert driver(site(public="none").arrange).sales_lead("1", {}, somebody(3).path, somebody(3).name) == SalesLead("")


@pytest.mark.parametrize(
    ("of", "kind", "words"),
    [
        (Site(has_seat=False), BlockedKind.NO_SEAT, "has no seat"),
        (site(asks_for_contract=True), BlockedKind.NO_SEAT, "which Sales Navigator contract"),
        (Site(has_seat=True, dead=True), BlockedKind.LOGIN, "session is over"),
        (site(hides=True), LeadProblemKind.NOT_FOUND, "does not show this search"),
    ],
)
def test_what_keeps_a_search_from_being_read_is_told(driver: Make, of: Site, kind: str, words: str) -> None:
    outcome = driver(of.arrange).sales_page("1", {}, SEARCH, 1)
    assert isinstance(outcome, Blocked | LeadProblem)
    assert outcome.kind is kind
    assert words in outcome.note

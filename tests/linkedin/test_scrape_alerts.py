"""Who runs a campaign is told once when reading Sales Navigator into it stops for good, or its borrowed seat can't read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import campaigns, linkedin_accounts, scrapes
from engine.channels.linkedin.outcomes import Blocked, BlockedKind, LeadProblem, LeadProblemKind, LinkedInOutcome, NotDone
from engine.desk import Problem
from storage.kinds import TOLD_KINDS, AlertKind, CampaignState, LinkedInState, ScrapeState
from storage.tables import Alert, Campaign, LinkedInAccount, Scrape
from tests import makers
from tests.linkedin.sales_office import Office, begin, connect, sales_office_in, seat

DRIFT = Blocked(BlockedKind.DRIFT, "LinkedIn's page is not as expected: no rows.")
GONE = LeadProblem(LeadProblemKind.NOT_FOUND, "Sales Navigator does not show this search or list to this account.")
NO_ANSWER = NotDone("The page did not answer as expected (TimeoutError).")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with sales_office_in(tmp_path) as opened:
        yield opened


def up(office: Office) -> list[Alert]:
    with office.outpost.database.read() as session:
        of_scrapes = select(Alert).where(Alert.kind == AlertKind.SCRAPING, Alert.cleared_at.is_(None))
        return list(session.scalars(of_scrapes.order_by(Alert.id)))


def fails(office: Office, said: LinkedInOutcome) -> int:
    scrape_id = begin(office.outpost, office.adas, office.ada)
    office.navigator.says = lambda _page: said
    office.reader.read_all(office.ada, scrape_id)
    return scrape_id


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (DRIFT, "Twice the page was not as expected, so reading stopped; a picture of it was kept."),
        (GONE, "Sales Navigator does not show this search or list to this account."),
        (NO_ANSWER, "Six times the page did not open, so reading stopped."),
    ],
)
def test_a_reading_that_stops_for_good_is_told_once_with_why_and_what_to_do(
    office: Office, said: LinkedInOutcome, why: str
) -> None:
    fails(office, said)
    (alert,) = up(office)
    assert (alert.workspace_id, alert.identity_id) == (office.workspace_id, office.ada)
    with office.outpost.database.read() as session:
        assert alert.subject == f"Sales Navigator for {session.get_one(Campaign, office.adas).name}"
    assert alert.sentence.startswith(why)
    assert "Whoever came in stays." in alert.sentence
    assert "press “Go on reading” or “Leave it at that”" in alert.sentence
    assert AlertKind.SCRAPING in TOLD_KINDS


def test_it_is_over_when_the_reading_goes_on_and_told_again_when_it_stops_again(office: Office) -> None:
    scrape_id = fails(office, GONE)
    with office.outpost.database.write() as session:
        scrapes.go_on(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    assert not up(office)
    office.reader.read_all(office.ada, scrape_id)
    assert len(up(office)) == 1


def test_whoever_leaves_it_at_that_is_not_told_of_it_any_more(office: Office) -> None:
    scrape_id = fails(office, GONE)
    with office.outpost.database.write() as session:
        desk = makers.desk(session, office.workspace_id, now=office.reader.now)
        scrapes.leave(desk, scrape_id=scrape_id)
        with pytest.raises(Problem, match="Only what failed"):
            scrapes.leave(desk, scrape_id=scrape_id)
        scrape = session.get_one(Scrape, scrape_id)
        assert (scrape.state, scrape.ended_by) == (ScrapeState.STOPPED, makers.OWNER.label)
    assert not up(office)
    assert office.reading(office.adas).note == GONE.note


def test_it_is_over_with_its_campaign(office: Office) -> None:
    fails(office, GONE)
    with office.outpost.database.write() as session:
        session.get_one(Campaign, office.adas).state = CampaignState.RUNNING
        campaigns.finish(makers.desk(session, office.workspace_id, now=office.reader.now), campaign_id=office.adas)
    assert not up(office)


def test_nobody_is_told_of_what_a_person_stopped_or_what_is_done(office: Office) -> None:
    stopped = begin(office.outpost, office.adas, office.ada)
    with office.outpost.database.write() as session:
        scrapes.stop(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=stopped)
    office.reader.read_all(office.ada, begin(office.outpost, office.adas, office.ada, most=2))
    assert not up(office)


def test_who_borrows_a_seat_is_told_while_it_can_t_read_and_not_whose_it_is(office: Office) -> None:
    with office.outpost.database.write() as session:
        dora = seat(session, office.outpost, office.workspace_id, "Dora", shares=50).id
    scrape_id = begin(office.outpost, office.adas, dora)
    office.navigator.says = lambda _page: Blocked(BlockedKind.NO_SEAT, "LinkedIn led away from Sales Navigator.")
    office.reader.read(dora)
    (alert,) = up(office)
    assert alert.identity_id == office.ada
    assert "another identity" in alert.sentence
    assert "Dora" not in alert.sentence
    office.navigator.says = lambda _page: None
    with office.outpost.database.write() as session:
        connect(session, office.outpost, dora, office.reader.now)
    assert not up(office)
    with office.outpost.database.write() as session:
        linkedin_accounts.stand(session, dora, LinkedInState.RESTRICTED, "", office.reader.now)
    assert len(up(office)) == 1
    with office.outpost.database.write() as session:
        linkedin_accounts.stand(session, dora, LinkedInState.CONNECTED, "", office.reader.now)
    assert not up(office)
    with office.outpost.database.write() as session:
        linkedin_accounts.stand(session, dora, LinkedInState.DISCONNECTED, "", office.reader.now)
    assert len(up(office)) == 1
    with office.outpost.database.write() as session:
        session.scalars(select(LinkedInAccount).where(LinkedInAccount.identity_id == dora)).one().has_seat = False
        linkedin_accounts.stand(session, dora, LinkedInState.CONNECTED, "", office.reader.now)
    (alert,) = up(office)
    assert "without Sales Navigator" in alert.sentence
    with office.outpost.database.write() as session:
        scrapes.stop(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    assert not up(office)

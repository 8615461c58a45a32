"""Sales Navigator read at the stand-in by the real dispatch in a real browser; and by a worker that is killed meanwhile."""

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import scrapes
from engine.rules.facts import Wait
from practice.linkedin.navigator import somebody
from practice.linkedin.site import Site
from storage.kinds import ActionState, LinkedInState, Reason, ScrapeState
from storage.tables import Action, Identity, Lead, Scrape, ScrapedPerson, Spend
from tests import makers
from tests.linkedin.conftest import Doing, Office, connected
from tests.linkedin.crash_loop import Reaper, life
from tests.linkedin.sales_office import begin, draft
from tests.makers import MONDAY

pytestmark = pytest.mark.browser
SEATED = "ada.lovelace+sales@example.com"


def reading(office: Office, most: int) -> tuple[Site, int]:
    """Ada's site at the stand-in, and a search that is to be read into her draft."""
    site = connected(office, SEATED)
    with office.outpost.database.write() as session:
        campaign_id = draft(session, session.get_one(Identity, office.identity_id)).id
    begin(office.outpost, campaign_id, office.identity_id, most=most)
    return site, campaign_id


def profiles(office: Office) -> list[str]:
    with office.outpost.database.read() as session:
        return list(session.scalars(select(Lead.linkedin_url).order_by(Lead.id)))


def test_a_session_that_dies_in_the_middle_costs_nobody_and_says_what_to_do(office: Office) -> None:
    site, campaign_id = reading(office, most=2)
    doing = Doing(office)
    assert [doing.attend().state for _ in range(2)] == [ActionState.ACCEPTED] * 2
    site.dead = True
    assert doing.attend().state is ActionState.FAILED_TEMPORARY
    with office.outpost.database.read() as session:
        assert session.get_one(Identity, office.identity_id).linkedin_state is LinkedInState.LOGGED_OUT
        desk = makers.desk(session, office.workspace_id, now=doing.now + timedelta(hours=1))
        assert scrapes.of_campaign(desk, campaign_id=campaign_id)[0].verdict == Wait(Reason.RECONNECT_NEEDED, None)
    site.dead = False
    connected(office, SEATED)
    assert doing.attend().state is ActionState.ACCEPTED
    assert profiles(office) == [f"linkedin.com/in/{somebody(number).slug}" for number in range(2)]
    with office.outpost.database.read() as session:
        assert session.scalars(select(Scrape.state)).one() is ScrapeState.DONE


@pytest.mark.slow
def test_nobody_comes_in_twice_though_the_worker_is_killed_while_it_reads(office: Office) -> None:
    site, _ = reading(office, most=1)
    reaper = Reaper(random.Random(1), 2)

    def about_to(path: str) -> None:
        """Dies once over the results, and once over the person's page."""
        if path not in reaper.kills:
            reaper.kills.append(path)
            reaper.kill()

    site.navigator.before_page = about_to
    now: datetime = MONDAY
    while not life(office, reaper, now):
        now += timedelta(days=1)
    assert len(reaper.kills) == 2
    assert profiles(office) == [f"linkedin.com/in/{somebody(0).slug}"]
    with office.outpost.database.read() as session:
        assert set(session.scalars(select(Action.state))) == {ActionState.ACCEPTED}
        assert session.scalars(select(ScrapedPerson.number)).all() == [1]
        kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None)))
    assert kept == len(site.navigator.opened) == 4, "what a lost reading opened stays counted"

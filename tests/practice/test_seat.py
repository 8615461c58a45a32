"""The practice workspace's seat: a search is being read, and its session is one that the stand-in knows."""

from pathlib import Path

from sqlalchemy import select

from engine import linkedin_accounts, scrapes, seats
from engine.config import load
from engine.installation import open_outpost
from engine.rules.facts import Run
from practice.linkedin.server import Sites
from practice.seat import CAMPAIGN, take_seat
from storage.kinds import ScrapeState
from storage.tables import Campaign
from tests import makers
from tests.fresh import lay_installation
from tests.makers import MONDAY


def test_a_search_is_being_read_when_the_practice_workspace_opens(tmp_path: Path) -> None:
    settings = {"OUTPOST_DATA": str(tmp_path / "data"), "OUTPOST_KEY_FILE": str(tmp_path / "data.key")}
    lay_installation(settings)
    outpost = open_outpost(load(settings), settings)
    with outpost.database.write() as session:
        owner = makers.user(session, id=1, is_owner=True)
        client = makers.workspace(session)
        alba = makers.identity(session, client.id, linkedin_url="linkedin.com/in/practice-alba")
        take_seat(session, outpost.vault, client.id, makers.OWNER, MONDAY)
        desk = makers.desk(session, client.id)
        campaign_id = session.scalars(select(Campaign.id).where(Campaign.name == CAMPAIGN)).one()
        reading = scrapes.of_campaign(desk, campaign_id=campaign_id)[0]
        share = seats.share_of(desk, identity_id=alba.id)
        cookies = linkedin_accounts.session_of(session, outpost.vault, alba.id)["cookies"]
    outpost.database.close()
    assert owner.id == makers.OWNER.user_id
    assert reading.state is ScrapeState.READING
    assert isinstance(reading.verdict, Run), "nothing holds it, so the worker begins at once"
    assert share is not None
    assert share.value == 25
    email = next(cookie["value"] for cookie in cookies if cookie["name"] == "account")
    site = Sites().of(email)
    assert (site.has_seat, site.own_slug) == (True, "practice-alba")

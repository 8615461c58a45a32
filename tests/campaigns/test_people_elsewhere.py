"""Who is written to elsewhere: also those whose address is away, for they go on when it is connected again."""

import pytest
from sqlalchemy.orm import Session

from engine.people_elsewhere import written_to_elsewhere
from storage.database import Database
from storage.kinds import CampaignState, LeadState, Reason
from tests import makers

AWAY = {"state": LeadState.FAILED, "state_reason": Reason.ADDRESS_DISCONNECTED}
EMAIL, PROFILE = "marie@there.test", "linkedin.com/in/marie"


def elsewhere(session: Session, of: CampaignState = CampaignState.RUNNING, **there: object) -> tuple[set[int], set[int]]:
    """The lead of a new campaign, if the same person in another one counts: for a launch, and for who goes on now."""
    makers.installation(session)
    ada = makers.identity(session, makers.workspace(session).id)
    old, new = makers.campaign(session, ada, state=of), makers.campaign(session, ada)
    makers.lead(session, old, **{"email": "old@there.test", **there})
    lead = makers.lead(session, new, email=EMAIL, linkedin_url=PROFILE)
    found = written_to_elsewhere(session, new.id, [lead.id]), written_to_elsewhere(session, new.id, [lead.id], now_only=True)
    assert all(each.campaign_id == old.id for one in found for each in one.values())
    return set(found[0]), set(found[1])


@pytest.mark.parametrize("person", [{"email": EMAIL}, {"linkedin_url": PROFILE}])
def test_a_lead_that_waits_for_its_address_counts_for_a_launch(database: Database, person: dict[str, str]) -> None:
    with database.write() as session:
        for_launch, now = elsewhere(session, **{**person, **AWAY})
        assert (len(for_launch), len(now)) == (1, 0)


@pytest.mark.parametrize(
    "there",
    [
        {"state": LeadState.FAILED, "state_reason": Reason.TOO_MANY_ATTEMPTS},
        {"state": LeadState.LEFT_OUT, "state_reason": Reason.ADDRESS_DISCONNECTED},
        {"state": LeadState.REPLIED},
        {"state": LeadState.NEW},
    ],
)
def test_one_that_will_not_go_on_counts_for_nothing(database: Database, there: dict[str, object]) -> None:
    with database.write() as session:
        assert elsewhere(session, email=EMAIL, **there) == (set(), set())


def test_nor_does_one_of_a_campaign_that_is_over(database: Database) -> None:
    with database.write() as session:
        assert elsewhere(session, CampaignState.FINISHED, email=EMAIL, **AWAY) == (set(), set())

"""A page's lanes read at once give what each lane gives when it is read alone."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import overview_readings, readings
from storage.database import Database
from storage.kinds import CampaignState
from storage.tables import Lane
from tests import makers
from tests.makers import MONDAY


def planned_lane(session: Session, workspace_id: int, state: CampaignState, actions: int) -> int:
    """A lane whose campaign has that many planned mails, the later ones first."""
    ada = makers.identity(session, workspace_id)
    lane = session.scalars(select(Lane).where(Lane.mailbox_id == makers.mailbox(session, ada).id)).one()
    campaign = makers.campaign(session, ada, state=state)
    for hours in range(actions, 0, -1):
        makers.action(session, lane, campaign_id=campaign.id, due_at=MONDAY + timedelta(hours=hours))
    return lane.id


def test_heads_of_many_lanes_are_the_heads_of_each(database: Database) -> None:
    with database.write() as session:
        client = makers.workspace(session)
        lanes = [
            planned_lane(session, client.id, state, actions)
            for state, actions in ((CampaignState.RUNNING, 2), (CampaignState.PAUSED, 2), (CampaignState.RUNNING, 0))
        ]
    with database.read() as session:
        together = overview_readings.heads_of(session, lanes)
        assert together == {lane_id: readings.heads(session, lane_id) for lane_id in lanes}
        assert [len(together[lane_id]) for lane_id in lanes] == [1, 1, 0]

"""A workspace that was put away does nothing until it is brought back: nobody can see into it."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from engine import agenda, workspaces
from engine.dispatch import attend
from storage.database import Database
from storage.kinds import ActionState, CampaignState, Reason
from storage.tables import Action, Campaign, Workspace
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY


def test_what_was_planned_waits_until_the_workspace_is_brought_back(database: Database, tmp_path: Path) -> None:
    sink = Sink(tmp_path / "sink")
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        home = session.scalars(select(Workspace.id)).one()
        session.execute(update(Campaign).values(state=CampaignState.PAUSED))
        workspaces.archive(makers.desk(session), archived_id=home)
        session.execute(update(Action).values(campaign_id=None))  # as a withdrawal, or an answer in warm-up
    assert attend(database, lane, lambda: MONDAY, "worker-1", sink.hands()).state is None
    later = MONDAY + timedelta(hours=1)
    with database.write() as session:
        assert session.scalars(select(Action.reason)).one() is Reason.STOPPED_WORKSPACE
        assert agenda.due_lanes(session, later, 5) == []
        workspaces.restore(makers.desk(session, now=later), archived_id=home)
        assert agenda.due_lanes(session, later, 5) == [lane]
    assert attend(database, lane, lambda: later, "worker-1", sink.hands()).state is ActionState.ACCEPTED

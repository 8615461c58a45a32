"""An address that is removed and connected to another identity keeps its day, its 24 hours and its gap (G3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from engine import mailbox_connecting, sequence, standing
from engine.connections.probe import Folders
from engine.dispatch import attend
from engine.mailbox_connecting import ImapForm
from engine.mailboxes import disconnect
from storage.database import Database
from storage.kinds import ActionKind, ActionState, QuotaClock
from storage.tables import Action, Identity, Lane, LimitSetting, Mailbox, Spend
from storage.vault import Vault
from tests import makers
from tests.dispatch.sink import ALWAYS, Sink
from tests.makers import MONDAY

ADDRESS = "sales@acme.test"
FORM = ImapForm(ADDRESS, "secret", "imap.acme.test", "smtp.acme.test")
VAULT = Vault({1: bytes(32)})
LIMIT = 20
GAP = timedelta(minutes=10)


@dataclass
class House:
    """Two identities, and an address that goes from one to the other."""

    database: Database
    sink: Sink
    ids: list[int]
    workspace_id: int
    now: datetime = MONDAY

    def connect(self, number: int) -> int:
        """The address is this identity's from now on, with enough to send; its lane."""
        with self.database.write() as session:
            desk = makers.desk(session, self.workspace_id, now=self.now)
            box_id = mailbox_connecting.connect_imap(
                desk,
                identity_id=self.ids[number],
                form=FORM,
                folders=Folders("Sent", "Junk", files_sent_itself=True),
                vault=VAULT,
            )
            session.get_one(Mailbox, box_id).gap_seconds = int(GAP.total_seconds())
            lane = session.scalars(select(Lane).where(Lane.mailbox_id == box_id)).one()
            session.execute(update(LimitSetting).where(LimitSetting.lane_id == lane.id).values(value=LIMIT))
            campaign = makers.campaign(session, session.get_one(Identity, self.ids[number]))
            people = [makers.lead(session, campaign, mailbox_id=box_id) for _ in range(LIMIT + 5)]
            sequence.begin(session, campaign.id, [one.id for one in people], self.now)
            return lane.id

    def remove(self) -> None:
        with self.database.write() as session:
            live = session.scalars(select(Mailbox).where(Mailbox.removed_at.is_(None))).one()
            disconnect(makers.desk(session, self.workspace_id, now=self.now), mailbox_id=live.id, remove=True)

    def send(self, lane: int, most: int, until: datetime) -> int:
        """Visits of the lane every five minutes; how many mails went out."""
        sent = 0
        while self.now < until and sent < most:
            self.now += timedelta(minutes=5)
            sent += attend(self.database, lane, lambda: self.now, "w", self.sink.hands()).state is ActionState.ACCEPTED
        return sent

    def used(self, lane: int) -> int:
        with self.database.read() as session:
            return standing.uses_today(session, [lane], self.now)[lane][ActionKind.EMAIL].used


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        home = makers.workspace(session)
        ids = [makers.identity(session, home.id, first_name=name, **ALWAYS).id for name in ("Ada", "Grace")]
    return House(database, Sink(tmp_path / "sink"), ids, home.id)


def test_the_day_goes_with_the_address_and_ends_for_both_together(house: House) -> None:
    ada = house.connect(0)
    end = MONDAY.replace(hour=22)
    assert house.send(ada, 8, end) == 8
    house.remove()
    grace = house.connect(1)
    assert house.used(grace) == 8
    assert house.send(grace, 99, end) <= LIMIT - 8
    assert house.used(grace) <= LIMIT
    house.remove()
    again = house.connect(0)  # and back: neither way brings a second day
    assert again == ada
    assert house.used(ada) == house.used(grace)
    house.send(ada, 99, end)
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Spend).where(Spend.at < end)) <= LIMIT
    house.now = MONDAY + timedelta(days=1, hours=10)
    assert house.used(ada) == 0  # tomorrow it begins anew


def test_the_gap_and_the_last_24_hours_go_with_the_address_too(house: House) -> None:
    ada = house.connect(0)
    assert house.send(ada, 3, MONDAY + timedelta(hours=8)) == 3
    last = house.now
    house.remove()
    grace = house.connect(1)
    with house.database.write() as session:
        assert session.get_one(Lane, grace).last_effect_at == last
        guard = {"lane_id": grace, "kind": ActionKind.EMAIL, "clock": QuotaClock.ROLLING_24_HOURS, "since": MONDAY}
        session.add(LimitSetting(**guard, value=3, why=""))
    assert house.send(grace, 1, MONDAY + timedelta(hours=23)) == 0
    assert house.send(grace, 1, MONDAY + timedelta(hours=30)) == 1  # when Ada's first leaves the 24 hours
    with house.database.read() as session:
        first, *_, newest = session.scalars(select(Spend.at).order_by(Spend.at)).all()
        waited = session.scalar(select(func.count()).select_from(Action).where(Action.lane_id == grace))
    assert newest - first >= timedelta(hours=24)
    assert waited

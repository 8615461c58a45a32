"""One identity with an address and a running campaign, in a pool with another client's addresses."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up, warm_up_pool
from engine.desk import Actor, Desk
from storage.kinds import ActionKind, ActionState, PoolScope, Role, WarmUpPreset
from storage.tables import Action, Campaign, Mailbox, WarmUp
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel


@dataclass
class Office:
    session: Session
    workspace: int
    identity: int
    box: Mailbox
    campaign: Campaign

    def desk(self, days: float = 0) -> Desk:
        return makers.desk(self.session, self.workspace, now=MONDAY + timedelta(days=days))

    def running(self) -> WarmUp:
        return self.session.scalars(select(WarmUp).where(WarmUp.mailbox_id == self.box.id)).one()

    def planned(self) -> list[Action]:
        mails = select(Action).where(Action.kind == ActionKind.WARM_UP_MAIL, Action.state == ActionState.PLANNED)
        return list(self.session.scalars(mails))


def two_clients(panel: Panel) -> tuple[Actor, Actor, int, int]:
    """The owner, an ops, a client of four addresses one of which warms up for 12.50 a month, and a client without any."""
    with panel.database.write() as session:
        client, empty = makers.workspace(session), makers.workspace(session)
        ada = makers.identity(session, client.id)
        box = makers.mailbox(session, ada, address="ada@acme.test")
        for number in range(3):
            makers.mailbox(session, ada, address=f"p{number}@acme.test")
        makers.checked(session)
        ops, owner = makers.member(session, client.id, Role.OPS), makers.user(session, is_owner=True)
        desk = makers.desk(session, client.id)
        warm_up_pool.set_policy(desk, WarmUpPreset.USUAL, PoolScope.INSTALLATION, 1_250)
        warm_up.start(desk, mailbox_id=box.id)
        return Actor(owner.id, owner.email, is_owner=True), ops, client.id, empty.id


def office(session: Session, partners: int = 12) -> Office:
    makers.installation(session)
    makers.user(session, is_owner=True)
    workspace = makers.workspace(session).id
    us, them = makers.identity(session, workspace), makers.identity(session, makers.workspace(session).id)
    box = makers.mailbox(session, us, address="ada@acme.test")
    for number in range(partners):
        makers.mailbox(session, them, address=f"p{number}@d{number % 5}.test")
    makers.checked(session)
    campaign = makers.campaign(session, us, name="Autumn")
    makers.lead(session, campaign)
    return Office(session, workspace, us.id, box, campaign)

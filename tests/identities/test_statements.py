"""A page of identities asks the database the same number of questions however many it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from engine.desk import WORKER, Desk
from engine.identity_lists import Card, list_page
from engine.rules.facts import Wait
from storage.database import Database
from storage.kinds import ActionKind, CampaignState, QuotaClock, Reason
from storage.tables import Lane, Spend
from tests import makers
from tests.makers import MONDAY

ZONES = ("Europe/Madrid", "Europe/London", "Africa/Cairo")


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """The statements of a block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def acting(session: Session, workspace_id: int, number: int) -> None:
    """An identity with a running campaign, a planned mail, and a full limit for seven days."""
    one = makers.identity(session, workspace_id, zone=ZONES[number % len(ZONES)])
    box = makers.mailbox(session, one, address=f"i{number}@acme.test")
    campaign = makers.campaign(session, one, state=CampaignState.RUNNING)
    lane = session.scalars(select(Lane).where(Lane.mailbox_id == box.id)).one()
    action = makers.action(session, lane, campaign_id=campaign.id)
    makers.limit_of(session, lane.id, 1, clock=QuotaClock.ROLLING_7_DAYS, since=MONDAY - timedelta(days=9))
    at = MONDAY - timedelta(days=2)
    session.add(Spend(action_id=action.id, attempt=1, lane_id=lane.id, kind=ActionKind.EMAIL, at=at, local_day=at.date()))


def reason_of(card: Card) -> Reason | None:
    verdict = card.standing.verdict if card.standing else None
    return verdict.reason if isinstance(verdict, Wait) else None


@pytest.fixture
def clients(database: Database) -> dict[int, int]:
    """Workspaces by how many identities they have."""
    made = {}
    for count in (5, 25):
        with database.write() as session:
            made[count] = makers.workspace(session).id
            for number in range(count):
                acting(session, made[count], number + 100 * count)
    return made


def test_25_identities_cost_as_many_statements_as_5(database: Database, clients: dict[int, int]) -> None:
    counted = {}
    for count, workspace_id in clients.items():
        with database.read() as session, asked(database) as statements:
            page = list_page(Desk(session, WORKER, workspace_id, MONDAY))
        assert len(page.cards) == count
        assert {reason_of(card) for card in page.cards} == {Reason.ROLLING_7_DAYS_LIMIT}
        counted[count] = statements
    assert len(counted[5]) == len(counted[25]) <= 20, counted[25]

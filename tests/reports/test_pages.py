"""Quotas and Proof as a person uses them."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.desk import Actor
from storage.kinds import Role
from storage.tables import Identity, Lane, LimitSetting
from tests import makers
from tests.makers import MONDAY
from tests.pages.test_identities_pages import written
from tests.panel import Panel
from tests.reports.ledgers import sent


@dataclass
class Client:
    id: int
    ops: Actor
    lane: Lane


@pytest.fixture
def client(panel: Panel) -> Client:
    with panel.database.write() as session:
        made = makers.workspace(session, name="Acme")
        ada = makers.identity(session, made.id, first_name="Ada", last_name="Lovelace")
        makers.mailbox(session, ada)
        lane = session.scalars(select(Lane).where(Lane.identity_id == ada.id)).one()
        return Client(made.id, makers.member(session, made.id, Role.OPS), lane)


def test_an_empty_workspace_says_what_comes_first(panel: Panel) -> None:
    with panel.database.write() as session:
        made = makers.workspace(session)
        actor = makers.member(session, made.id, Role.OPS)
    assert "No identity has a channel yet" in written(panel.open("quotas", actor, made.id))
    assert "nothing to prove" in written(panel.open("proof", actor, made.id))


def test_the_figures_and_the_table_are_the_ledgers(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        for minutes in range(3):
            sent(session, client.lane, MONDAY + timedelta(minutes=minutes))
    page = panel.open("quotas", client.ops, client.id)
    assert {metric.label: metric.value for metric in page.metric}["Spent"] == "3 / 50"
    table = page.dataframe[0].value
    assert table.loc[0, ["Identity", "Kind", "Limit", "Spent", "Sent", "Left"]].tolist() == [
        "Ada Lovelace",
        "E-mail",
        50,
        3,
        3,
        47,
    ]
    assert "Today is not over" in written(page)


def test_the_proof_says_that_nothing_was_exceeded_and_lists_what_was(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        for minutes in range(3):
            sent(session, client.lane, MONDAY + timedelta(minutes=minutes))
    assert "0 breaches in 3 units" in panel.open("proof", client.ops, client.id).success[0].value
    with panel.database.write() as session:
        makers.limit_of(session, client.lane.id, 2, since=MONDAY - timedelta(days=1))
    page = panel.open("proof", client.ops, client.id)
    assert "exceeded 1 × in 3 units" in page.error[0].value
    assert page.dataframe[0].value["Spent"].tolist() == [3]


def test_five_thousand_identities_are_one_page(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        session.bulk_insert_mappings(
            Identity.__mapper__,
            [
                {
                    "workspace_id": client.id,
                    "first_name": "I",
                    "last_name": str(n),
                    "sort_name": f"i {n:05}",
                    "work_days": [1, 2, 3, 4, 5],
                    "work_start": 540,
                    "work_end": 1080,
                    "created_at": MONDAY,
                }
                for n in range(5_000)
            ],
        )
        ids = session.scalars(select(Identity.id).where(Identity.workspace_id == client.id)).all()
        lanes = [{"workspace_id": client.id, "identity_id": one, "channel": "linkedin"} for one in ids]
        session.bulk_insert_mappings(Lane.__mapper__, lanes)
        limits = [
            {"lane_id": lane, "kind": "connection_request", "clock": "local_day", "value": 20, "since": MONDAY}
            for lane in session.scalars(select(Lane.id).where(Lane.channel == "linkedin"))
        ]
        session.bulk_insert_mappings(LimitSetting.__mapper__, limits)
    page = panel.open("quotas", client.ops, client.id)
    assert {metric.label: metric.value for metric in page.metric}["Spent"] == "0 / 100,070"
    assert len(page.dataframe[0].value) == 5_000
    assert "the files have all of them" in written(page)

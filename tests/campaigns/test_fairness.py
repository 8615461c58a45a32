"""Addresses whose limit is 0 carry nothing, and everybody sees how the leads were dealt; an archived identity stays off."""

from typing import Any

import pytest

from engine import campaigns, launching
from engine.desk import Problem
from engine.fairness import Dealt, Fairness, fairness
from engine.launching import continue_launch
from engine.limits import set_limit
from engine.rehearsals import rehearse
from storage.database import Database
from storage.kinds import CampaignState
from storage.tables import Campaign, Identity, Mailbox
from tests import makers
from tests.campaigns.test_launching import Scene
from tests.makers import MONDAY


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


def limit(scene: Scene, number: int, value: int) -> str:
    with scene.database.write() as session:
        desk = makers.desk(session, scene.client)
        set_limit(desk, mailbox_id=scene.mailboxes[number], value=value)
        return session.get_one(Mailbox, scene.mailboxes[number]).address


def change(scene: Scene, **values: Any) -> None:
    with scene.database.write() as session:
        campaign = session.get_one(Campaign, scene.campaign)
        for name, value in values.items():
            setattr(campaign, name, value)


def test_a_launch_where_every_limit_is_0_says_which_addresses_and_what_to_do(scene: Scene) -> None:
    scene.add_leads(2)
    first, second = limit(scene, 0, 0), limit(scene, 1, 0)
    sentences = [each.sentence for each in scene.review().problems]
    assert sentences == [f"No mail can go out: the daily limit of {first}, {second} is 0. Raise it under Email."]
    change(scene, mailbox_id=scene.mailboxes[1])
    (problem,) = scene.review().problems
    assert problem.sentence == (
        f"No mail can go out: the daily limit of {second} is 0. Raise it under Email or choose another inbox."
    )
    with pytest.raises(Problem, match="was not launched"):
        scene.ask(launching.launch)


def test_an_address_with_limit_0_is_named_and_counted_nowhere(scene: Scene) -> None:
    scene.add_leads(4)
    idle = limit(scene, 1, 0)
    found = scene.review()
    assert (found.may_launch, found.idle) == (True, (idle,))
    sums = scene.ask(rehearse)
    assert (sums.addresses, sums.a_day) == (1, 50)
    scene.launch_all()
    shown: Fairness = scene.ask(fairness)
    assert [(row.leads, row.a_day) for row in shown.rows] == [(4, 50)]


def test_shares_are_shown_beside_what_was_dealt(scene: Scene) -> None:
    limit(scene, 0, 30)
    scene.add_leads(10)
    scene.launch_all()
    first, second = (scene_address(scene, number) for number in (0, 1))
    shown: Fairness = scene.ask(fairness)
    assert shown == Fairness(True, (Dealt(first, 30, 4, 3.75), Dealt(second, 50, 6, 6.25)), 10, 0.25)
    gone = limit(scene, 0, 0)
    assert scene.ask(fairness).rows[0] == Dealt(gone, 0, 4, 0.0)
    scene.add_leads(8)
    continue_launch(scene.database, scene.campaign, MONDAY)
    assert [row.leads for row in scene.ask(fairness).rows] == [4, 14]


def scene_address(scene: Scene, number: int) -> str:
    with scene.database.read() as session:
        return session.get_one(Mailbox, scene.mailboxes[number]).address


def test_a_campaign_of_an_archived_identity_is_not_resumed(scene: Scene) -> None:
    change(scene, state=CampaignState.PAUSED, paused_at=MONDAY)
    with scene.database.write() as session:
        session.get_one(Identity, scene.identity).archived_at = MONDAY
    with pytest.raises(Problem, match="identity is archived"):
        scene.ask(campaigns.resume)
    with scene.database.write() as session, pytest.raises(Problem, match="archived"):
        campaigns.create(makers.desk(session, scene.client), identity_id=scene.identity, name="New")

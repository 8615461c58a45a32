"""A year of a workspace in seconds: G1 to G7 at every mail, G2 and G14 at the end, on five seeds."""

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.kinds import FINAL_STATES, ActionState, CampaignState
from storage.ledger import balance
from storage.tables import Action, Campaign, Spend, Step
from tests.simulation.world import World

pytestmark = pytest.mark.slow
IDENTITIES, DAYS = 20, 365


@pytest.mark.parametrize("seed", range(5))
def test_a_year_of_a_workspace_keeps_every_promise(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path / "outpost.db", seed, IDENTITIES)
    world.run(DAYS)
    assert world.breaches == []
    _nothing_twice_and_nothing_else(world)
    _nothing_lost(world)
    _steps_in_order(world)
    _nobody_is_left_waiting(world)
    world.database.close()


def test_one_seed_is_one_run(tmp_path: Path) -> None:
    hashes = {World(tmp_path / f"{turn}.db", 7, 3).run(60) for turn in range(2)}
    assert len(hashes) == 1
    assert hashes != {World(tmp_path / "other.db", 8, 3).run(60)}


def _nothing_twice_and_nothing_else(world: World) -> None:
    """G1: what the server took is what the ledger says went out, or still looks up."""
    counted = Counter(message_id for message_id, _ in world.taken)
    assert max(counted.values()) == 1
    with world.database.read() as session:
        sent = set(session.scalars(select(Action.message_id).where(Action.state == ActionState.ACCEPTED)))
        unsettled = (ActionState.UNKNOWN, ActionState.RECONCILING, ActionState.PARKED)
        open_still = set(session.scalars(select(Action.message_id).where(Action.state.in_(unsettled))))
    assert sent <= set(counted)
    assert set(counted) - sent <= open_still


def _nothing_lost(world: World) -> None:
    """G2: everything that was ever planned is in some state, and what was spent is what was not given back."""
    with world.database.read() as session:
        counted = balance(session)
        kept = session.scalar(select(func.count()).where(Spend.given_back_at.is_(None)))
        with_quota = session.scalar(select(func.count()).where(Action.state.in_([*SENT_OR_UNSETTLED])))
    assert counted.pop("planned_ever") == sum(counted.values())
    assert kept == with_quota


SENT_OR_UNSETTLED = (
    ActionState.ACCEPTED,
    ActionState.CONFIRMED,
    ActionState.UNKNOWN,
    ActionState.RECONCILING,
    ActionState.PARKED,
)


def _steps_in_order(world: World) -> None:
    """G7: of each lead the server took step 1, 2, 3 in this order, without a hole."""
    taken = dict(world.taken)
    with world.database.read() as session:
        steps = select(Action.lead_id, Step.position, Action.message_id).join(Step, Step.id == Action.step_id)
        rows = session.execute(steps).all()
    instants: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for lead_id, position, message_id in rows:
        if lead_id is not None and message_id in taken:
            instants[lead_id].append((position, taken[message_id]))
    for positions in instants.values():
        assert [position for position, _ in sorted(positions)] == list(range(1, len(positions) + 1))


def _nobody_is_left_waiting(world: World) -> None:
    """G14: a limit of one a day is enough for the first half's leads, so their campaigns ended and hold nothing open."""
    with world.database.read() as session:
        first = session.scalars(select(Campaign).order_by(Campaign.id).limit(IDENTITIES * 6)).all()
        left = session.scalar(
            select(func.count()).where(
                Action.campaign_id.in_([one.id for one in first]), Action.state.not_in([*FINAL_STATES, ActionState.PARKED])
            )
        )
    assert left == 0
    assert {one.state for one in first} <= {CampaignState.FINISHED, CampaignState.RUNNING}
    assert len(world.taken) > IDENTITIES * 12 * 4

"""Warm-up killed at every named point of sending and of handling: no mail twice, no answer twice, nothing lost in Junk."""

import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import crash_points, recovery, warm_up_keeping, warm_up_pool
from storage.database import open_database
from storage.kinds import ActionState, PoolScope, WarmUpPreset
from storage.ledger import balance
from storage.tables import Action, WarmUpMessage
from tests import makers
from tests.bed.bed import Bed
from tests.fresh import new_database
from tests.warm_up import moved
from tests.warm_up.moved import JUNKED, OPENS, Pool

pytestmark = [pytest.mark.bed, pytest.mark.slow]
SENDING = ("reserved", "sending", "connected", "content", "data", "accepted_by_server", "recorded")
HANDLING = ("warm_up_rescued", "warm_up_booked", "warm_up_flagged", "warm_up_moved")
DOMAINS = (JUNKED, "alpha.test", "bravo.test")
LEAST_KILLS = 40


def test_kills_at_every_point_lose_nothing_and_double_nothing(tmp_path: Path, bed: Bed) -> None:
    pool = open_pool(tmp_path, bed)
    pool.start(*pool.boxes[:6])
    pool.database.close()
    kills: Counter[str] = Counter()
    turns, draw = itertools.cycle(SENDING), random.Random(7)
    point = next(turns)
    while pool.now < OPENS + timedelta(days=1, hours=9):
        if is_killed(pool, tmp_path, point, send):
            kills[point] += 1
            point = next(turns)
        # Few turns have something to rescue: the less a point was hit, the more it is tried.
        (handling,) = draw.choices(HANDLING, [1 / (1 + kills[one]) for one in HANDLING])
        kills[handling] += is_killed(pool, tmp_path, handling, visit)
        pool.now += timedelta(minutes=15) if pool.now.hour in range(9, 18) else timedelta(hours=1)
    pool.database = open_database(tmp_path / "outpost.db")
    for _ in range(20):  # nobody is killed any more: the next morning's turns settle it all
        send(pool)
        pool.visit()
        pool.now += timedelta(hours=1)
    assert sum(kills.values()) >= LEAST_KILLS, kills
    assert all(kills[point] for point in (*SENDING, *HANDLING)), kills
    check(pool)
    pool.database.close()


def open_pool(folder: Path, bed: Bed) -> Pool:
    database = new_database(folder / "outpost.db")
    pool = moved.make_pool(database, bed, 12, DOMAINS)
    with database.write() as session:
        desk = makers.desk(session, pool.workspace)
        warm_up_pool.set_policy(desk, WarmUpPreset.FASTER, PoolScope.INSTALLATION, 0)
    return pool


def send(pool: Pool) -> None:
    pool.bed.wait_until_delivered()  # else a lost mail is looked up, and given up for good, while it is on its way
    recovery.recover(pool.database, "the next worker", pool.now, alone=True)
    recovery.reconcile_due(pool.database, lambda: pool.now, pool.hands())
    warm_up_keeping.keep(pool.database, pool.now)
    pool.send()


def visit(pool: Pool) -> None:
    pool.visit()


def is_killed(pool: Pool, folder: Path, point: str, work: Callable[[Pool], None]) -> bool:
    """Do one turn in a process of its own, which kills itself when it comes by the point."""
    child = os.fork()
    if child == 0:
        crash_points.die_at(point)
        status = 1
        try:
            pool.database = open_database(folder / "outpost.db")
            work(pool)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status == signal.SIGKILL


def check(pool: Pool) -> None:
    """Everything that the ledger says went out lies in exactly one folder of exactly its recipient."""
    with pool.database.read() as session:
        planned = list(session.scalars(select(WarmUpMessage)))
        states = dict(session.execute(select(Action.id, Action.state)).all())
        counted = balance(session)
    assert counted["planned_ever"] == sum(number for state, number in counted.items() if state != "planned_ever")
    assert ActionState.PARKED not in states.values()
    sent = [one for one in planned if states[one.action_id] in (ActionState.ACCEPTED, ActionState.CONFIRMED)]
    assert len(sent) > 20
    found: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for box, address in pool.addresses.items():
        for folder in ("INBOX", "Junk", "Warm-up"):
            has_own = folder != "Warm-up" or any(one.recipient_id == box and one.filed_at for one in sent)
            for mail in pool.bed.mails(address, folder) if has_own else []:
                if folder == "Warm-up" and mail["From"].endswith(f"{address}>"):
                    continue  # its own copy
                found[mail["Message-ID"]] += 1
                answered.update([mail["In-Reply-To"]] if mail["In-Reply-To"] else [])
    assert set(found) == {one.message_id for one in sent}
    assert max(found.values()) == 1
    assert answered
    assert max(answered.values()) == 1
    late = (pool.now - timedelta(days=1)).date()
    for one in sent:
        stays = pool.addresses[one.sender_id].endswith(f"@{JUNKED}") and one.recipient_id not in pool.may_rescue
        assert one.filed_at is not None or stays or one.planned_day > late, (one.subject, one.landed, one.read_at)

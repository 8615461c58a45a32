"""Stop: who may press and release it, what it holds, and that pressing twice is pressing once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import agenda, stops
from engine.desk import Actor, Denied, Desk, Problem
from engine.dispatch import attend
from storage.database import Database
from storage.kinds import ActionState, Reason, Role
from storage.tables import Action, Audit, Identity, Lane, Stop, Workspace
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY, OWNER

LATER = MONDAY + timedelta(hours=1)
Ask = Callable[[Desk], None]


def only_identity(desk: Desk) -> int:
    return desk.session.scalars(select(Identity.id)).one()


SCOPES: dict[Reason, tuple[Ask, Ask]] = {
    Reason.STOPPED_IDENTITY: (
        lambda desk: stops.press_identity(desk, only_identity(desk), "odd answers"),
        lambda desk: stops.release_identity(desk, only_identity(desk)),
    ),
    Reason.STOPPED_WORKSPACE: (stops.press_workspace, stops.release_workspace),
    Reason.STOPPED_INSTALLATION: (stops.press_installation, stops.release_installation),
}


def ask(database: Database, what: Ask, actor: Actor = OWNER) -> None:
    with database.write() as session:
        what(makers.desk(session, session.scalars(select(Workspace.id)).one(), actor, LATER))


def member(database: Database, role: Role) -> Actor:
    with database.write() as session:
        return makers.member(session, session.scalars(select(Workspace.id)).one(), role)


@pytest.mark.parametrize("reason", SCOPES)
def test_a_stop_holds_says_so_and_its_release_wakes_the_lane(database: Database, tmp_path: Path, reason: Reason) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    sink, (press, release) = Sink(tmp_path / "sink"), SCOPES[reason]
    ask(database, press)
    assert attend(database, lane, lambda: LATER, "worker-1", sink.hands()).state is None
    with database.read() as session:
        assert session.scalars(select(Action.reason)).one() is reason
        assert agenda.due_lanes(session, LATER + timedelta(days=400), 10) == []  # only a person ends it
    ask(database, release)
    with database.read() as session:
        assert agenda.due_lanes(session, LATER, 10) == [lane]
    assert attend(database, lane, lambda: LATER, "worker-1", sink.hands()).state is ActionState.ACCEPTED


@pytest.mark.parametrize("reason", SCOPES)
def test_pressed_twice_is_pressed_once_and_released_twice_is_told(database: Database, reason: Reason) -> None:
    lanes_with_work(database, leads=1)
    press, release = SCOPES[reason]
    ask(database, press)
    ask(database, press)
    ask(database, release)
    with pytest.raises(Problem, match="released it already"):
        ask(database, release)
    with database.read() as session:
        stop = session.scalars(select(Stop)).one()
        assert (stop.pressed_by, stop.released_by, stop.released_at) == (1, 1, LATER)
        assert session.scalars(select(Audit.what).order_by(Audit.id)).all() == ["stop.pressed", "stop.released"]


@pytest.mark.parametrize("reason", [Reason.STOPPED_IDENTITY, Reason.STOPPED_WORKSPACE])
def test_ops_may_press_and_not_release(database: Database, reason: Reason) -> None:
    lanes_with_work(database, leads=1)
    press, release = SCOPES[reason]
    ops = member(database, Role.OPS)
    ask(database, press, ops)
    with pytest.raises(Denied):
        ask(database, release, ops)
    ask(database, release, member(database, Role.MANAGER))


def test_only_an_owner_stops_or_releases_the_installation(database: Database) -> None:
    lanes_with_work(database, leads=1)
    admin = member(database, Role.ADMIN)
    for what in SCOPES[Reason.STOPPED_INSTALLATION]:
        with pytest.raises(Denied):
            ask(database, what, admin)


def test_releasing_the_workspace_leaves_an_identity_stopped(database: Database, tmp_path: Path) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    for reason in (Reason.STOPPED_IDENTITY, Reason.STOPPED_WORKSPACE):
        ask(database, SCOPES[reason][0])
    ask(database, SCOPES[Reason.STOPPED_WORKSPACE][1])
    attend(database, lane, lambda: LATER, "worker-1", Sink(tmp_path / "sink").hands())
    with database.read() as session:
        assert session.scalars(select(Action.reason)).one() is Reason.STOPPED_IDENTITY
        (still,) = stops.active_stops(makers.desk(session, session.scalars(select(Workspace.id)).one()))
        assert (still.identity_id, still.note) == (session.scalars(select(Identity.id)).one(), "odd answers")


def test_the_sweep_wakes_only_lanes_with_open_work_that_nobody_wakes(database: Database) -> None:
    forgotten, awake, held, idle = lanes_with_work(database, lanes=4, leads=1)
    with database.write() as session:
        session.execute(update(Lane).values(wake_at=None))
        session.execute(update(Lane).where(Lane.id == awake).values(wake_at=LATER + timedelta(hours=9)))
        session.execute(update(Lane).where(Lane.id == held).values(holder="worker-1", lease_until=LATER))
        session.execute(update(Action).where(Action.lane_id == idle).values(state=ActionState.CANCELLED, final_at=MONDAY))
        agenda.sweep(session, LATER)
    with database.read() as session:
        assert agenda.due_lanes(session, LATER, 10) == [forgotten]

"""A commit that came through while its answer was lost: what it wrote stands, and nothing of it is stuck."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.recovery import reconcile_due, recover_own
from engine.rounds import carry_on
from storage.database import Database
from storage.kinds import ActionState
from storage.tables import Action, Lane
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

T = TypeVar("T")


@dataclass
class LosesOne:
    """Implements `Writer`; the line to the database breaks right after one of its commits."""

    database: Database
    which: int
    done: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    def do(self, work: Callable[[Session], T]) -> T:
        result = self.database.do(work)
        if self.done() == self.which:
            raise OperationalError("COMMIT", None, Exception("the connection is gone"))
        return result


@pytest.mark.parametrize("which", [1, 2])
def test_the_action_that_it_began_is_looked_up(database: Database, tmp_path: Path, which: int) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    hands, hours = Sink(tmp_path / "sink").hands(), count()

    def now() -> object:
        return MONDAY + next(hours) * timedelta(hours=1)

    with pytest.raises(OperationalError):
        carry_on(LosesOne(database, which), lane, now, "worker-1", hands, lambda: True)  # type: ignore[arg-type]
    later = MONDAY + timedelta(hours=6)
    assert recover_own(database, "worker-1", frozenset, later) == 1
    reconcile_due(database, lambda: later + timedelta(minutes=1), hands)
    with database.read() as session:
        assert session.scalars(select(Lane.holder)).one() is None
        states = sorted(session.scalars(select(Action.state)))
    assert states == sorted([ActionState.ACCEPTED] * (which - 1) + [ActionState.DUE] + [ActionState.PLANNED] * (2 - which))

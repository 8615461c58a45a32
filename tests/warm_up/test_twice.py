"""Two hands on one button: a warm-up started or stopped by two at once happens once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from engine import warm_up, warm_up_keeping
from engine.desk import Problem
from storage.database import Database
from storage.kinds import CampaignState
from storage.tables import Campaign, WarmUp, WarmUpCampaign, WarmUpMessage
from tests import makers
from tests.makers import MONDAY
from tests.warm_up.office import office

AT_ONCE = 6


def all_at_once(task: Callable[[], object]) -> list[object]:
    """What came of each: the answer, or the sentence of its refusal."""
    together = Barrier(AT_ONCE)

    def one(_: int) -> object:
        together.wait()
        try:
            return task()
        except Problem as problem:
            return str(problem)

    with ThreadPoolExecutor(AT_ONCE) as hands:
        return list(hands.map(one, range(AT_ONCE)))


def test_start_and_stop_by_six_hands_happen_once(database: Database) -> None:
    with database.write() as session:
        made = office(session)
        workspace, box, campaign = made.workspace, made.box.id, made.campaign.id

    def ask(task: Callable[..., int]) -> int:
        with database.write() as session:
            return task(makers.desk(session, workspace), mailbox_id=box)

    started = all_at_once(lambda: ask(warm_up.start))
    assert sorted(map(str, started)) == ["1", *["ada@acme.test is warming up already."] * (AT_ONCE - 1)]
    with database.read() as session:
        planned = session.scalar(select(func.count()).select_from(WarmUpMessage))
        assert planned == 4
        assert session.scalar(select(func.count()).select_from(WarmUpCampaign)) == 1
    all_at_once(lambda: warm_up_keeping.keep(database, MONDAY))  # several workers look at the same minute
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(WarmUpMessage)) == planned
    stopped = all_at_once(lambda: ask(warm_up.stop))
    assert sorted(map(str, stopped)) == ["1", *["ada@acme.test is not warming up."] * (AT_ONCE - 1)]
    with database.read() as session:
        assert session.get_one(Campaign, campaign).state is CampaignState.RUNNING
        assert session.scalars(select(WarmUp)).one().stopped_at is not None

"""The overview of all warm-ups: figures counted the same by hand, pages, filters, what each role sees, the month's cost."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from engine import warm_up, warm_up_answers, warm_up_lists, warm_up_planning, warm_up_pool
from engine.desk import Denied, Desk
from engine.warm_up_figures import Health
from engine.warm_up_lists import PAGE, Phase
from engine.warm_up_rehearsals import rehearse_start_many, rehearse_stop_many
from engine.warm_up_statements import statement
from engine.warm_up_views import progress
from storage.database import Database
from storage.kinds import ActionState, Landing, PoolScope, Role, WarmUpPause, WarmUpPreset
from storage.tables import Action, Mailbox, WarmUp, WarmUpMessage
from tests import makers
from tests.fresh import new_database
from tests.makers import MONDAY
from tests.panel import Panel
from tests.warm_up.office import office, two_clients

ADDRESSES = 1_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, int]]:
    """A thousand addresses of one client, every third of which warms up."""
    opened = new_database(tmp_path_factory.mktemp("crowd") / "outpost.db")
    with opened.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        client = makers.workspace(session)
        ada = makers.identity(session, client.id)
        first = makers.mailbox(session, ada)
        common = {column.name: getattr(first, column.name) for column in Mailbox.__table__.columns if column.name != "id"}
        session.execute(
            insert(Mailbox), [{**common, "address": f"a{number:04}@crowd.test"} for number in range(ADDRESSES - 1)]
        )
        ids = session.scalars(select(Mailbox.id).order_by(Mailbox.id)).all()
        session.execute(insert(WarmUp), [{"mailbox_id": one, "started_at": MONDAY, "day": 3} for one in ids[::3]])
        workspace = client.id
    yield opened, workspace
    opened.close()


def test_a_thousand_addresses_are_paged_and_those_that_warm_up_come_first(crowd: tuple[Database, int]) -> None:
    database, workspace = crowd
    with database.read() as session:
        desk = makers.desk(session, workspace)
        began = time.process_time()
        pages = [warm_up_lists.find(desk, page=number) for number in range(1, 11)]
        assert time.process_time() - began < 3  # ten pages; one is felt as nothing
        assert [page.total for page in pages] == [ADDRESSES] * 10
        seen = [row for page in pages for row in page.rows]
        assert len({row.mailbox_id for row in seen}) == ADDRESSES
        assert [row.phase for row in seen] == [Phase.RUNNING] * 334 + [Phase.NONE] * 666
        assert warm_up_lists.find(desk, page=99).number == ADDRESSES // PAGE
        assert warm_up_lists.find(desk, search="a0007").total == 1
        assert warm_up_lists.find(desk, phase=Phase.NONE).total == 666


def test_the_figures_are_those_counted_by_hand(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        sent = session.scalars(select(WarmUpMessage).where(WarmUpMessage.sender_id == one.box.id)).all()
        for number, message in enumerate(sent):
            message.landed = Landing.SPAM if number == 0 else Landing.INBOX
            message.seen_at, message.rescued_at = MONDAY, MONDAY if number == 0 else None
        warm_up_answers.plan(session, sent[1].recipient_id, [sent[1].id], MONDAY)
        answered = select(WarmUpMessage.action_id).where(WarmUpMessage.answers_id.is_not(None))
        session.execute(update(Action).where(Action.id.in_(answered)).values(state=ActionState.ACCEPTED, sending_at=MONDAY))
        row = next(row for row in warm_up_lists.find(one.desk()).rows if row.mailbox_id == one.box.id)
        shown = progress(one.desk(), mailbox_id=one.box.id)
        assert row.figures is not None
        assert shown is not None
        assert row.figures == shown.figures
        assert (row.figures.health, row.figures.replies, row.figures.rescued, row.figures.held) == (Health(3, 1), 1, 1, 1)
        assert (row.phase, row.day, row.target) == (Phase.RUNNING, 1, 5)
        assert row.planned_end == shown.planned_end


@pytest.mark.parametrize(
    ("health", "sentence"),
    [
        (Health(), "inbox or spam: too few to say (0 of 20 mails seen in 7 days)"),
        (Health(15, 4), "inbox or spam: too few to say (19 of 20 mails seen in 7 days)"),
        (Health(19, 1), "inbox 95% · spam 5% (7 days, 20 mails)"),
        (Health(0, 40), "inbox 0% · spam 100% (7 days, 40 mails)"),
    ],
)
def test_health_says_how_many_it_is_made_of(health: Health, sentence: str) -> None:
    assert health.sentence == sentence


def test_each_filter_finds_its_own(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        desk = one.desk()
        warm_up.start(desk, mailbox_id=one.box.id)
        found = {phase: [row.address for row in warm_up_lists.find(desk, phase=phase).rows] for phase in Phase}
        assert found == {**{phase: [] for phase in Phase}, Phase.RUNNING: ["ada@acme.test"]}
        one.running().day = 15
        assert [row.phase for row in warm_up_lists.find(desk).rows] == [Phase.COMPLETE]
        warm_up_planning.hold(session, one.running(), WarmUpPause.BOUNCE, "A mail was refused.", MONDAY)
        paused = warm_up_lists.find(desk, phase=Phase.PAUSED).rows[0]
        assert (paused.pause, paused.planned_end) == (WarmUpPause.BOUNCE, None)


def test_only_an_owner_sees_every_workspace_and_a_hidden_identity_stays_hidden(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        colleague = makers.mailbox(session, makers.identity(session, one.workspace), address="grace@acme.test")
        assert warm_up_lists.find_everywhere(one.desk()).total == 14
        some = Desk(session, makers.member(session, one.workspace, Role.ADMIN, [one.identity]), one.workspace, MONDAY)
        assert [row.address for row in warm_up_lists.find(some).rows] == ["ada@acme.test"]
        with pytest.raises(Denied):
            warm_up_lists.find_everywhere(some)
        both = (one.box.id, colleague.id, 9_999)
        assert [each.address for each in rehearse_start_many(some, mailbox_ids=both)] == ["ada@acme.test"]
        assert rehearse_stop_many(some, mailbox_ids=both) == ()
        results = warm_up.start_many(some, mailbox_ids=both)
        assert [(each.address, bool(each.sentence)) for each in results] == [
            ("ada@acme.test", False),
            ("an address", True),
            ("an address", True),
        ]


def test_a_month_costs_each_address_once(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up_pool.set_policy(one.desk(), WarmUpPreset.USUAL, PoolScope.INSTALLATION, 1_250)
        for days in (0, 1):  # started, stopped, and started again: one price
            warm_up.start(one.desk(days), mailbox_id=one.box.id)
            warm_up.stop(one.desk(days + 0.5), mailbox_id=one.box.id)
        warm_up_pool.set_policy(one.desk(), WarmUpPreset.USUAL, PoolScope.INSTALLATION, 900)
        warm_up.start(one.desk(2), mailbox_id=one.box.id)
        later = one.desk(20)

        def charged(desk: Desk, year: int, month: int) -> dict[str, int]:
            return {line.address: line.price_cents for line in statement(desk, year=year, month=month).lines}

        months = [charged(later, year=2026, month=month) for month in (10, 11, 12)]
        assert months == [{}, {"ada@acme.test": 1_250}, {"ada@acme.test": 900}]
        assert charged(one.desk(60), year=2027, month=1) == {"ada@acme.test": 900}


def test_the_page_lists_filters_and_says_what_to_do_when_empty(panel: Panel) -> None:
    boss, ops, here, nothing = two_clients(panel)
    page = panel.open("warm-up", boss, here)
    assert not page.exception
    frame = page.dataframe[-1].value
    assert list(frame["Address"]) == ["ada@acme.test", "p0@acme.test", "p1@acme.test", "p2@acme.test"]
    assert list(frame["Today"]) == ["0 / 3", "", "", ""]
    assert page.expander[0].label == "November 2026: 12.50 for 1 address"
    seen = panel.open("warm-up", ops, here, state="Warming up")
    assert list(seen.dataframe[-1].value["Address"]) == ["ada@acme.test"]
    assert not [one for one in seen.button if str(one.key).startswith("warm-")]
    assert "No e-mail address is connected yet" in panel.open("warm-up", boss, nothing).markdown[-1].value
    far = panel.open("warm-up", boss, nothing, everywhere="true")
    assert list(far.dataframe[-1].value["Address"]) == list(frame["Address"])
    assert "Workspace" in far.dataframe[-1].value

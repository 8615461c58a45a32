"""Finding identities: search, filters and pages."""

from datetime import timedelta

import pytest

from engine import identity_lists
from engine.desk import Desk
from engine.identity_lists import Narrowing
from storage.database import Database
from storage.kinds import LinkedInState, MailboxState, Role, StopScope
from storage.tables import Lane, Stop, WarmUp
from tests import makers
from tests.makers import LONG_AGO, MONDAY


@pytest.fixture
def desk(database: Database):
    with database.write() as session:
        makers.user(session, is_owner=True)
        yield makers.desk(session, makers.workspace(session).id)


def names(page: identity_lists.Page) -> list[str]:
    return [card.name for card in page.cards]


def someone(desk: Desk, first: str, **values):
    return makers.identity(desk.session, desk.workspace, first_name=first, last_name="", **values)


def lane_of(desk: Desk, identity) -> Lane:
    makers.mailbox(desk.session, identity)
    return desk.session.query(Lane).filter_by(identity_id=identity.id).one()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Ada King", "Alan", "Grace"]),
        ("ada", ["Ada King"]),
        ("KING ada", ["Ada King"]),  # every word, in any order
        ("straße", ["Alan"]),  # of his connected address
        ("acme.test", ["Ada King"]),
        ("a%", []),  # a sign of LIKE is only a sign
        ("_", []),
        ("nobody", []),
    ],
)
def test_the_search_finds_names_and_addresses(desk: Desk, text: str, found: list[str]) -> None:
    someone(desk, "Ada King", email="ada@acme.test")
    makers.mailbox(desk.session, someone(desk, "Alan"), address="alan@strasse.test")
    makers.mailbox(desk.session, someone(desk, "Grace"), address="ada@gone.test", removed_at=LONG_AGO)
    assert names(identity_lists.list_page(desk, text=text)) == found
    assert [one.name for one in identity_lists.search(desk, text)] == (found if text else [])


def test_pages_hold_25_by_name_and_the_last_one_is_shown_for_a_later_one(desk: Desk) -> None:
    for number in range(60):
        someone(desk, f"P{number:02}")
    second = identity_lists.list_page(desk, number=2)
    assert (second.first, second.last, second.total, second.pages) == (26, 50, 60, 3)
    assert names(second) == [f"P{number:02}" for number in range(25, 50)]
    beyond = identity_lists.list_page(desk, number=99)
    assert (beyond.number, len(beyond.cards)) == (3, 10)
    assert identity_lists.list_page(desk, text="nobody").first == 0


def test_every_filter_finds_exactly_its_own(desk: Desk) -> None:
    someone(desk, "Bare")
    makers.mailbox(desk.session, someone(desk, "Fine"))
    makers.mailbox(desk.session, someone(desk, "Broken"), state=MailboxState.RECONNECT_NEEDED)
    makers.mailbox(desk.session, someone(desk, "Shaky"), state=MailboxState.DEGRADED)
    someone(desk, "Code", linkedin_state=LinkedInState.CODE_NEEDED)
    someone(desk, "Gone", archived_at=LONG_AGO)
    warm = makers.mailbox(desk.session, someone(desk, "Warm"))
    cooled = makers.mailbox(desk.session, someone(desk, "Cooled"))
    held = someone(desk, "Held")
    desk.session.add_all(
        [
            WarmUp(mailbox_id=warm.id, started_at=LONG_AGO),
            WarmUp(mailbox_id=cooled.id, started_at=LONG_AGO, stopped_at=MONDAY),
            Stop(scope=StopScope.IDENTITY, workspace_id=desk.workspace, identity_id=held.id, pressed_at=MONDAY),
        ]
    )
    desk.session.flush()
    found = {narrowing: names(identity_lists.list_page(desk, narrowing=narrowing)) for narrowing in Narrowing}
    assert found[Narrowing.CONNECTED] == ["Cooled", "Fine", "Shaky", "Warm"]
    assert found[Narrowing.NOT_CONNECTED] == ["Bare", "Broken", "Code", "Held"]
    assert found[Narrowing.NEEDS_ATTENTION] == ["Broken", "Code", "Held", "Shaky"]
    assert found[Narrowing.WARMING_UP] == ["Warm"]
    assert found[Narrowing.STOPPED] == ["Held"]
    assert found[Narrowing.ARCHIVED] == ["Gone"]


def test_acting_waiting_and_stopped_exclude_each_other(desk: Desk) -> None:
    minute = timedelta(minutes=1)
    lane_of(desk, someone(desk, "Idle"))
    lane_of(desk, someone(desk, "Just did")).last_effect_at = MONDAY - 5 * minute
    lane_of(desk, someone(desk, "Due")).wake_at = MONDAY
    lane_of(desk, someone(desk, "Later")).wake_at = MONDAY + minute
    held = someone(desk, "Held")
    lane_of(desk, held).wake_at = MONDAY
    desk.session.add(
        Stop(scope=StopScope.IDENTITY, workspace_id=desk.workspace, identity_id=held.id, pressed_at=MONDAY, released_at=None)
    )
    desk.session.flush()
    found = {one: names(identity_lists.list_page(desk, narrowing=one)) for one in Narrowing}
    assert found[Narrowing.ACTING] == ["Due", "Just did"]
    assert found[Narrowing.WAITING] == ["Later"]
    assert found[Narrowing.STOPPED] == ["Held"]


def test_a_stop_of_the_workspace_stops_everyone_in_it_and_nobody_elsewhere(desk: Desk) -> None:
    someone(desk, "Ada")
    other = makers.workspace(desk.session)
    makers.identity(desk.session, other.id)
    desk.session.add(Stop(scope=StopScope.WORKSPACE, workspace_id=desk.workspace, pressed_at=MONDAY))
    desk.session.flush()
    assert names(identity_lists.list_page(desk, narrowing=Narrowing.STOPPED)) == ["Ada"]
    elsewhere = makers.desk(desk.session, other.id)
    assert identity_lists.list_page(elsewhere, narrowing=Narrowing.STOPPED).total == 0


def test_mine_are_those_i_added(desk: Desk) -> None:
    manager = makers.member(desk.session, desk.workspace, Role.MANAGER)
    someone(desk, "Mine", created_by=manager.user_id)
    someone(desk, "Yours")
    theirs = makers.desk(desk.session, desk.workspace, manager)
    assert names(identity_lists.list_page(theirs, mine=True)) == ["Mine"]


def test_a_member_with_named_identities_finds_only_those(desk: Desk) -> None:
    ada = someone(desk, "Ada")
    someone(desk, "Alan")
    member = makers.desk(desk.session, desk.workspace, makers.member(desk.session, desk.workspace, Role.OPS, [ada.id]))
    assert names(identity_lists.list_page(member)) == ["Ada"]
    assert identity_lists.search(member, "alan") == ()


def test_a_card_shows_live_addresses_with_their_state(desk: Desk) -> None:
    ada = someone(desk, "Ada")
    makers.mailbox(desk.session, ada, address="ada@a.test", paused_at=LONG_AGO)
    makers.mailbox(desk.session, ada, address="ada@b.test", state=MailboxState.DEGRADED)
    makers.mailbox(desk.session, ada, address="ada@c.test", removed_at=LONG_AGO)
    shown = identity_lists.card(desk, ada.id).addresses
    assert [(line.address, line.state, line.paused) for line in shown] == [
        ("ada@a.test", MailboxState.OK, True),
        ("ada@b.test", MailboxState.DEGRADED, False),
    ]

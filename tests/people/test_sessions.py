"""How long a session lives, and everything that ends it."""

from datetime import datetime, timedelta

import pytest

from engine import accounts, people, sessions
from engine.accounts import Mine
from engine.desk import Actor, Problem
from engine.sign_in import Welcome, with_password
from storage.tables import User
from tests import makers
from tests.makers import MONDAY
from tests.people.conftest import HERE, PASSWORD, Office

HOUR = timedelta(hours=1)
NEW_PASSWORD = "eleven cobalt geese whistle"


def begin(office: Office, actor: Actor, now: datetime = MONDAY) -> str:
    assert actor.user_id is not None
    with office.database.write() as session:
        return sessions.begin(session, actor.user_id, HERE, now)


def is_in(office: Office, token: str, now: datetime = MONDAY) -> bool:
    with office.database.read() as session:
        return sessions.find(session, token, now) is not None


def touch(office: Office, token: str, now: datetime) -> None:
    with office.database.write() as session:
        sessions.touch(session, sessions.digest(token), now)


@pytest.mark.parametrize(
    ("after", "alive"),
    [(timedelta(0), True), (8 * HOUR - timedelta(seconds=1), True), (8 * HOUR, False), (9 * HOUR, False)],
)
def test_a_session_ends_after_eight_idle_hours(office: Office, after: timedelta, alive: bool) -> None:
    assert is_in(office, begin(office, office.owner), MONDAY + after) is alive


def test_use_keeps_a_session_but_not_beyond_seven_days(office: Office) -> None:
    token = begin(office, office.owner)
    for hour in range(0, 7 * 24, 4):
        assert is_in(office, token, MONDAY + hour * HOUR), f"after {hour} hours"
        touch(office, token, MONDAY + hour * HOUR)
    assert not is_in(office, token, MONDAY + 7 * 24 * HOUR)


def test_an_ended_session_is_not_revived_by_use(office: Office) -> None:
    token = begin(office, office.owner)
    with office.database.write() as session:
        sessions.end(session, sessions.digest(token), MONDAY)
    touch(office, token, MONDAY + HOUR)
    assert not is_in(office, token, MONDAY + HOUR)


@pytest.mark.parametrize("token", ["", "x", "nobody's token", "💥", "a" * 100_000])
def test_any_other_token_is_nobody_s(office: Office, token: str) -> None:
    begin(office, office.owner)
    assert not is_in(office, token)


def test_a_disabled_user_is_out_at_once_everywhere(office: Office) -> None:
    tokens = [begin(office, office.manager) for _ in range(3)]
    bystander = begin(office, office.admin)
    with office.database.write() as session:
        people.disable(makers.desk(session, office.workspace_id, office.owner), user_id=office.manager.user_id or 0)
    assert [is_in(office, token) for token in tokens] == [False] * 3
    assert is_in(office, bystander)


def test_enabling_again_does_not_bring_old_sessions_back(office: Office) -> None:
    token = begin(office, office.manager)
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        people.disable(desk, user_id=office.manager.user_id or 0)
        people.enable(desk, user_id=office.manager.user_id or 0)
    assert not is_in(office, token)


def mine(office: Office, token: str) -> Mine:
    return Mine(office.database, office.vault, office.owner.user_id or 0, sessions.digest(token), MONDAY)


def test_signing_out_everywhere_ends_this_session_too(office: Office) -> None:
    here, there = begin(office, office.owner), begin(office, office.owner)
    assert accounts.sign_out_everywhere(mine(office, here)) == 2
    assert not is_in(office, here)
    assert not is_in(office, there)


def test_a_new_password_ends_every_other_session(office: Office) -> None:
    here, there = begin(office, office.owner), begin(office, office.owner)
    assert accounts.change_password(mine(office, here), PASSWORD, NEW_PASSWORD) == 1
    assert is_in(office, here)
    assert not is_in(office, there)


def test_a_new_password_needs_the_present_one_and_must_be_good(office: Office) -> None:
    here = begin(office, office.owner)
    with pytest.raises(Problem, match="not your present password"):
        accounts.change_password(mine(office, here), "something else entirely", NEW_PASSWORD)
    with pytest.raises(Problem, match="at least 12"):
        accounts.change_password(mine(office, here), PASSWORD, "short")
    with office.database.read() as session:
        assert session.get_one(User, office.owner.user_id).name == "Olga"


def test_an_open_panel_is_no_place_to_guess_the_password(office: Office) -> None:
    here = begin(office, office.owner)
    for _ in range(5):
        with pytest.raises(Problem, match="not your present password"):
            accounts.remove_code(mine(office, here), "something else entirely")
    with pytest.raises(Problem, match="Too many attempts"):
        accounts.change_password(mine(office, here), PASSWORD, NEW_PASSWORD)


def test_a_given_password_signs_in_and_ends_what_was_open(office: Office) -> None:
    token = begin(office, office.manager)
    with office.database.write() as session:
        given = people.give_password(makers.desk(session, None, office.owner), user_id=office.manager.user_id or 0)
    assert not is_in(office, token)
    assert isinstance(with_password(office.database, office.manager.label, given, HERE, MONDAY), Welcome)


def test_ending_somebody_else_s_session_by_its_name_does_nothing(office: Office) -> None:
    here, theirs = begin(office, office.owner), begin(office, office.manager)
    accounts.end_session(mine(office, here), sessions.digest(theirs))
    assert is_in(office, theirs)

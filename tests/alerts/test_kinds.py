"""What is told: an administrator's answer, a restriction, an ended session, and bounces over the line while they are."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import bounce_rates, linkedin_accounts
from engine.rules.bounces import LEAST_SENT, BounceRate
from storage.database import Database
from storage.kinds import AlertKind, LinkedInState
from storage.tables import Alert
from tests.alerts.conftest import House
from tests.incoming.post import Post

GONE = ("550 5.1.1 <x>: Recipient address rejected: User unknown", "5.1.1")


def up(database: Database) -> list[tuple[AlertKind, str]]:
    with database.read() as session:
        rows = session.scalars(select(Alert).where(Alert.cleared_at.is_(None)).order_by(Alert.id))
        return [(row.kind, row.subject) for row in rows]


def stands(house: House, state: LinkedInState) -> None:
    with house.database.write() as session:
        linkedin_accounts.stand(session, house.ada.id, state, "", house.now)


def test_a_restriction_is_told_once_and_is_over_when_the_account_is_well(house: House) -> None:
    name = f"LinkedIn of {house.ada.name}"
    stands(house, LinkedInState.LOGGED_OUT)
    assert up(house.database) == [(AlertKind.CONNECTION, name)]
    stands(house, LinkedInState.RESTRICTED)
    stands(house, LinkedInState.RESTRICTED)
    assert up(house.database) == [(AlertKind.RESTRICTION, name)]
    stands(house, LinkedInState.CONNECTED)
    assert up(house.database) == []


@pytest.mark.parametrize(
    ("sent", "bounced", "is_over"),
    [(0, 0, False), (19, 19, False), (20, 1, False), (20, 2, True), (1000, 50, False), (1000, 51, True)],
)
def test_the_line_is_five_percent_of_at_least_twenty(sent: int, bounced: int, is_over: bool) -> None:
    assert BounceRate(sent, bounced).is_over is is_over
    assert LEAST_SENT == 20


def test_bounces_over_the_line_are_told_with_rate_sample_and_window_until_they_are_under_it(database: Database) -> None:
    post = Post(database, leads=21, steps=1)
    for number in range(2):
        post.comes(post.bounce(number, *GONE))
    with database.read() as session:
        (alert,) = session.scalars(select(Alert)).all()
    wanted = f"2 of the last 21 mails of {post.box.address} came back within 7 days (9.5%; the line is 5% of at least 20)"
    assert alert.sentence.startswith(wanted)
    assert bounce_rates.look_again(database, post.now + timedelta(days=1)) == 0
    assert bounce_rates.look_again(database, post.now + timedelta(days=8)) == 1
    assert up(database) == []


def test_another_address_of_the_workspace_has_its_own_rate(database: Database) -> None:
    post, other = Post(database, leads=21, steps=1), Post(database, leads=21, steps=1)
    for number in range(2):
        post.comes(post.bounce(number, *GONE))
    with database.read() as session:
        rates: Any = [bounce_rates.rate_of(session, each.box.id, post.now) for each in (post, other)]
    assert rates == [BounceRate(21, 2), BounceRate(21, 0)]
    assert up(database) == [(AlertKind.BOUNCES, post.box.address)]

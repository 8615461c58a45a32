"""Clocks that are ten minutes apart, the provider's or this computer's, fast or slow: a sign-in goes on as if they agreed.

Whose tokens they are is told over TLS by the provider itself, and how long they live in seconds from their arrival, so that
no time of one clock is held against the other.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock
from engine.provider_sign_in import LATE, FlowOver
from storage.kinds import MailboxState, Provider
from storage.tables import MailGrant
from tests.oauth.office import Office

ADA = "ada@acme.test"
SHIFTS = [timedelta(minutes=10), -timedelta(minutes=10)]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock that the providers' libraries read."""

    def moved(by: timedelta) -> None:
        monkeypatch.setattr("time.time", lambda: (clock.now() + by).timestamp())

    return moved


def is_connected_and_stays_so(here: Office, provider: Provider) -> bool:
    """Kept as well, with a token that is used until its own end and then refreshed."""
    box = here.mailbox(ADA)
    assert box is not None
    assert box.state is MailboxState.OK
    with here.database.read() as session:
        grant = session.scalars(select(MailGrant)).one()
    first = here.tokens.fresh(grant.id)
    here.now += timedelta(minutes=50)
    assert here.tokens.fresh(grant.id) == first
    here.now += timedelta(minutes=15)
    second = here.tokens.fresh(grant.id)
    return second != first and here.stand_in.vouches(ADA, second)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_provider_whose_clock_is_off_connects(here: Office, provider: Provider, shift: timedelta) -> None:
    here.stand_in.book.id_token_shift = int(shift.total_seconds())
    assert here.sign_in(provider, ADA).is_connected
    assert is_connected_and_stays_so(here, provider)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_computer_whose_clock_is_off_connects(
    here: Office, provider: Provider, shift: timedelta, set_clock: Callable[[timedelta], None]
) -> None:
    here.now += shift
    set_clock(shift)
    assert here.sign_in(provider, ADA).is_connected
    assert is_connected_and_stays_so(here, provider)


@pytest.mark.parametrize("shift", [timedelta(minutes=9), -timedelta(minutes=10)])
def test_a_clock_that_is_set_right_while_somebody_signs_in_costs_nothing(
    here: Office, provider: Provider, shift: timedelta, set_clock: Callable[[timedelta], None]
) -> None:
    answer = here.person.answers(here.begin(provider, ADA))
    here.now += shift
    set_clock(shift)
    assert here.come_back(answer).is_connected
    assert is_connected_and_stays_so(here, provider)


def test_one_set_forward_beyond_the_sign_in_s_life_has_one_sentence_and_keeps_nothing(
    here: Office, provider: Provider, set_clock: Callable[[timedelta], None]
) -> None:
    answer = here.person.answers(here.begin(provider, ADA))
    here.now += timedelta(minutes=11)
    set_clock(timedelta(minutes=11))
    with pytest.raises(FlowOver, match=re.escape(LATE)):
        here.come_back(answer)
    assert here.mailbox(ADA) is None

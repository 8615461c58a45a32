"""SIGKILL between the click and its proof: every unknown is settled from LinkedIn's own pages, nothing happens twice."""

import pytest

from storage.kinds import ActionState
from tests.linkedin.conftest import Office
from tests.linkedin.crash_loop import crash_loop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_nobody_is_invited_or_written_to_twice(office: Office) -> None:
    found = crash_loop(office, people=3, kills=4)
    assert found.kills == 4
    assert found.invited == {f"person-00{number}": 1 for number in range(3)}
    assert found.written == {f"friend-00{number}": 1 for number in range(3)}
    assert found.states == {ActionState.ACCEPTED: 6}

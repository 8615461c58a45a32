"""What is asked often finds its rows by an index, or a million actions would be read for one answer."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import agenda, bounce_rates, incoming_matching, linkedin_invitations, stop_effects
from storage import readings, spend_readings
from storage.database import Database
from storage.kinds import ActionKind
from tests import makers
from tests.dispatch.test_behind_those_who_wait import lane_with_work
from tests.makers import MONDAY

LARGE = ("action", "event", "lead", "spend", "linkedin_invitation", "incoming_mail")
Asked = Callable[[Session, int], Any]
ASKED: dict[str, Asked] = {
    "whom a mail concerns": lambda session, home: incoming_matching.match(session, home, 1, ["<a@b>"], ("a@bravo.test",)),
    "whom a newsletter concerns": lambda session, home: incoming_matching.match(session, home, 1, [], ("news@letter.test",)),
    "how many mails came back": lambda session, home: bounce_rates.rate_of(session, 1, MONDAY),
    "what is pending": lambda session, home: spend_readings.pending_requests(session, [1]),
    "an address's other lanes": lambda session, home: spend_readings.kin_of(session, [1]),
    "what leaves a provider's 24 hours next": lambda session, home: spend_readings.spent_at_place(
        session, [1], (ActionKind.EMAIL, ActionKind.WARM_UP_MAIL), MONDAY, 3
    ),
    "what was sent in 24 hours": lambda session, home: spend_readings.used_since(session, [1], MONDAY),
    "a lane's heads": lambda session, home: readings.heads(session, 1),
    "an action's facts": lambda session, home: readings.facts_of(session, [1]),
    "what is in flight": lambda session, home: stop_effects.of_workspace(makers.desk(session, home)),
    "what the clock put off": lambda session, home: agenda.clock_went_back(session, MONDAY),
    "who has no line yet": lambda session, home: linkedin_invitations.catch_up(session, 1, MONDAY),
    "who never accepted": lambda session, home: linkedin_invitations.never_accepted(session, 1, MONDAY),
}


@pytest.mark.parametrize("name", ASKED)
def test_no_large_table_is_read_from_end_to_end(database: Database, name: str) -> None:
    _, (lead,) = lane_with_work(database, ActionKind.CONNECTION_REQUEST, leads=1)
    with database.write() as session:
        raw: Any = session.connection().connection.driver_connection
        statements: list[str] = []
        raw.set_trace_callback(statements.append)
        ASKED[name](session, lead.workspace_id)
        raw.set_trace_callback(None)
        asked = [each for each in statements if each.split()[0].upper() in ("SELECT", "WITH", "UPDATE")]
        steps = [row[3] for each in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {each}")]
    names = {alias for each in asked for table in LARGE for alias in aliases(each, table)}
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in names]
    # Everything that a workspace ever sent is as good as everything.
    assert not [step for step in steps if "ix_action_workspace_id" in step]


def aliases(statement: str, table: str) -> set[str]:
    """The names under which a statement reads a table."""
    words = statement.replace("(", " ").replace(")", " ").replace(",", " ").split()
    after = {words[place + 1] for place, word in enumerate(words[:-1]) if word.strip('"') == table}
    return {table, *after}

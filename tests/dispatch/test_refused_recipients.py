"""A recipient that the server refuses to our face is suppressed as one whose mail comes back, and counts as a bounce."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import bounce_rates
from engine.channels.effects import Failed, Outcome
from engine.dispatch import attend
from storage.database import Database
from storage.kinds import ActionState, AlertKind, LeadState, Reason
from storage.tables import Alert, Audit, Lane, Lead, Suppression
from tests import makers
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY


def refused(words: str) -> Outcome:
    return Failed(Reason.RECIPIENT_REFUSED, words, permanent=True)


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path / "sink")


@pytest.mark.parametrize(
    ("words", "is_gone"),
    [
        ("550 5.1.1 <p@x.test>: Recipient address rejected: User unknown", True),
        ("550 No such user here", True),
        ("550 5.1.2 Bad destination system address", True),
        ("550 5.2.1 Mailbox disabled, not accepting messages", False),
        ("550 Blocked by our policy", False),
    ],
)
def test_who_is_gone_is_written_to_by_no_campaign_of_the_workspace(
    database: Database, sink: Sink, words: str, is_gone: bool
) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        lead = session.scalars(select(Lead)).one()
        session.execute(update(Lead).values(email="p@x.test"))
        twin = makers.campaign(session, session.get_one(makers.Identity, session.get_one(Lane, lane).identity_id))
        makers.lead(session, twin, email="p@x.test", state=LeadState.ACTIVE)
    sink.answer = lambda _letter: refused(words)
    assert attend(database, lane, lambda: MONDAY, "w", sink.hands()).state is ActionState.FAILED_PERMANENT
    with database.read() as session:
        states = {row.id: row.state for row in session.scalars(select(Lead))}
        assert states.pop(lead.id) is LeadState.BOUNCED
        assert set(states.values()) == {LeadState.BOUNCED if is_gone else LeadState.ACTIVE}
        assert list(session.scalars(select(Suppression.value))) == (["p@x.test"] if is_gone else [])
        assert len(session.scalars(select(Audit).where(Audit.what == "suppressions.added")).all()) == is_gone


def test_a_list_of_people_who_are_gone_is_told_though_no_mail_comes_back(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=30, limit=50)
    sink.answer = lambda _letter: refused("550 5.1.1 User unknown")
    for minute in range(0, 24 * 60, 15):
        attend(database, lane, lambda at=MONDAY + timedelta(minutes=minute): at, "w", sink.hands())  # type: ignore[misc]
    with database.read() as session:
        mailbox_id = session.get_one(Lane, lane).mailbox_id
        assert mailbox_id
        rate = bounce_rates.rate_of(session, mailbox_id, MONDAY + timedelta(days=1))
        assert rate.sent == rate.bounced >= 20
        assert [row.kind for row in session.scalars(select(Alert))] == [AlertKind.BOUNCES]

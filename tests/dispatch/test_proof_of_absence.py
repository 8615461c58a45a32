"""What counts as proof that a mail did not go out, and what counts as its having failed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from engine.booking import reserve
from engine.channels.effects import Failed, Letter, MailAccount, Trace, Uncertain
from engine.desk import Problem
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_for
from engine.recovery import reconcile_due, recover
from storage.database import Database
from storage.kinds import ActionKind, ActionState, MailboxState, Reason
from storage.tables import Action, Mailbox, QuotaUse, Spend
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY

LATER = MONDAY + timedelta(minutes=10)


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path / "sink", lambda _letter: Uncertain("no answer"))


def action_of(database: Database) -> Action:
    with database.read() as session:
        return session.scalars(select(Action)).one()


@pytest.mark.parametrize(
    ("connected_to", "state"), [("old.test", ActionState.DUE), ("new.test", ActionState.PARKED)], ids=["same", "another"]
)
def test_g1_absence_from_another_server_than_it_was_sent_by_proves_nothing(
    database: Database, sink: Sink, connected_to: str, state: ActionState
) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    attend(database, lane, lambda: MONDAY, "worker-1", on("old.test", sink))
    sink.path.write_text("")
    reconcile_due(database, lambda: LATER, on(connected_to, sink))
    assert action_of(database).state is state


def on(host: str, sink: Sink) -> Hands:
    hands = sink.hands()

    def account(session: object, mailbox: object) -> MailAccount:
        known = hands.account_for(session, mailbox)  # type: ignore[arg-type]
        return replace(known, imap=replace(known.imap, host=host))

    return Hands(sink, account, letter_for)


def test_bookings_that_crashes_gave_back_are_no_failures_of_the_mail(database: Database, sink: Sink) -> None:
    sink.answer = lambda _letter: Failed(Reason.PROVIDER_BUSY, "451 greylisted", permanent=False)
    (lane,) = lanes_with_work(database, leads=1)
    for minute, holder in enumerate(dying_workers()):
        at = MONDAY + timedelta(minutes=minute)
        with database.write() as session:
            assert reserve(session, lane, at, holder) is not None
        recover(database, "next", at, alone=True)
    attend(database, lane, lambda: LATER, "worker-1", sink.hands())
    found = action_of(database)
    assert (found.state, found.attempt) == (ActionState.FAILED_TEMPORARY, 9)
    assert found.wait_until == LATER + timedelta(minutes=15)


def test_a_sign_in_refused_often_neither_ends_the_lead_nor_puts_it_off_for_weeks(database: Database, sink: Sink) -> None:
    sink.answer = refused
    (lane,) = lanes_with_work(database, leads=1)
    at: datetime = MONDAY
    for _ in range(12):
        at += timedelta(hours=1)
        reconnected(database)
        attend(database, lane, lambda at=at: at, "worker-1", sink.hands())  # type: ignore[misc]
    found = action_of(database)
    assert (found.state, found.wait_until) == (ActionState.FAILED_TEMPORARY, at + timedelta(minutes=15))


def dying_workers() -> Iterator[str]:
    return (f"worker-{number}" for number in range(8))


def refused(_letter: Letter) -> Failed:
    return Failed(Reason.SIGN_IN_REFUSED, "535 no", permanent=False, connection_ended=True)


def reconnected(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Mailbox).values(state=MailboxState.OK))


def test_a_copy_that_came_while_it_was_looked_for_is_looked_for_again(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    attend(database, lane, lambda: MONDAY, "worker-1", sink.hands())
    clock = [MONDAY + timedelta(seconds=100)]

    def slowly(_account: MailAccount, _message_id: str, _seconds: float) -> Trace:
        clock[0] += timedelta(seconds=30)  # its answer comes after two minutes and is of before
        return Trace.ABSENT

    sink.look_up = slowly  # type: ignore[method-assign]
    reconcile_due(database, lambda: clock[0], sink.hands())
    assert action_of(database).state is ActionState.UNKNOWN
    reconcile_due(database, lambda: clock[0], sink.hands())
    assert action_of(database).state is ActionState.DUE


def test_what_an_earlier_attempt_spent_stays_spent_when_the_next_one_is_never_booked(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    kept = {"lane_id": lane, "kind": ActionKind.EMAIL, "local_day": MONDAY.date()}
    with database.write() as session:
        action_id = session.scalars(select(Action.id)).one()
        session.execute(update(Action).values(attempt=1, state=ActionState.FAILED_TEMPORARY))
        session.execute(insert(Spend).values(**kept, action_id=action_id, attempt=1, at=MONDAY - timedelta(hours=2)))
        session.execute(insert(QuotaUse).values(**kept, used=1))

    def gone(_session: object, _mailbox: object) -> MailAccount:
        raise Problem("It has no password any more; reconnect it.")

    attend(database, lane, lambda: MONDAY, "worker-1", replace(sink.hands(), account_for=gone))
    with database.read() as session:
        assert session.scalars(select(Spend.given_back_at)).one() is None
        assert session.scalars(select(QuotaUse.used)).one() == 1

"""What a round of reading writes stands at the worker's one counter: dispatch waits for a turn, never for a whole round."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from engine import incoming_keeping
from engine.connections.inbox import Arrived, Batch, Place
from engine.incoming import in_turn
from engine.reading_rounds import read_due
from engine.rules.facts import Refuse, Run
from engine.rules.permit import permit
from engine.situations import gather
from storage.database import Database
from storage.kinds import LeadState, Reason
from storage.ledger import connection_of
from storage.tables import Lane, Lead, Mailbox
from tests.incoming.post import KEYS, Post
from tests.incoming.test_reading_rounds import MANY, Town, town  # noqa: F401 - a fixture
from tests.makers import MONDAY

T = TypeVar("T")


@dataclass
class Counted:
    """Implements `engine.counter.Writer`; how often somebody stood there."""

    database: Database
    turns: int = 0

    def do(self, work: Callable[[Session], T]) -> T:
        self.turns += 1
        return self.database.do(work)


def test_a_round_writes_nothing_beside_the_counter(town: Town) -> None:  # noqa: F811
    counted, begun = Counted(town.database), list[str]()
    event.listen(
        town.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, sql, *_: begun.append(sql) if sql == "BEGIN IMMEDIATE" else None,
    )
    assert read_due(town.database, replace(town.reader, writer=counted), lambda: MONDAY) == MANY
    assert counted.turns == len(begun) > MANY


def test_a_reply_is_seen_by_a_last_gate_in_the_very_same_transaction(database: Database) -> None:
    post = Post(database)
    with database.write() as session:
        session.execute(update(Lane).values(holder=None, lease_until=None))
    (step,) = post.open_steps()
    batch = Batch((Arrived(1, post.now, post.mail("Yes, gladly.")),), Place(1, 1), False)

    def keep(session: Session) -> int:
        return incoming_keeping.keep(session, session.get_one(Mailbox, post.box.id), "INBOX", batch, KEYS, post.now)

    with database.write() as session:
        assert isinstance(permit(gather(session, [step.id], step.due_at)[step.id], step.due_at), Run)
        assert in_turn(keep)(session) == 1
        assert permit(gather(session, [step.id], step.due_at)[step.id], step.due_at) == Refuse(Reason.LEAD_REPLIED)


def test_what_others_wrote_before_in_the_same_transaction_is_seen_by_the_reading(database: Database) -> None:
    lead_id = Post(database).leads[0].id
    with database.write() as session:
        remembered = session.get_one(Lead, lead_id)
        assert remembered.state is LeadState.ACTIVE
        connection_of(session).execute(update(Lead).where(Lead.id == lead_id).values(state=LeadState.STOPPED))
        assert in_turn(lambda own: own.get_one(Lead, lead_id).state)(session) is LeadState.STOPPED

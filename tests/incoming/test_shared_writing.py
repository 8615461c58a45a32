"""What a round of reading writes stands at the worker's one counter: dispatch waits for a turn, never for a whole round."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from engine import incoming_keeping
from engine.channels.effects import MailAccount, Server
from engine.channels.incoming import reading
from engine.connections import inbox
from engine.connections.inbox import Arrived, Batch, Place
from engine.incoming import Reader, in_turn, read_one
from engine.reading_rounds import read_due
from engine.rules.facts import Refuse, Run
from engine.rules.permit import permit
from engine.situations import gather
from storage.database import Database
from storage.kinds import LeadState, Reason, Security
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
    is_at_work: bool = False

    def do(self, work: Callable[[Session], T]) -> T:
        self.turns += 1
        self.is_at_work = True
        try:
            return self.database.do(work)
        finally:
            self.is_at_work = False


def test_a_round_writes_nothing_beside_the_counter(town: Town) -> None:  # noqa: F811
    counted, begun = Counted(town.database), list[str]()
    event.listen(
        town.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, sql, *_: begun.append(sql) if sql == "BEGIN IMMEDIATE" else None,
    )
    assert read_due(town.database, replace(town.reader, writer=counted), lambda: MONDAY) == MANY
    assert counted.turns == len(begun) > MANY


def test_no_mail_is_taken_apart_while_others_wait_to_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    post, writer, asked = Post(database), Counted(database), list[tuple[str, bool]]()
    batch = Batch((Arrived(1, post.now, post.mail("Yes, gladly.")),), Place(1, 1), False)
    monkeypatch.setattr(inbox, "fetch_new", lambda *_: batch)
    with database.write() as session:
        session.get_one(Mailbox, post.box.id).junk_folder = ""
    for module, part in ((incoming_keeping, "parse"), (reading, "classify")):
        monkeypatch.setattr(module, part, told(part, getattr(module, part), writer, asked))
    server = Server("mail.test", 993, Security.SSL)
    account = MailAccount(post.box.address, "", post.box.address, "-", server, server)
    reader = Reader(lambda *_: account, lambda _: nullcontext(), KEYS, writer)  # type: ignore[arg-type,return-value]
    assert read_one(database, post.box.id, reader, post.now) == 1
    assert asked == [("parse", False), ("classify", False)]
    assert post.state() == (LeadState.REPLIED, Reason.LEAD_REPLIED)


def told(part: str, whole: Callable[..., Any], writer: Counted, asked: list[tuple[str, bool]]) -> Callable[..., Any]:
    """The same, noting whether somebody stands at the writer meanwhile."""

    def noted(*values: Any) -> Any:
        asked.append((part, writer.is_at_work))
        return whole(*values)

    return noted


def test_a_reply_is_seen_by_a_last_gate_in_the_very_same_transaction(database: Database) -> None:
    post = Post(database)
    with database.write() as session:
        session.execute(update(Lane).values(holder=None, lease_until=None))
    (step,) = post.open_steps()
    batch = Batch((Arrived(1, post.now, post.mail("Yes, gladly.")),), Place(1, 1), False)

    judged = incoming_keeping.judge(batch)

    def keep(session: Session) -> int:
        return incoming_keeping.keep(session, session.get_one(Mailbox, post.box.id), "INBOX", judged, KEYS, post.now)

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

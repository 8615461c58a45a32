"""A mail server of one file: it takes a mail durably before it answers, and its Sent folder can be searched."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import crash_points, sequence
from engine.channels.effects import Accepted, Letter, MailAccount, Outcome, Server, Trace
from engine.hands import Hands
from engine.letters import letter_for
from storage.database import Database
from storage.kinds import Security
from storage.tables import Lane, Mailbox
from tests import makers
from tests.makers import MONDAY

ALWAYS = {"work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}
_SERVER = Server("sink.test", 465, Security.SSL)


@dataclass
class Sink:
    """Implements `effects.Mailer`; `answer` may lose or replace the answer after the mail was taken."""

    path: Path
    answer: Callable[[Letter], Outcome | None] = lambda _letter: None

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        crash_points.reached("connected")
        crash_points.reached("content")
        with self.path.open("a") as file:
            file.write(f"{letter.message_id} {account.address} {letter.recipient}\n")
            file.flush()
            os.fsync(file.fileno())
        crash_points.reached("data")
        crash_points.reached("accepted_by_server")
        return self.answer(letter) or Accepted({"answer": "250 taken"})

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return Trace.FOUND if message_id in self.message_ids() else Trace.ABSENT

    def message_ids(self) -> list[str]:
        return [line.split()[0] for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def hands(self) -> Hands:
        return Hands(self, _account, letter_for)


def _account(_session: Session, mailbox: Mailbox) -> MailAccount:
    return MailAccount(mailbox.address, "Ada", mailbox.address, "-", imap=_SERVER, smtp=_SERVER, files_sent_itself=True)


def lanes_with_work(
    database: Database, lanes: int = 1, leads: int = 5, limit: int = 50, steps: int = 1, hours: Mapping[str, object] = ALWAYS
) -> list[int]:
    """Identities with one address each, no gap, and a running campaign whose leads have their first step planned."""
    made = []
    with database.write() as session:
        makers.installation(session)
        makers.user(session)
        home = makers.workspace(session)
        for _ in range(lanes):
            ada = makers.identity(session, home.id, **hours)
            mailbox = makers.mailbox(session, ada, limit=limit, gap_seconds=0, password=b"sealed")
            spring = makers.campaign(session, ada, steps=steps)
            people = [makers.lead(session, spring, mailbox_id=mailbox.id) for _ in range(leads)]
            sequence.begin(session, spring.id, [one.id for one in people], MONDAY)
            made.append(session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).one())
    return made

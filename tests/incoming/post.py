"""A small town for post: one address that has written to three leads, and mails that come in for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any

from sqlalchemy import func, select, update

from engine import incoming_keeping, outcomes, sequence
from engine.channels.effects import Accepted, Outcome
from engine.connections.inbox import Arrived, Batch, Place
from engine.entries import entry_of
from engine.incoming_keeping import Keys
from storage.database import Database
from storage.kinds import ActionState, LeadState, Reason
from storage.lanes import take_lease
from storage.ledger import Entry, Note, move
from storage.tables import Action, Base, IncomingMail, Lane, Lead, Mailbox, Suppression
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY

VAULT = Vault({1: new_key()})
KEYS = Keys(b"a key of this test", VAULT)
_numbers = count(1)


class Post:
    def __init__(self, database: Database, leads: int = 3, steps: int = 3, **box: Any) -> None:
        self.database = database
        self.now = MONDAY + timedelta(hours=1)
        with database.write() as session:
            if session.scalar(select(func.count()).select_from(Base.metadata.tables["installation"])) == 0:
                makers.installation(session)
            self.ada = makers.identity(session, makers.workspace(session).id)
            self.box = makers.mailbox(session, self.ada, junk_folder="Junk", **box)
            self.campaign = makers.campaign(session, self.ada, steps=steps)
            self.leads = [makers.lead(session, self.campaign, mailbox_id=self.box.id) for _ in range(leads)]
            sequence.begin(session, self.campaign.id, [each.id for each in self.leads], MONDAY)
        for each in self.leads:
            self.send(each.id)

    def send(self, lead_id: int) -> str:
        """The lead's open step goes out; its Message-ID."""
        entry, epoch = self.begin_sending(lead_id)
        self.settle(entry, epoch, Accepted({}))
        return entry.message_id or ""

    def begin_sending(self, lead_id: int) -> tuple[Entry, int]:
        """The lead's open step is on its way from here on."""
        with self.database.write() as session:
            open_step = select(Action).where(Action.lead_id == lead_id, Action.state == ActionState.PLANNED)
            action = session.scalars(open_step).one()
            entry = entry_of(session, action.id)
            assert entry is not None
            session.execute(update(Lane).values(holder=None))
            epoch = take_lease(session, action.lane_id, "worker", MONDAY, timedelta(minutes=5))
            note = Note(MONDAY, MONDAY.date(), "worker")
            move(session, entry, ActionState.RESERVED, note, attempt=1, epoch=epoch)
            reserved = replace(entry, state=ActionState.RESERVED)
            move(session, reserved, ActionState.SENDING, note, fence=epoch, sending_at=MONDAY)
            return entry, epoch or 0

    def settle(self, entry: Entry, epoch: int, outcome: Outcome, now: datetime = MONDAY) -> None:
        with self.database.write() as session:
            outcomes.record(session, entry, epoch, outcome, now)

    def message_id(self, number: int) -> str:
        """Of the newest mail that went to a lead."""
        with self.database.read() as session:
            sent = select(Action.message_id).where(
                Action.lead_id == self.leads[number].id, Action.state == ActionState.ACCEPTED
            )
            return session.scalars(sent.order_by(Action.id.desc())).first() or ""

    def mail(self, text: str, number: int | None = 0, subject: str = "Re: A question", **headers: str) -> bytes:
        """A mail of lead `number` that answers the newest one it got; None for a stranger."""
        message = EmailMessage()
        message["From"] = self.leads[number].email if number is not None else "stranger@else.test"
        message["To"], message["Subject"] = self.box.address, subject
        if number is not None:
            message["In-Reply-To"] = self.message_id(number)
        for name, value in headers.items():
            del message[name.replace("_", "-")]
            message[name.replace("_", "-")] = value
        if message["Message-ID"] is None:
            message["Message-ID"] = f"<in-{next(_numbers)}@else.test>"
        message.set_content(text)
        return message.as_bytes()

    def bounce(self, number: int, diagnostic: str, status: str, recipient: str = "", action: str = "failed") -> bytes:
        recipient = recipient or self.leads[number].email
        return (
            f"From: mailer-daemon@mx.test\nTo: {self.box.address}\nSubject: Undelivered Mail\n"
            f"Message-ID: <bounce-{next(_numbers)}@mx.test>\nMIME-Version: 1.0\nAuto-Submitted: auto-replied\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            f"--b\nContent-Type: text/plain\n\n<{recipient}>: {diagnostic}\n\n"
            f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
            f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {diagnostic}\n\n"
            f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {self.message_id(number)}\nTo: {recipient}\n\nx\n--b--\n"
        ).encode()

    def comes(self, *raws: bytes, folder: str = "INBOX", at: datetime | None = None) -> int:
        """As the reader keeps a batch; how many were new."""
        arrived = tuple(Arrived(next(_numbers), at or self.now, raw) for raw in raws)
        batch = Batch(arrived, Place(1, arrived[-1].uid), False)
        with self.database.write() as session:
            mailbox = session.get_one(Mailbox, self.box.id)
            return incoming_keeping.keep(session, mailbox, folder, incoming_keeping.judge(batch), KEYS, self.now)

    def state(self, number: int = 0) -> tuple[LeadState, Reason | None]:
        with self.database.read() as session:
            lead = session.get_one(Lead, self.leads[number].id)
            return lead.state, lead.state_reason

    def kept(self) -> list[IncomingMail]:
        with self.database.read() as session:
            return list(session.scalars(select(IncomingMail).order_by(IncomingMail.id)))

    def open_steps(self, number: int = 0) -> list[Action]:
        with self.database.read() as session:
            waits = select(Action).where(Action.lead_id == self.leads[number].id, Action.state == ActionState.PLANNED)
            return list(session.scalars(waits))

    def suppressed(self) -> list[str]:
        with self.database.read() as session:
            mine = select(Suppression.value).where(Suppression.workspace_id == self.ada.workspace_id)
            return sorted(session.scalars(mine))

"""An installation with a mail server for alerts on the real bed, a receiver for webhooks, and one address that breaks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from engine import alert_deliveries, alert_mail, mailbox_alerts, networks, webhooks
from engine.alert_deliveries import Post
from engine.alert_mail import MailForm
from engine.desk import Actor, perform
from storage.database import Database
from storage.kinds import TOLD_KINDS, MailboxState, Security
from storage.tables import AlertDelivery, Identity, Mailbox
from storage.vault import Vault, new_key
from tests import makers
from tests.alerts.receiver import Receiver, receiving
from tests.makers import MONDAY, OWNER

PANEL = "https://panel.test"


@dataclass
class House:
    database: Database
    workspace_id: int
    ada: Identity
    box: Mailbox
    vault: Vault = field(default_factory=lambda: Vault({1: new_key()}))
    now: datetime = MONDAY
    ca_file: str | None = None

    def do(self, task: Callable[..., Any], actor: Actor = OWNER, **values: Any) -> Any:
        return perform(self.database, actor, self.workspace_id, self.now, task, **values)

    def breaks(self, state: MailboxState = MailboxState.RECONNECT_NEEDED) -> None:
        with self.database.write() as session:
            mailbox = session.get_one(Mailbox, self.box.id)
            mailbox.state, mailbox.state_note = state, "The password was refused; reconnect it."
            mailbox_alerts.tell(session, mailbox, self.now)

    def deliver(self) -> int:
        return alert_deliveries.deliver_due(self.database, Post(self.vault, PANEL, self.ca_file), lambda: self.now)

    def deliveries(self) -> list[AlertDelivery]:
        with self.database.read() as session:
            return list(session.query(AlertDelivery).order_by(AlertDelivery.id))

    def set_webhook(self, receiver: Receiver) -> str:
        self.ca_file = receiver.ca_file
        kept = self.do(webhooks.keep, address=receiver.address, kinds=TOLD_KINDS, vault=self.vault)
        return str(kept.secret)

    def set_mail(self, **values: Any) -> None:
        given = {"host": "localhost", "port": 587, "username": "outpost", "sender": "outpost@alpha.test", "password": "pw"}
        self.do(alert_mail.keep, form=MailForm(**{**given, "security": Security.STARTTLS, **values}), vault=self.vault)

    def later(self, **values: float) -> None:
        self.now += timedelta(**values)


@pytest.fixture
def house(database: Database) -> House:
    with database.write() as session:
        makers.installation(session)
        makers.user(session, id=OWNER.user_id, email=OWNER.label, is_owner=True)
        ada = makers.identity(session, makers.workspace(session, name="Acme").id)
        made = House(database, ada.workspace_id, ada, makers.mailbox(session, ada))
    made.do(networks.set_allowed_networks, networks=["127.0.0.0/8"])
    return made


@pytest.fixture(scope="session")
def own_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def receiver(tmp_path: Path, own_authority: trustme.CA) -> Iterator[Receiver]:
    with receiving(own_authority, str(tmp_path / "ca.pem")) as running:
        yield running

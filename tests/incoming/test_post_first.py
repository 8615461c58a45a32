"""An address that was away reads its post before it writes to anybody: by the verdict, not by a guess."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engine import agenda, incoming, mailbox_probes, mailboxes
from engine.channels.effects import MailAccount
from engine.connections.network import NetworkGuard
from engine.connections.probe import Folders, Probe
from engine.desk import WORKER, Desk, perform
from engine.incoming import Reader
from engine.mailboxes import ImapForm
from engine.rules.facts import Facts, Run, Verdict, Wait
from engine.rules.permit import explain, permit
from engine.situations import gather
from storage.database import Database
from storage.kinds import OPEN_STATES, Gate, LeadState, MailboxState, Reason
from storage.tables import Action, Alert, Lane, Mailbox, MailReading
from tests import makers
from tests.bed.bed import Bed
from tests.incoming.post import KEYS, VAULT, Post
from tests.makers import OWNER

pytestmark = pytest.mark.bed
LOOPBACK = NetworkGuard.allowing(["127.0.0.0/8"])
FOLDERS = Folders("Sent", "Junk", False)
WAITS = Wait(Reason.POST_UNREAD, None)


class Away(Post):
    """Three leads after their first mail, and an address that goes away and comes back."""

    def __init__(self, database: Database, bed: Bed) -> None:
        super().__init__(database, address=bed.new_address("away"))
        self.bed = bed
        with database.write() as session:
            makers.user(session, id=OWNER.user_id)
            session.execute(update(Lane).values(holder=None, lease_until=None))
        self.now += timedelta(days=1)  # the second mails are due

    def do(self, task: Any, **values: Any) -> Any:
        return perform(self.database, OWNER, self.ada.workspace_id, self.now, task, **values)

    def disconnect(self) -> None:
        self.do(mailboxes.disconnect, mailbox_id=self.box.id)

    def reconnect(self) -> None:
        form = ImapForm(self.box.address, "open sesame", "imap.acme.test", "smtp.acme.test")
        self.do(mailboxes.connect_imap, identity_id=self.ada.id, form=form, folders=FOLDERS, vault=VAULT)

    def read(self, began: timedelta = timedelta(0), **changes: str) -> None:
        def account(_session: object, mailbox: Mailbox) -> MailAccount:
            return replace(self.bed.account(mailbox.address), **changes)

        reader = Reader(account, incoming.opener(LOOPBACK, self.bed.ca_file), KEYS)
        incoming.read_one(self.database, self.box.id, reader, self.now + began)

    def waiting(self, number: int) -> list[int]:
        with self.database.read() as session:
            lead = Action.lead_id == self.leads[number].id
            return list(session.scalars(select(Action.id).where(lead, Action.state.in_(OPEN_STATES))))

    def facts(self, number: int) -> Facts:
        (step,) = self.waiting(number)
        with self.database.read() as session:
            return gather(session, [step], self.now)[step]

    def verdict(self, number: int) -> Verdict:
        return permit(self.facts(number), self.now)

    def asleep(self) -> None:
        with self.database.write() as session:
            session.execute(update(Lane).values(wake_at=None))

    def is_awake(self) -> bool:
        with self.database.read() as session:
            lane = session.scalars(select(Lane.id).where(Lane.mailbox_id == self.box.id)).one()
            return lane in agenda.due_lanes(session, self.now, 10)


@pytest.fixture
def away(database: Database, bed: Bed) -> Away:
    return Away(database, bed)


def test_who_answered_meanwhile_gets_no_further_mail_and_the_others_wait_until_that_is_known(away: Away):
    assert isinstance(away.verdict(0), Run)
    away.disconnect()
    away.bed.append(away.box.address, "INBOX", away.mail("Yes."))
    away.now += timedelta(hours=1)
    away.reconnect()
    away.asleep()
    assert [away.verdict(number) for number in range(3)] == [WAITS] * 3
    away.read(began=-timedelta(seconds=1))  # one that was under way before proves nothing
    assert (away.verdict(1), away.is_awake()) == (WAITS, False)
    away.read()
    assert away.state(0) == (LeadState.REPLIED, Reason.LEAD_REPLIED)
    assert away.waiting(0) == []
    assert isinstance(away.verdict(1), Run)
    assert away.is_awake()


def test_its_why_says_what_is_waited_for(away: Away):
    away.disconnect()
    away.reconnect()
    gates = {each.gate: each for each in explain(away.facts(0), away.now)}
    assert gates[Gate.CONNECTION].detail == "e-mail address connected (its post not read yet)"
    assert gates[Gate.CONNECTION].obstacle == WAITS


def test_a_reading_that_does_not_come_to_the_end_lets_nothing_go(away: Away, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(incoming, "BATCH", 1)
    monkeypatch.setattr(incoming, "_MOST_BATCHES", 1)
    away.disconnect()
    for number in range(2):
        away.bed.append(away.box.address, "INBOX", away.mail(f"Yes {number}.", number=number))
    away.reconnect()
    away.read()
    assert away.verdict(2) == WAITS
    away.read()
    away.read()
    assert isinstance(away.verdict(2), Run)


def test_post_that_can_t_be_read_holds_the_mails_and_people_are_told_why(away: Away):
    away.disconnect()
    away.reconnect()
    for told in (0, 0, 1, 1):
        away.read(password="open-says-me")
        with away.database.read() as session:
            alerts = session.scalars(select(Alert).where(Alert.cleared_at.is_(None))).all()
        assert len(alerts) == told
        assert away.verdict(0) == WAITS
    assert "can't be read, so no mail of a campaign goes from it" in alerts[0].sentence
    assert "open-says-me" not in alerts[0].sentence
    away.read()
    with away.database.read() as session:
        assert session.scalars(select(Alert).where(Alert.cleared_at.is_(None))).all() == []
    assert isinstance(away.verdict(0), Run)


@pytest.mark.parametrize("broken", [MailboxState.RECONNECT_NEEDED, MailboxState.REFUSED, MailboxState.DEGRADED])
def test_an_address_that_broke_and_is_well_again_owes_the_reading_too(away: Away, broken: MailboxState):
    with away.database.write() as session:
        session.get_one(Mailbox, away.box.id).state = broken
    with away.database.write() as session:
        desk = Desk(session, WORKER, away.ada.workspace_id, away.now)
        mailbox_probes.record(desk, session.get_one(Mailbox, away.box.id), Probe(None, None, FOLDERS))
    passing = broken is MailboxState.DEGRADED  # it was read all the while
    assert isinstance(away.verdict(0), Run) is passing
    away.read()
    assert isinstance(away.verdict(0), Run)


def test_a_new_address_owes_nothing(away: Away):
    with away.database.read() as session:
        assert session.get(MailReading, away.box.id) is None
    assert isinstance(away.verdict(0), Run)

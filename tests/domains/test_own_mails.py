"""A mail to oneself over real servers: sent once, found again, and what refuses to send it."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from engine import domain_checks, networks, own_mails, stops
from engine.channels.effects import MailAccount
from engine.connections.domain_records import Records
from engine.desk import Problem, perform
from storage.columns import to_micros
from storage.database import Database
from storage.kinds import MailboxState, RecordState
from storage.tables import DomainCheck, Identity, Mailbox
from tests import makers
from tests.bed.bed import Bed
from tests.dispatch.sink import _account
from tests.makers import MONDAY, OWNER

PRESENT, UNCONFIRMED = RecordState.PRESENT, RecordState.UNCONFIRMED


class House:
    def __init__(self, database: Database, bed: Bed | None = None) -> None:
        self.database, self.bed, self.now = database, bed, MONDAY
        address = bed.new_address() if bed else "ada@acme.test"
        with database.write() as session:
            makers.installation(session)
            makers.user(session, id=OWNER.user_id, email=OWNER.label, is_owner=True)
            ada = makers.identity(session, makers.workspace(session).id)
            self.identity_id, self.workspace_id = ada.id, ada.workspace_id
            self.box = makers.mailbox(session, ada, address=address, junk_folder="Junk")
        self.do(networks.set_allowed_networks, networks=["127.0.0.0/8"])

    def do(self, task: Callable[..., Any], **values: Any) -> Any:
        return perform(self.database, OWNER, self.workspace_id, self.now, task, **values)

    def carry_on(self) -> int:
        return own_mails.carry_on(self.database, self._account, lambda: self.now, self.bed.ca_file if self.bed else None)

    def look(self) -> own_mails.OwnMail | None:
        return self.do(own_mails.look, mailbox_id=self.box.id)  # type: ignore[no-any-return]

    def check(self) -> domain_checks.Check:
        records = Records(PRESENT, PRESENT, PRESENT, PRESENT)
        domain_checks.check_due(self.database, lambda _domain, _selectors: records, self.now)
        return self.do(domain_checks.check, mailbox_id=self.box.id)  # type: ignore[no-any-return]

    def _account(self, _session: object, mailbox: Mailbox) -> MailAccount:
        if self.bed is None:
            raise Problem("It has no password any more.")
        return self.bed.account(mailbox.address)


@pytest.mark.bed
def test_the_mail_goes_out_once_and_what_comes_back_is_read(database: Database, bed: Bed) -> None:
    house = House(database, bed)
    address = house.box.address
    house.do(own_mails.ask, mailbox_id=house.box.id)
    with pytest.raises(Problem, match="on its way already"):
        house.do(own_mails.ask, mailbox_id=house.box.id)
    house.carry_on()
    (mail,) = bed.wait_for_mails(address)
    assert (mail["List-Unsubscribe-Post"], mail["From"].addresses[0].addr_spec) == ("List-Unsubscribe=One-Click", address)
    house.carry_on()
    found = house.look()
    assert found is not None
    assert (found.was_seen, found.is_pending, found.note) == (True, False, "")
    assert house.check().alignment is UNCONFIRMED  # these servers sign nothing
    assert "carried no signature" in house.check().notes["alignment"]
    assert (house.carry_on(), len(bed.raw_mails(address))) == (0, 1)


@pytest.mark.bed
def test_a_signed_one_is_found_in_junk_too_and_its_selector_is_learned(database: Database, bed: Bed) -> None:
    house = House(database, bed)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    with database.write() as session:  # as if it had been sent
        row = session.get_one(DomainCheck, "alpha.test")
        row.learned = {"own": {**row.learned["own"], "state": "sent"}}
        token = row.learned["own"]["token"]
    house.carry_on()
    assert house.look().is_pending  # type: ignore[union-attr]
    signed = EmailMessage()
    signed["Subject"] = f"Domain check {token}"
    signed["DKIM-Signature"] = "v=1; d=alpha.test; s=s2048; h=from:list-unsubscribe:list-unsubscribe-post; b=x"
    bed.append(house.box.address, "Junk", signed.as_bytes())
    house.carry_on()
    check = house.check()
    assert (check.alignment, check.unsubscribing, check.selectors) == (PRESENT, PRESENT, ("s2048",))


def test_a_mail_that_does_not_come_back_is_given_up_after_half_an_hour(database: Database) -> None:
    house = House(database)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    house.now += timedelta(minutes=31)
    house.carry_on()
    found = house.look()
    assert found is not None
    assert (found.is_pending, "has not come back" in found.note) == (False, True)


def test_what_was_being_sent_when_the_worker_died_is_not_sent_again(database: Database) -> None:
    house = House(database)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    with database.write() as session:
        row = session.get_one(DomainCheck, "acme.test")
        row.learned = {"own": {**row.learned["own"], "state": "sending"}}
    house.carry_on()
    assert "ended while the mail was being sent" in house.look().note  # type: ignore[union-attr]


def test_what_another_worker_is_sending_is_left_to_it_for_two_minutes(database: Database) -> None:
    house = House(database)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    with database.write() as session:
        row = session.get_one(DomainCheck, "acme.test")
        until = to_micros(MONDAY + timedelta(minutes=2))
        row.learned = {"own": {**row.learned["own"], "state": "sending", "sending_until": until}}
    house.now += timedelta(seconds=119)
    house.carry_on()
    assert house.look() == own_mails.OwnMail(MONDAY, True, False, "")
    house.now += timedelta(seconds=1)
    house.carry_on()
    assert "ended while the mail was being sent" in house.look().note  # type: ignore[union-attr]


def test_each_domain_has_its_two_minutes_whatever_the_one_before_it_took(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(database)
    with database.write() as session:
        other = makers.mailbox(session, session.get_one(Identity, house.identity_id), address="ada@beta.test")
    for box in (house.box, other):
        house.do(own_mails.ask, mailbox_id=box.id)
    left: dict[str, int] = {}

    def takes_its_time(account: MailAccount, *_given: object) -> str:
        with database.read() as session:
            row = session.get_one(DomainCheck, domain_checks.domain_of(account.address))
            left[row.domain] = row.learned["own"]["sending_until"] - to_micros(house.now)
        house.now += timedelta(seconds=80)
        return ""

    monkeypatch.setattr(own_mails, "_send", takes_its_time)
    own_mails.carry_on(database, _account, lambda: house.now)
    assert left == {"acme.test": 120_000_000, "beta.test": 120_000_000}


def test_what_became_of_a_mail_that_was_given_up_says_nothing_about_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(database)
    house.do(own_mails.ask, mailbox_id=house.box.id)

    def given_up_and_asked_anew(*_given: object) -> str:
        house.now += timedelta(minutes=3)
        house.carry_on()
        house.do(own_mails.ask, mailbox_id=house.box.id)
        return "The server hung up."

    monkeypatch.setattr(own_mails, "_send", given_up_and_asked_anew)
    own_mails.carry_on(database, _account, lambda: house.now)
    assert house.look() == own_mails.OwnMail(house.now, True, False, "")


def test_nothing_is_sent_after_stop_from_a_paused_address_or_from_one_that_ended(database: Database) -> None:
    house = House(database)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    house.do(stops.press_identity, identity_id=house.identity_id)
    house.carry_on()
    assert "pressed Stop" in house.look().note  # type: ignore[union-attr]
    with pytest.raises(Problem, match="pressed Stop"):
        house.do(own_mails.ask, mailbox_id=house.box.id)
    house.do(stops.release_identity, identity_id=house.identity_id)
    house.do(own_mails.ask, mailbox_id=house.box.id)
    house.carry_on()
    assert "no password" in house.look().note  # type: ignore[union-attr]
    with database.write() as session:
        session.get_one(Mailbox, house.box.id).paused_at = MONDAY
    with pytest.raises(Problem, match="paused"):
        house.do(own_mails.ask, mailbox_id=house.box.id)
    with database.write() as session:
        mailbox = session.get_one(Mailbox, house.box.id)
        mailbox.paused_at, mailbox.state = None, MailboxState.RECONNECT_NEEDED
    with pytest.raises(Problem, match="not connected"):
        house.do(own_mails.ask, mailbox_id=house.box.id)


@pytest.mark.parametrize("selector", ["", "a b", "x;y", "é", "x" * 120, "a..b"])
def test_what_is_no_selector_is_refused_with_a_sentence(database: Database, selector: str) -> None:
    house = House(database)
    with pytest.raises(Problem, match="word before"):
        house.do(domain_checks.name_selector, mailbox_id=house.box.id, selector=selector)


def test_a_selector_may_be_pasted_with_its_domain_and_is_looked_under_soon(database: Database) -> None:
    house = House(database)
    house.do(domain_checks.name_selector, mailbox_id=house.box.id, selector=" S2048._domainkey.acme.test ")
    asked: list[tuple[str, ...]] = []

    def look(_domain: str, selectors: Any) -> Records:
        asked.append(tuple(selectors))
        return Records(PRESENT, PRESENT, PRESENT, PRESENT)

    domain_checks.check_due(database, look, MONDAY)
    assert asked == [("s2048",)]

"""Alerts by mail: who gets which, what is in them, and that they really go out over the real servers."""

import pytest

from engine import alert_choices, alert_mail, alerts
from engine.alert_mail import MailForm
from engine.desk import Actor, Problem
from storage.kinds import TOLD_KINDS, AlertKind, DeliveryState, Role, Security
from storage.tables import AlertMail, Membership, User
from tests import makers
from tests.alerts.conftest import House
from tests.bed.bed import PASSWORD, Bed
from tests.makers import OWNER


def member(house: House, role: Role = Role.MANAGER, identity_ids: list[int] | None = None) -> Actor:
    with house.database.write() as session:
        return makers.member(session, house.workspace_id, role, identity_ids)


def told(house: House) -> set[int | None]:
    return {row.user_id for row in house.deliveries()}


@pytest.mark.bed
def test_an_alert_reaches_an_inbox_by_the_installation_s_own_server(house: House, bed: Bed) -> None:
    house.ca_file = bed.ca_file
    relay, reader = bed.new_address("relay"), bed.new_address("reader")
    house.set_mail(port=bed.ports.submission, username=relay, sender=relay, password=PASSWORD)
    with house.database.write() as session:
        grace = makers.member(session, house.workspace_id, Role.OPS)
        session.get_one(User, grace.user_id).email = reader
    house.breaks()
    house.breaks()
    assert (house.deliver(), house.deliver()) == (1, 0)
    (mail,) = bed.wait_for_mails(reader)
    assert mail["Subject"] == f"A connection ended: {house.box.address} (Acme)"
    assert (mail["Auto-Submitted"], mail["To"]) == ("auto-generated", reader)
    text = mail.get_content()
    assert "The password was refused; reconnect it." in text
    assert f"https://panel.test/alerts?w={house.workspace_id}" in text
    ready = house.do(alert_mail.prepare_test, Actor(OWNER.user_id, OWNER.label, is_owner=True), vault=house.vault, panel="")
    assert PASSWORD not in repr(ready)


@pytest.mark.bed
def test_a_test_says_what_the_server_said_when_it_refuses(house: House, bed: Bed) -> None:
    relay = bed.new_address("relay")
    house.set_mail(port=bed.ports.submission, username=relay, sender=relay, password="wrong")
    ready = house.do(alert_mail.prepare_test, vault=house.vault, panel="https://panel.test")
    with pytest.raises(Problem, match="refused the user name or the password"):
        alert_mail.send_test(ready, house.now, bed.ca_file)
    assert "wrong" not in repr(ready)


def test_without_a_mail_server_nothing_waits(house: House) -> None:
    member(house)
    house.breaks()
    assert house.deliveries() == []


def test_members_are_told_of_what_they_may_see_and_an_owner_only_where_they_chose(house: House) -> None:
    house.set_mail()
    with house.database.write() as session:
        hidden = makers.identity(session, house.workspace_id).id
        gone = makers.member(session, house.workspace_id, Role.ADMIN)
        session.get_one(User, gone.user_id).disabled_at = house.now
        makers.member(session, makers.workspace(session).id, Role.ADMIN)
    everyone, named = member(house), member(house, Role.OPS, [house.ada.id])
    member(house, Role.MANAGER, [hidden])
    house.breaks()
    assert told(house) == {everyone.user_id, named.user_id}
    house.do(alert_choices.choose, kinds=[AlertKind.BOUNCES])
    with house.database.write() as session:
        where = (house.workspace_id, house.ada.id)
        alerts.raise_alert(session, AlertKind.BOUNCES, "a@b.test", "Many.", *where, house.now, "b")
    assert OWNER.user_id in told(house)


def test_a_choice_holds_for_one_user_and_one_workspace(house: House) -> None:
    house.set_mail()
    grace, linus = member(house), member(house)
    house.do(alert_choices.choose, grace, kinds=[AlertKind.WARM_UP])
    house.breaks()
    assert told(house) == {linus.user_id}
    assert house.do(alert_choices.look, linus).kinds == frozenset(TOLD_KINDS)
    assert house.do(alert_choices.look, grace).kinds == {AlertKind.WARM_UP}


def test_who_left_or_chose_otherwise_meanwhile_is_not_told(house: House) -> None:
    house.set_mail()
    grace, linus = member(house), member(house)
    house.breaks()
    house.do(alert_choices.choose, grace, kinds=[])
    with house.database.write() as session:
        session.delete(session.get_one(Membership, (linus.user_id, house.workspace_id)))
    assert house.deliver() == 0
    assert {row.state for row in house.deliveries()} == {DeliveryState.DROPPED}


def test_an_unreachable_server_is_told_on_the_settings_page_and_tried_again(house: House) -> None:
    house.set_mail(port=9)
    member(house)
    house.breaks()
    house.deliver()
    found = house.do(alert_mail.look)
    assert found.waiting == 1
    assert "localhost refuses connections on port 9" in found.trouble
    house.set_mail(port=10)
    assert house.deliver() == 1  # at once with the new setting


def test_a_setting_that_can_t_be_opened_keeps_no_other_telling_waiting(house: House) -> None:
    house.set_mail()
    member(house)
    with house.database.write() as session:
        session.get_one(AlertMail, 1).password = b"\x00" * 40
    house.breaks()
    assert house.deliver() == 0
    (row,) = house.deliveries()
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
    assert "key" in row.note


def test_a_password_is_sealed_and_never_goes_to_another_server(house: House) -> None:
    house.set_mail(password="very secret words")
    with house.database.read() as session:
        row = session.get_one(AlertMail, 1)
        assert row.password is not None
        assert b"very secret" not in row.password
    house.set_mail(password="", sender="other@alpha.test")
    with pytest.raises(Problem, match="Enter the password of this user at this server"):
        house.set_mail(password="", host="thief.test")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "https://smtp.test"}, "without https"),
        ({"host": ""}, "Enter the server's name"),
        ({"port": 25}, "Port 25"),
        ({"username": " "}, "user name"),
        ({"sender": "nobody"}, "address"),
        ({"sender": "a@b.test\nBcc: x@y.test"}, "line break"),
        ({"password": "a\nb"}, "password"),
    ],
)
def test_every_wrong_field_gets_a_sentence(house: House, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(Problem, match=said):
        house.set_mail(**wrong)


def test_a_hostile_name_makes_no_header(house: House) -> None:
    house.set_mail()
    with house.database.write() as session:
        grace = makers.member(session, house.workspace_id, Role.OPS)
        where = (house.workspace_id, None)
        alerts.raise_alert(session, AlertKind.CONSENT, "x\r\nBcc: evil@x.test", "Yes.", *where, house.now, "c")
    assert told(house) == {grace.user_id}
    assert house.deliver() == 1
    assert "localhost" in house.deliveries()[0].note  # the mail could be built; only the server is missing


def test_a_form_holds_its_password_back_from_logs() -> None:
    assert "hush" not in repr(MailForm("smtp.test", 587, "u", "a@b.test", "hush", Security.STARTTLS))

"""Alerts by webhook: signed, once while their ground lasts, tried again with growing waits, and never to a private place."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import alerts, mailboxes, webhooks
from engine.alert_deliveries import WAITS
from engine.connections import webhook
from engine.connections.network import NetworkGuard
from engine.connections.webhook import BadAddress, Call, post
from engine.desk import Denied, Problem
from storage.kinds import TOLD_KINDS, AlertKind, DeliveryState, MailboxState, Role
from storage.tables import Audit, Webhook
from tests import makers
from tests.alerts.conftest import House
from tests.alerts.receiver import Receiver
from tests.makers import MONDAY


def test_an_alert_is_posted_once_and_signed_over_its_time_and_body(house: House, receiver: Receiver) -> None:
    secret = house.set_webhook(receiver)
    house.breaks()
    house.breaks()
    assert (house.deliver(), house.deliver()) == (1, 0)
    ((path, headers, body),) = receiver.got
    assert path == "/hook?of=acme"
    wanted = hmac.new(secret.encode(), headers["Outpost-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Outpost-Signature"] == f"v1={wanted}"
    assert headers["Outpost-Timestamp"] == str(int(MONDAY.timestamp()))
    told = json.loads(body)
    assert (told["kind"], told["subject"], told["workspace"]["name"]) == ("connection", house.box.address, "Acme")
    assert told["link"] == f"https://panel.test/alerts?w={house.workspace_id}"
    assert headers["Outpost-Delivery"] == told["id"]


def test_what_is_not_taken_is_tried_again_with_growing_waits_and_then_given_up(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    receiver.answers = [(500, "broken")]
    house.breaks()
    assert house.deliver() == 1
    for wait in WAITS:
        house.now += wait - timedelta(seconds=1)
        assert house.deliver() == 0
        house.later(seconds=1)
        assert house.deliver() == 1
    (row,) = house.deliveries()
    assert (row.state, row.attempts, row.note) == (DeliveryState.GIVEN_UP, 7, 'It answered 500 and said: "broken"')
    house.later(days=2)
    assert house.deliver() == 0
    assert {headers["Outpost-Delivery"] for _, headers, _ in receiver.got} == {"alert-1"}


def test_gone_ends_it_at_once(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    receiver.answers = [(410, "")]
    house.breaks()
    house.deliver()
    assert house.deliveries()[0].state is DeliveryState.GIVEN_UP


def test_what_was_over_before_it_was_told_is_not_told(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    house.breaks()
    house.breaks(MailboxState.OK)
    assert house.deliver() == 0
    assert (receiver.got, house.deliveries()[0].state) == ([], DeliveryState.DROPPED)


def test_the_same_ground_within_an_hour_is_told_when_the_hour_is_over_and_only_if_it_lasts(
    house: House, receiver: Receiver
) -> None:
    house.set_webhook(receiver)
    house.breaks()
    house.deliver()
    for minutes in (10, 10):  # it flaps
        house.later(minutes=minutes)
        house.breaks(MailboxState.OK)
        house.breaks()
        house.deliver()
    assert len(receiver.got) == 1
    house.later(minutes=41)
    house.deliver()
    assert len(receiver.got) == 2
    assert [row.state for row in house.deliveries()] == [
        DeliveryState.DELIVERED,
        DeliveryState.DROPPED,
        DeliveryState.DELIVERED,
    ]


def test_only_the_chosen_kinds_of_this_workspace_are_posted(house: House, receiver: Receiver) -> None:
    house.ca_file = receiver.ca_file
    house.do(webhooks.keep, address=receiver.address, kinds=[AlertKind.WARM_UP], vault=house.vault)
    house.breaks()
    with house.database.write() as session:
        other = makers.workspace(session)
        alerts.raise_alert(session, AlertKind.WARM_UP, "x@y.test", "Done.", other.id, None, house.now, "other")
        alerts.raise_alert(session, AlertKind.WARM_UP, "a@b.test", "Done.", house.workspace_id, None, house.now, "ours")
    house.deliver()
    assert [json.loads(body)["subject"] for _, _, body in receiver.got] == ["a@b.test"]


def test_a_removed_webhook_gets_nothing_of_what_waited(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    house.breaks()
    house.do(webhooks.forget)
    assert house.deliver() == 0
    assert (receiver.got, house.deliveries()[0].state) == ([], DeliveryState.DROPPED)


def test_a_mended_webhook_is_tried_at_once(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    receiver.answers = [(503, "later"), (204, "")]
    house.breaks()
    house.deliver()
    house.do(webhooks.keep, address="", kinds=TOLD_KINDS, vault=house.vault)
    assert house.deliver() == 1
    assert house.deliveries()[0].state is DeliveryState.DELIVERED


def test_a_test_shows_the_answer_and_a_new_secret_signs_the_next_post(house: House, receiver: Receiver) -> None:
    first = house.set_webhook(receiver)
    second = house.do(webhooks.renew_secret, vault=house.vault).secret
    assert second != first
    ready = house.do(webhooks.prepare_test, vault=house.vault, panel="https://panel.test")
    assert webhooks.send_test(ready, receiver.ca_file).sentence == 'It answered 200 and said: "taken"'
    _, headers, body = receiver.got[0]
    assert headers["Outpost-Signature"] == webhook.signature(second, int(headers["Outpost-Timestamp"]), body)
    receiver.answers = [(302, "")]
    assert "redirect, which is not followed" in webhooks.send_test(ready, receiver.ca_file).sentence


def test_address_and_secret_stand_sealed_and_in_no_audit_line_and_no_repr(house: House, receiver: Receiver) -> None:
    secret = house.set_webhook(receiver)
    with house.database.read() as session:
        row = session.scalars(select(Webhook)).one()
        assert row.address is not None
        assert row.secret is not None
        assert b"of=acme" not in row.address
        assert secret.encode() not in row.secret
        audited = repr([(line.old, line.new) for line in session.scalars(select(Audit))])
    shown = repr(house.do(webhooks.prepare_test, vault=house.vault, panel="https://panel.test"))
    for text in (audited, shown, repr(house.do(webhooks.look))):
        assert "of=acme" not in text
        assert secret not in text


def test_another_host_gets_another_secret_and_the_same_one_keeps_it(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    assert house.do(webhooks.keep, address=receiver.address, kinds=TOLD_KINDS, vault=house.vault).secret == ""
    assert house.do(webhooks.keep, address="https://other.test/", kinds=TOLD_KINDS, vault=house.vault).secret


@pytest.mark.parametrize(
    "address",
    [
        *("", "http://hooks.test/", "https://", "hooks.test/x", "https://u:p@hooks.test/", "https://h.test/#x"),
        *("https://h.test/a b", "https://h.test:99999/", "https://h.test/" + "x" * 600, "file:///etc/passwd"),
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused_with_a_sentence(house: House, address: str) -> None:
    with pytest.raises(BadAddress, match=r"\.$"):
        webhook.checked(address)
    with pytest.raises(Problem, match=r"\.$"):
        house.do(webhooks.keep, address=address, kinds=TOLD_KINDS, vault=house.vault)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.1.2.3", "localhost"])
def test_a_private_place_is_never_posted_to(host: str) -> None:
    answer = post(Call(f"https://{host}/", "s", "d", "test", b"{}", 0), NetworkGuard())
    assert (answer.status, "private or reserved network" in answer.sentence) == (0, True)


def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["8.8.8.8"]]  # judged once: the first is what would be connected to
    guard = NetworkGuard(resolver=lambda host, port: answers.pop(0))
    answer = post(Call(receiver.address, "s", "d", "test", b"{}", 0), guard, receiver.ca_file)
    assert (answer.status, receiver.got, len(answers)) == (0, [], 1)


def test_another_port_on_the_internet_and_a_strange_certificate_are_refused(house: House, receiver: Receiver) -> None:
    away = post(Call("https://8.8.8.8:8443/", "s", "d", "test", b"{}", 0), NetworkGuard())
    assert away.sentence == "Only port 443 is used on the public internet; leave the port out of the address."
    strange = post(Call(receiver.address, "s", "d", "test", b"{}", 0), NetworkGuard.allowing(["127.0.0.0/8"]))
    assert "not issued by a known authority" in strange.sentence
    assert receiver.got == []


def test_a_practice_installation_posts_to_its_own_networks_only(house: House, receiver: Receiver) -> None:
    guard = NetworkGuard(only_allowed=True, resolver=lambda host, port: ["93.184.216.34"])
    assert "practice workspace" in post(Call("https://hooks.test/", "s", "d", "test", b"{}", 0), guard).sentence


def test_an_admin_of_named_identities_neither_sees_nor_sets_the_webhook(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    with house.database.write() as session:
        admin = makers.member(session, house.workspace_id, Role.ADMIN, [house.ada.id])
    for task, values in (
        (webhooks.look, {}),
        (webhooks.forget, {}),
        (webhooks.prepare_test, {"vault": house.vault, "panel": ""}),
        (webhooks.keep, {"address": receiver.address, "kinds": TOLD_KINDS, "vault": house.vault}),
    ):
        with pytest.raises(Denied):
            house.do(task, admin, **values)


def test_disconnecting_an_address_drops_what_waits(house: House, receiver: Receiver) -> None:
    house.set_webhook(receiver)
    house.breaks()
    house.do(mailboxes.disconnect, mailbox_id=house.box.id)
    assert (house.deliver(), house.deliveries()[0].state) == (0, DeliveryState.DROPPED)

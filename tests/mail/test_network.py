"""Which addresses may be connected to, in every form an address has, and what a name that changes its mind can't do."""

import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest

from engine.connections.network import WEB_PORTS, Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble, Trouble
from tests.bed.scripted import Authority, Script, scripted_imap
from tests.mail.conftest import LOOPBACK

REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",  # a cloud's metadata
    "127.0.0.1",
    "127.8.8.8",
    "168.63.129.16",  # a cloud's host service on an address that looks public
    "169.254.169.254",  # metadata of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata of another
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # mapped
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "192.169.0.1",
    "2a00:1450:4001:830::200e",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(ConnectionTrouble) as refused:
        NetworkGuard().addresses(address, 993, Deadline.after(1), frozenset({993}))
    assert refused.value.trouble is Trouble.NETWORK_NOT_ALLOWED


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert NetworkGuard().addresses(address, 993, Deadline.after(1), frozenset({993})) == [address]


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.168.7.0/24", "192.168.7.9", "192.168.8.9"),
        ("10.0.0.5", "10.0.0.5", "10.0.0.6"),
        ("fd12::/16", "fd12::25", "fd13::25"),
        ("127.0.0.0/8", "::ffff:7f00:1", "::1"),
    ],
)
def test_an_allowed_network_opens_itself_and_nothing_beside(network: str, inside: str, outside: str) -> None:
    guard = NetworkGuard.allowing([network])
    assert guard.addresses(inside, 20143, Deadline.after(1), frozenset({993})) == [inside]  # on any port
    with pytest.raises(ConnectionTrouble):
        guard.addresses(outside, 993, Deadline.after(1), frozenset({993}))


@pytest.mark.parametrize("port", [25, 80, 143, 22, 6379, 11211, 2525])
def test_only_the_ports_of_encrypted_mail_are_used_outside(port: int) -> None:
    with pytest.raises(ConnectionTrouble) as refused:
        NetworkGuard().connect("8.8.8.8", port, Deadline.after(1))
    assert refused.value.trouble is Trouble.PORT_NOT_ALLOWED


def test_only_https_is_used_for_the_web() -> None:
    with pytest.raises(ConnectionTrouble) as refused:
        NetworkGuard().connect("8.8.8.8", 80, Deadline.after(1), WEB_PORTS)
    assert refused.value.trouble is Trouble.PORT_NOT_ALLOWED


def test_of_two_addresses_only_the_public_one_is_left() -> None:
    guard = NetworkGuard(resolver=lambda host, port: ["169.254.169.254", "8.8.8.8", "::1"])
    assert guard.addresses("mail.evil.test", 993, Deadline.after(1), frozenset({993})) == ["8.8.8.8"]


def test_a_name_that_changes_its_mind_after_the_check_is_asked_once() -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        guard = NetworkGuard.allowing(["127.0.0.0/8"], resolver)
        with guard.connect("rebind.evil.test", port, Deadline.after(2)) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"
    assert asked == ["rebind.evil.test"]


def test_the_judged_address_is_connected_to_while_the_certificate_is_checked_against_the_name(authority: Authority) -> None:
    """The server's certificate is for localhost; asked for under another name at the same address, it is not believed."""
    guard = NetworkGuard.allowing(["127.0.0.0/8"], lambda host, port: ["127.0.0.1"])
    context = ssl.create_default_context(cafile=authority.file)
    with scripted_imap(Script(context=authority.good(), implicit_tls=True)) as port:
        with (
            guard.connect("localhost", port, Deadline.after(2)) as plain,
            context.wrap_socket(plain, server_hostname="localhost"),
        ):
            pass
        with (
            guard.connect("imap.elsewhere.test", port, Deadline.after(2)) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname="imap.elsewhere.test")


def test_a_name_that_nobody_knows_says_so() -> None:
    with pytest.raises(ConnectionTrouble) as refused:
        NetworkGuard(resolver=lambda host, port: []).connect("imap.typo.test", 993, Deadline.after(1))
    assert refused.value.sentence == "There is no server named imap.typo.test; check the spelling of the host."


def test_a_resolver_that_never_answers_is_left_in_time() -> None:
    release = threading.Event()

    def resolver(host: str, port: int) -> list[str]:
        release.wait(10)
        return []

    began = time.monotonic()
    with pytest.raises(ConnectionTrouble) as refused:
        NetworkGuard(resolver=resolver).connect("imap.slow.test", 993, Deadline.after(0.2))
    release.set()
    assert refused.value.trouble is Trouble.TIMED_OUT
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]"])
def test_no_way_of_writing_loopback_gets_through(host: str) -> None:
    with pytest.raises(ConnectionTrouble):
        NetworkGuard().connect(host, 993, Deadline.after(2))


def test_the_second_address_is_tried_when_the_first_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        guard = NetworkGuard.allowing(["127.0.0.0/8"], lambda host, port: ["127.0.0.9", "127.0.0.1"])
        with guard.connect("two.test", listener.getsockname()[1], Deadline.after(2)) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"


def test_a_practice_installation_reaches_its_stand_ins_and_nobody_else() -> None:
    guard = replace(LOOPBACK, only_allowed=True)
    assert guard.addresses("127.0.0.1", 20143, Deadline.after(1), frozenset()) == ["127.0.0.1"]
    for address in (*PUBLIC, "10.0.0.1"):
        with pytest.raises(ConnectionTrouble) as refused:
            guard.addresses(address, 993, Deadline.after(1), frozenset({993}))
        assert refused.value.trouble is Trouble.PRACTICE_ONLY


def test_a_network_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        NetworkGuard.allowing(["my network"])


def test_loopback_is_allowed_where_the_tests_say_so() -> None:
    assert LOOPBACK.addresses("127.0.0.1", 1, Deadline.after(1), frozenset())

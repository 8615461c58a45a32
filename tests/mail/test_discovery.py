"""How the servers of an address are found: the own table, the MX, SRV, autoconfig, and at last a guess."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import pytest

from engine.channels.effects import Server
from engine.connections import autoconfig
from engine.connections.discovery import Proposal, ask_dns, guess, propose
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.servers import HOSTS, host_of_domain, host_of_mx
from engine.connections.trouble import ConnectionTrouble
from storage.kinds import Security
from tests.bed.scripted import Authority
from tests.mail.conftest import LOOPBACK

FILE = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="acme.test"><domain>acme.test</domain>
 <incomingServer type="pop3"><hostname>pop.acme.test</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
 <incomingServer type="imap"><hostname>plain.acme.test</hostname><port>143</port>
  <socketType>plain</socketType></incomingServer>
 <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
  <username>%EMAILLOCALPART%</username></incomingServer>
 <outgoingServer type="smtp"><hostname>SMTP.acme.test</hostname><port>587</port>
  <socketType>STARTTLS</socketType></outgoingServer>
</emailProvider></clientConfig>"""


class Records(dict[tuple[str, str], list[str]]):
    """The DNS of a test: what each name says, and what was asked."""

    asked: list[tuple[str, str]]

    def __call__(self, name: str, kind: str, seconds: float) -> list[str]:
        self.__dict__.setdefault("asked", []).append((name, kind))
        return self.get((name, kind), [])


def nothing_there(url: str, deadline: Deadline) -> bytes:
    raise OSError("nothing there")


def found(address: str, records: Records | None = None, fetch: object = nothing_there) -> Proposal:
    return propose(address, NetworkGuard(), 3, records or Records(), fetch)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "imap", "smtp_port"),
    [
        ("ada@gmail.com", "imap.gmail.com", 587),
        ("ada@GMX.de", "imap.gmx.net", 587),
        ("ada@web.de", "imap.web.de", 587),
        ("ada@icloud.com", "imap.mail.me.com", 587),
        ("ada@yahoo.com", "imap.mail.yahoo.com", 465),
        ("ada@fastmail.com", "imap.fastmail.com", 465),
        ("ada@mailbox.org", "imap.mailbox.org", 465),
    ],
)
def test_a_known_domain_needs_no_network(address: str, imap: str, smtp_port: int) -> None:
    records = Records()
    proposal = found(address, records)
    assert (proposal.imap, proposal.smtp.port) == (Server(imap, 993, Security.SSL), smtp_port)
    assert "asked" not in records.__dict__


@pytest.mark.parametrize(
    ("exchange", "provider"),
    [
        ("aspmx.l.google.com.", "Google"),
        ("smtp.google.com.", "Google"),
        ("acme-io.mail.protection.outlook.com.", "Microsoft 365"),
        ("acme-io.a-v1.mx.microsoft.", "Microsoft 365"),
        ("hotmail-com.olc.protection.outlook.com.", "Outlook.com"),
        ("mx00.ionos.de.", "IONOS (DE)"),
        ("mx00.kundenserver.de.", "IONOS (DE)"),
        ("mx1.mail.ovh.net.", "OVH"),
        ("in1-smtp.messagingengine.com.", "Fastmail"),
        ("mx.zoho.eu.", "Zoho (EU)"),
        ("smtpin.rzone.de.", "STRATO"),
        ("www123.your-server.de.", "Hetzner"),
        ("mta-gw.infomaniak.ch.", "Infomaniak"),
        ("spool.mail.gandi.net.", "Gandi"),
        ("mx1.privateemail.com.", "Namecheap Private Email"),
        ("smtp.secureserver.net.", "GoDaddy"),
    ],
)
def test_the_mx_says_who_hosts_a_domain(exchange: str, provider: str) -> None:
    proposal = found("ada@acme.test", Records({("acme.test", "MX"): [f"10 {exchange}"]}))
    assert proposal.source == f"acme.test receives its mail at {provider}"


@pytest.mark.parametrize("exchange", ["google.com.evil.test.", "notgoogle.com.", "mx.acme.test.", "."])
def test_an_mx_that_only_looks_like_a_provider_is_none(exchange: str) -> None:
    assert host_of_mx(exchange) is None


def test_microsoft_is_refused_with_the_reason() -> None:
    proposal = found("ada@acme.test", Records({("acme.test", "MX"): ["0 acme-test.mail.protection.outlook.com."]}))
    assert "Microsoft switched password sign-in off" in proposal.refused
    assert "Microsoft switched password sign-in off" in found("ada@hotmail.com").refused


def test_srv_records_are_used_where_both_sides_have_one() -> None:
    records = Records(
        {
            ("_imaps._tcp.acme.test", "SRV"): ["0 1 993 Mail.Acme.test."],
            ("_submissions._tcp.acme.test", "SRV"): ["0 1 465 mail.acme.test."],
        }
    )
    proposal = found("ada@acme.test", records)
    assert proposal.imap == Server("mail.acme.test", 993, Security.SSL)
    assert proposal.smtp == Server("mail.acme.test", 465, Security.SSL)
    assert proposal.source == "SRV records of acme.test"


def test_an_srv_record_that_says_no_is_skipped() -> None:
    records = Records(
        {
            ("_imaps._tcp.acme.test", "SRV"): ["0 0 0 ."],
            ("_imap._tcp.acme.test", "SRV"): ["0 1 143 mail.acme.test."],
            ("_submission._tcp.acme.test", "SRV"): ["0 1 587 mail.acme.test."],
        }
    )
    assert found("ada@acme.test", records).imap == Server("mail.acme.test", 143, Security.STARTTLS)


def test_the_autoconfig_file_is_used_and_its_place_named() -> None:
    asked = []

    def fetch(url: str, deadline: Deadline) -> bytes:
        asked.append(url)
        return FILE.encode()

    proposal = found("ada@acme.test", fetch=fetch)
    assert proposal.imap == Server("imap.acme.test", 993, Security.SSL)
    assert proposal.smtp == Server("smtp.acme.test", 587, Security.STARTTLS)
    assert proposal.username == "ada"
    assert proposal.source == "the autoconfig file at https://autoconfig.acme.test/mail/config-v1.1.xml"
    assert all(url.startswith("https://") for url in asked)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not found</html>",
        b"<a",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<?xml version="1.0"?><!doctype x SYSTEM "file:///etc/passwd"><clientConfig/>',
        FILE.encode("utf-16"),
        b"<clientConfig>" + b" " * 200_000 + b"</clientConfig>",
        FILE.replace("STARTTLS", "plain").encode(),
        FILE.replace("SMTP.acme.test", "169.254.169.254/x").encode(),
        FILE.replace("SMTP.acme.test", "a b\r\nc").encode(),
        FILE.replace("587", "x").encode(),
    ],
)
def test_a_file_that_is_not_to_be_trusted_leaves_the_guess(content: bytes) -> None:
    assert found("ada@acme.test", fetch=lambda url, deadline: content) == guess("ada@acme.test")


def test_when_nothing_is_published_the_guess_says_that_it_is_one() -> None:
    proposal = found("ada@Bücher.example")
    assert (proposal.imap.host, proposal.smtp.host) == ("imap.xn--bcher-kva.example", "smtp.xn--bcher-kva.example")
    assert proposal.source == "a guess from the address"


def test_slow_dns_and_slow_files_end_in_a_guess_in_time() -> None:
    def slow_file(url: str, deadline: Deadline) -> bytes:
        time.sleep(1.5)
        return FILE.encode()

    began = time.monotonic()
    assert propose("ada@acme.test", NetworkGuard(), 0.5, Records(), slow_file) == guess("ada@acme.test")
    assert time.monotonic() - began < 1.2


def test_every_host_of_the_table_is_encrypted_on_the_usual_ports() -> None:
    for host in HOSTS:
        assert (host.imap.port, host.imap.security) == (993, Security.SSL)
        assert (host.smtp.port, host.smtp.security) in ((465, Security.SSL), (587, Security.STARTTLS))
    domains = [domain for host in HOSTS for domain in host.domains]
    assert len(domains) == len(set(domains))
    assert len(HOSTS) >= 25
    assert host_of_domain("acme.test") is None


@contextmanager
def web(authority: Authority, answer: bytes, status: int = 200, location: str = "") -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *values: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = authority.good().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def test_a_file_is_fetched_over_https(authority: Authority) -> None:
    with web(authority, FILE.encode()) as port:
        fetch = autoconfig.fetcher(LOOPBACK, authority.file)
        assert fetch(f"https://localhost:{port}/mail/config-v1.1.xml", Deadline.after(3)) == FILE.encode()


@pytest.mark.parametrize(
    ("answer", "status", "location"),
    [(b"", 404, ""), (b"", 302, "http://169.254.169.254/"), (b"", 500, ""), (b"x" * 150_000, 200, "")],
)
def test_no_redirect_is_followed_and_no_long_file_read(
    authority: Authority, answer: bytes, status: int, location: str
) -> None:
    with web(authority, answer, status, location) as port, pytest.raises((OSError, ValueError)):
        autoconfig.fetcher(LOOPBACK, authority.file)(f"https://localhost:{port}/x", Deadline.after(3))


def test_a_private_address_is_not_asked_for_a_file(authority: Authority) -> None:
    with web(authority, FILE.encode()) as port, pytest.raises(ConnectionTrouble):
        autoconfig.fetcher(NetworkGuard(), authority.file)(f"https://localhost:{port}/x", Deadline.after(3))


def test_a_resolver_that_does_not_answer_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = dns.resolver.Resolver(configure=False)
    silent.nameservers, silent.port = ["127.0.0.1"], 9
    monkeypatch.setattr(dns.resolver, "default_resolver", silent)
    assert ask_dns("acme.test", "MX", 0.3) == []


def test_records_come_in_the_order_of_their_preference(monkeypatch: pytest.MonkeyPatch) -> None:
    said = dns.message.from_text(
        "id 1\nopcode QUERY\nrcode NOERROR\nflags QR RD RA\n;QUESTION\nacme.test. IN MX\n"
        ";ANSWER\nacme.test. 60 IN MX 20 b.acme.test.\nacme.test. 60 IN MX 5 a.acme.test.\n"
    )
    answer = dns.resolver.Answer(dns.name.from_text("acme.test."), dns.rdatatype.MX, dns.rdataclass.IN, said)
    monkeypatch.setattr(dns.resolver, "resolve", lambda *values, **named: answer)
    assert ask_dns("acme.test", "MX", 1) == ["5 a.acme.test.", "20 b.acme.test."]

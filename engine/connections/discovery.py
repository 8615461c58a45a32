"""Where an address's servers are: the own table, the MX, SRV records, autoconfig files, and at last a guess.

Nothing here needs the password. What is found is a proposal that the person sees and may change.
"""

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.resolver
import idna

from engine.channels.effects import Server
from engine.connections import autoconfig, servers
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble
from storage.kinds import Security


@dataclass(frozen=True, slots=True)
class Proposal:
    """The servers to try. `source` says in words how they were found; `refused` why a password can't work there."""

    imap: Server
    smtp: Server
    username: str
    source: str
    hint: str = ""
    refused: str = ""


Lookup = Callable[[str, str, float], list[str]]
Fetch = Callable[[str, Deadline], bytes]


def ask_dns(name: str, kind: str, seconds: float) -> list[str]:
    """The records of a name as text, best first; none when there are none or the resolver does not answer."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=seconds, search=False)
    except (dns.exception.DNSException, OSError):
        return []
    return [record.to_text() for record in sorted(answer, key=_preference)]


def _preference(record: object) -> tuple[int, int]:
    """MX by preference; SRV by priority, then the heavier first."""
    return getattr(record, "preference", getattr(record, "priority", 0)), -getattr(record, "weight", 0)


def propose(
    address: str,
    network: NetworkGuard,
    seconds: float = 8,
    lookup: Lookup = ask_dns,
    fetch: Fetch | None = None,
) -> Proposal:
    """The servers of an address, in at most `seconds`; there is always an answer, at worst a guess."""
    deadline = Deadline.after(seconds)
    domain = _ascii_domain(address)
    known = servers.host_of_domain(domain)
    if known:
        return _of_host(known, address, f"known servers of {known.name}")
    try:
        return _asked(address, domain, deadline, lookup, fetch or autoconfig.fetcher(network))
    except TimeoutError:
        return guess(address)


def _asked(address: str, domain: str, deadline: Deadline, lookup: Lookup, fetch: Fetch) -> Proposal:
    exchanges = [record.split()[-1] for record in lookup(domain, "MX", min(3, deadline.left()))]
    for exchange in exchanges:
        host = servers.host_of_mx(exchange)
        if host:
            return _of_host(host, address, f"{domain} receives its mail at {host.name}")
    found = _by_srv(address, domain, deadline, lookup) or _by_autoconfig(address, domain, deadline, fetch)
    return found or guess(address)


def _of_host(host: servers.Host, address: str, source: str) -> Proposal:
    return Proposal(host.imap, host.smtp, address, source, host.hint, host.refused)


def _by_srv(address: str, domain: str, deadline: Deadline, lookup: Lookup) -> Proposal | None:
    """RFC 6186 and 8314; a "." as target says that the service is not offered."""
    imap = _srv(domain, (("_imaps", Security.SSL), ("_imap", Security.STARTTLS)), deadline, lookup)
    smtp = _srv(domain, (("_submissions", Security.SSL), ("_submission", Security.STARTTLS)), deadline, lookup)
    return Proposal(imap, smtp, address, f"SRV records of {domain}") if imap and smtp else None


def _srv(domain: str, services: tuple[tuple[str, Security], ...], deadline: Deadline, lookup: Lookup) -> Server | None:
    for service, security in services:
        for record in lookup(f"{service}._tcp.{domain}", "SRV", min(2, deadline.left())):
            _priority, _weight, port, target = record.split()
            if target != ".":
                return Server(target.rstrip(".").lower(), int(port), security)
    return None


def _by_autoconfig(address: str, domain: str, deadline: Deadline, fetch: Fetch) -> Proposal | None:
    """Both places at once, the first of the list wins; neither may delay the form for long."""
    urls = autoconfig.places(domain, address)
    limit = Deadline.after(min(4, deadline.left()))
    pool = concurrent.futures.ThreadPoolExecutor(len(urls), thread_name_prefix="autoconfig")
    waiting = [(url, pool.submit(fetch, url, limit)) for url in urls]
    pool.shutdown(wait=False)
    for url, answer in waiting:
        try:
            found = autoconfig.read(answer.result(limit.left()), address)
        except (ConnectionTrouble, OSError, ValueError, concurrent.futures.TimeoutError):
            continue
        return Proposal(found.imap, found.smtp, found.username, f"the autoconfig file at {url.split('?')[0]}")
    return None


def guess(address: str) -> Proposal:
    """What is usual where nobody says anything."""
    domain = _ascii_domain(address)
    return Proposal(
        Server(f"imap.{domain}", 993, Security.SSL),
        Server(f"smtp.{domain}", 587, Security.STARTTLS),
        address,
        "a guess from the address",
        "Nothing was published for this domain; take host and port from the provider's help page if the guess is wrong.",
    )


def _ascii_domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip().lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain

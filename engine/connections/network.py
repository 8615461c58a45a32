"""Which servers Outpost may talk to, and the one way to open a connection to them.

A name is resolved once, every address is judged, and the address that was judged is the one connected to; TLS still
checks the certificate against the *name*. So a name that resolves to something else a moment later gains nothing.
"""

import io
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from engine import clock
from engine.connections.trouble import ConnectionTrouble, Trouble

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAIL_PORTS = frozenset({993, 587, 465})
WEB_PORTS = frozenset({443})

_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # the host service of one cloud, on an address that looks public
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Deadline:
    """One instant by which everything must be over."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(clock.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that remain; TimeoutError when there are none."""
        remaining = self.at - clock.monotonic()
        if remaining <= 0:
            raise TimeoutError("The time for this is over.")
        return remaining


class Timed(Protocol):
    """Whatever says how much time is left: a deadline, or a session whose deadline moves on."""

    def left(self) -> float: ...


class TimedStream(io.RawIOBase):
    """What is read from a socket, each wait cut to the deadline: a server that drips bytes can't hold it open."""

    def __init__(self, sock: socket.socket, time: Timed) -> None:
        self._sock = sock
        self._time = time

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        self._sock.settimeout(self._time.left())
        return self._sock.recv_into(buffer)


def timed_reader(sock: socket.socket, time: Timed) -> io.BufferedReader:
    return io.BufferedReader(TimedStream(sock, time))


Resolver = Callable[[str, int], list[str]]


REMEMBERED = 30.0  # seconds: no longer than the shortest usual life of a record of a mail server
_remembered: dict[tuple[str, int], tuple[float, list[str]]] = {}
_remembering = threading.Lock()


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a name as this computer sees them (hosts file included); OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class NetworkGuard:
    """Refuses private, loopback, link-local, multicast and metadata addresses outside the `allowed` networks.

    In an allowed network any port may be used; elsewhere only the ports the caller names. With `only_allowed`, as in a
    practice installation, nothing else is reached at all.
    """

    allowed: tuple[Network, ...] = ()
    resolver: Resolver = system_resolver
    only_allowed: bool = False

    @classmethod
    def allowing(cls, networks: Iterable[str], resolver: Resolver = system_resolver) -> "NetworkGuard":
        """A guard with these networks ("192.168.7.0/24"); ValueError for one that is none."""
        return cls(tuple(ipaddress.ip_network(network.strip(), strict=False) for network in networks), resolver)

    def may_reach(self, address: Address) -> bool:
        if self._is_allowed(address):
            return True
        return not self.only_allowed and not any(_is_refused(form) for form in _forms(address))

    def addresses(self, host: str, port: int, deadline: Deadline, ports: frozenset[int]) -> list[str]:
        """The addresses of `host` that may be connected to on `port`; ConnectionTrouble when there is none."""
        found = [ipaddress.ip_address(text.split("%")[0]) for text in self._resolve(host, port, deadline)]
        reachable = [address for address in found if self.may_reach(address)]
        if not reachable:
            raise ConnectionTrouble(Trouble.PRACTICE_ONLY if self.only_allowed else Trouble.NETWORK_NOT_ALLOWED, host, port)
        usable = [address for address in reachable if port in ports or self._is_allowed(address)]
        if not usable:
            raise ConnectionTrouble(Trouble.PORT_NOT_ALLOWED, host, port)
        return [str(address) for address in usable]

    def connect(self, host: str, port: int, deadline: Deadline, ports: frozenset[int] = MAIL_PORTS) -> socket.socket:
        """A TCP connection to one of the judged addresses of `host`; ConnectionTrouble when there is none."""
        refused: OSError = OSError("no address")
        for address in self.addresses(host, port, deadline, ports)[:4]:
            try:
                return _prompt(socket.create_connection((address, port), timeout=deadline.left()))
            except OSError as error:
                refused = error
        with _remembering:
            _remembered.pop((host, port), None)  # it may have moved
        timed_out = isinstance(refused, TimeoutError)
        raise ConnectionTrouble(Trouble.TIMED_OUT if timed_out else Trouble.PORT_CLOSED, host, port) from refused

    def _is_allowed(self, address: Address) -> bool:
        return any(form in network for form in _forms(address) for network in self.allowed)

    def _resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        """getaddrinfo knows no timeout, so it gets a thread that may be left behind."""
        answer: list[list[str]] = []

        def ask() -> None:
            try:
                answer.append(self.resolver(host, port))
            except (OSError, UnicodeError):
                answer.append([])

        if _is_literal(host):
            return [host]
        known = _remembered.get((host, port)) if self.resolver is system_resolver else None
        if known is not None and known[0] > clock.monotonic():
            return known[1]
        thread = threading.Thread(target=ask, name="resolve", daemon=True)
        thread.start()
        thread.join(deadline.left())
        if not answer:
            raise ConnectionTrouble(Trouble.TIMED_OUT, host, port)
        if not answer[0]:
            raise ConnectionTrouble(Trouble.HOST_NOT_FOUND, host, port)
        if self.resolver is system_resolver:
            _remember(host, port, answer[0])
        return answer[0]


def _prompt(connection: socket.socket) -> socket.socket:
    """What is written goes out at once: else the end of a mail waits for the answer to what came before it (Nagle)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _remember(host: str, port: int, addresses: list[str]) -> None:
    """A round of visits goes to the same few servers hundreds of times; each address is judged anew all the same."""
    now = clock.monotonic()
    with _remembering:
        for name in [name for name, (until, _) in _remembered.items() if until <= now]:
            del _remembered[name]
        _remembered[host, port] = (now + REMEMBERED, addresses)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _forms(address: Address) -> tuple[Address, ...]:
    """The address and, for an IPv6 one that carries an IPv4 one (mapped, compatible, NAT64, 6to4), that one as well."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or int(address) >> 32 == 0):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return (address,) if inner is None else (address, inner)


def _is_refused(address: Address) -> bool:
    return any(address in network for network in _REFUSED)

"""A name server on a free UDP port for tests: it answers TXT and MX from tables, as real ones do, or stays silent."""

import socket
import threading
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

BROKEN, SILENT = "broken", "silent"


@dataclass
class NameServer:
    """`texts` by name; a name without records of its own but with some below exists (RFC 8020)."""

    texts: dict[str, tuple[str, ...]]
    troubles: dict[str, str] = field(default_factory=dict)  # by name: BROKEN or SILENT
    mxs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def resolver(self) -> dns.resolver.Resolver:
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self._socket.getsockname()[1]
        return made

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(2048)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        name = query.question[0].name.to_text().rstrip(".")
        self.asked.append(name)
        if self.troubles.get(name) == SILENT:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.troubles.get(name) == BROKEN:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif query.question[0].rdtype == dns.rdatatype.MX and name in self.mxs:
            records = [f"10 {host}." for host in self.mxs[name]]
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "MX", *records))
        elif name in self.texts and query.question[0].rdtype == dns.rdatatype.TXT:
            texts = [f'"{text}"' for text in self.texts[name]]
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *texts))
        elif name not in self.texts and not any(known.endswith(f".{name}") for known in self.texts):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

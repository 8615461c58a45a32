"""imaplib's client over a connection that the network guard opened, with the deadline at every wait.

imaplib goes through each line of an answer with up to six patterns and writes it into a log that nobody reads: more than
a visit's own work. A usual line is read here with one pattern; any other goes imaplib's way.
"""

import imaplib
import io
import re
import socket
import ssl
from typing import Any

from engine.channels.effects import Server
from engine.connections.network import Deadline, NetworkGuard, timed_reader
from storage.kinds import Security

_LONGEST_LINE = 1_000_000
# "* 8 EXISTS", "* SEARCH 3 4", "* OK [UIDNEXT 9] Predicted": a number, a word, the rest, and the code within it.
_TOLD = re.compile(rb"\* (?:(\d+) )?([A-Z-]+)(?: ((?:\[([A-Z-]+)(?: (.*))?\])?.*))?\Z")


class Wire(imaplib.IMAP4):
    # imaplib draws a prefix for every connection and compiles the pattern of its answers, at the price of two commands;
    # with one prefix for all, `re` has the pattern at hand.
    tagpre = property(lambda _self: b"OUTP", lambda _self, _drawn: None)

    def __init__(self, server: Server, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline) -> None:
        self._server = server
        self._network = network
        self._context = context
        self._deadline = deadline
        self._reader: tuple[socket.socket, io.BufferedReader] | None = None
        self._unread: bytes | None = None  # a line that was read and is imaplib's to understand
        super().__init__(server.host, server.port)

    def together(self, *commands: bytes) -> list[tuple[str, list[Any]]]:
        """Send commands at once and wait for all their answers: one round trip.

        Only such as mean the same whatever the ones before them are answered (RFC 3501, 5.5).
        """
        tags = [self._new_tag() for _ in commands]
        self.send(b"".join(b"%b %b\r\n" % pair for pair in zip(tags, commands, strict=True)))
        return [self._get_tagged_response(tag) for tag in tags]

    def read(self, size: int) -> bytes:
        return self._timed().read(size)

    def readline(self) -> bytes:
        return self._timed().readline(_LONGEST_LINE + 1)

    def send(self, data: Any) -> None:
        self.sock.settimeout(self._deadline.left())
        self.sock.sendall(data)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        plain = self._network.connect(self._server.host, self._server.port, self._deadline)
        if self._server.security is Security.STARTTLS:
            return plain
        plain.settimeout(self._deadline.left())
        return self._context.wrap_socket(plain, server_hostname=self._server.host)

    def _get_capabilities(self) -> None:
        """What the greeting says already is not asked for: a round trip of every connection."""
        told = self.untagged_responses.pop("CAPABILITY", [b""])[-1]
        if isinstance(told, bytes) and told:
            self.capabilities = tuple(told.decode("ascii", "replace").upper().split())
        else:
            super()._get_capabilities()  # type: ignore[misc] # typeshed does not know it

    def _get_response(self) -> bytes | None:
        """One line, kept as imaplib keeps it: by its word, and the code in its brackets by that code's."""
        line: bytes = self._get_line()
        told = None if line.endswith(b"}") else _TOLD.match(line)  # a literal follows
        if told is None:
            self._unread = line
            return super()._get_response()  # type: ignore[misc,no-any-return]
        number, word, rest, code, detail = told.groups()
        words = b" ".join(filter(None, (number, rest)))
        self._append_untagged(word.decode(), words)
        if code is not None and word in (b"OK", b"NO", b"BAD"):
            self._append_untagged(code.decode(), detail)
        return line

    def _get_line(self) -> bytes:
        line, self._unread = self._unread, None
        if line is not None:
            return line
        line = self.readline()
        if not line:
            raise self.abort("socket error: EOF")
        if not line.endswith(b"\r\n"):
            raise self.abort(f"socket error: unterminated line: {line!r}")
        return line[:-2]

    def _log(self, _line: str) -> None:
        """Nothing of a conversation is kept."""

    def _timed(self) -> io.BufferedReader:
        """The reader of the socket in use; STARTTLS puts another socket in its place, and what was buffered is dropped."""
        if self._reader is None or self._reader[0] is not self.sock:
            self._reader = (self.sock, timed_reader(self.sock, self._deadline))
        return self._reader[1]

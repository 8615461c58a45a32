"""HTTPS over a connection that the network guard opened, every wait cut to one deadline."""

import http.client
import io
import socket
import ssl
from typing import Any

from engine.connections.network import WEB_PORTS, Deadline, NetworkGuard, TimedStream


class JudgedHttps(http.client.HTTPSConnection):
    """The address that was judged is the one connected to; the certificate is checked against the name."""

    def __init__(self, host: str, port: int, network: NetworkGuard, context: ssl.SSLContext, deadline: Deadline) -> None:
        super().__init__(host, port, context=context)
        self._network = network
        self._tls = context
        self._deadline = deadline

    def connect(self) -> None:
        plain: socket.socket = self._network.connect(self.host, self.port, self._deadline, WEB_PORTS)
        plain.settimeout(self._deadline.left())
        try:
            self.sock: Any = _Timed(self._tls.wrap_socket(plain, server_hostname=self.host), self._deadline)
        except BaseException:
            plain.close()
            raise


class _Held(TimedStream):
    """http.client closes the connection before a last answer is read; the file must keep the socket open, as a socket's
    own files do."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__(sock, deadline)
        self._hold = sock.makefile("rb", buffering=0)

    def close(self) -> None:
        self._hold.close()
        super().close()


class _Timed:
    """What http.client asks of a socket; a server that drips its answer can't hold it open."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Held(self._sock, self._deadline))

    def close(self) -> None:
        self._sock.close()

"""A webhook's receiver over HTTPS on this computer: it keeps what it was sent, and answers as it is told to."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import trustme


@dataclass
class Receiver:
    """`answers` are given one after the other, the last for good."""

    ca_file: str
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, "taken")])
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}/hook?of=acme"

    def answer(self) -> tuple[int, str]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving(authority: trustme.CA, ca_file: str) -> Iterator[Receiver]:
    authority.cert_pem.write_to_path(ca_file)
    receiver = Receiver(ca_file)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers), body))
            status, words = receiver.answer()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "https://localhost/elsewhere")
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    thread.join(5)
    server.server_close()

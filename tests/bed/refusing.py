"""A man in the middle of a real IMAP server, who answers some commands himself: refusals that no setting provokes."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bed.bed import Bed


@dataclass
class Refusing:
    """What is answered instead of the server, by the command's first words: "UID FETCH" → "NO [UNAVAILABLE] later"."""

    answers: Mapping[str, str]

    def answer_to(self, line: bytes) -> bytes | None:
        tag, _, command = line.decode("latin-1").strip().partition(" ")
        found = next((said for name, said in self.answers.items() if command.upper().startswith(name)), None)
        return f"{tag} {found}\r\n".encode() if found is not None else None


@contextlib.contextmanager
def refusing_imap(bed: Bed, context: ssl.SSLContext, refusing: Refusing) -> Iterator[int]:
    """Its port, with TLS by `context`; what is not refused goes to the bed's Dovecot and comes from it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(lambda *client: _between(bed, refusing, *client), "127.0.0.1", 0, ssl=context)

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(5)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _between(bed: Bed, refusing: Refusing, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    trust = ssl.create_default_context(cafile=bed.ca_file)
    real, to_real = await asyncio.open_connection("localhost", bed.imap.port, ssl=trust)
    back = asyncio.create_task(_pour(real, writer))
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            said = refusing.answer_to(line)
            (to_real if said is None else writer).write(line if said is None else said)
    to_real.close()
    await back


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)

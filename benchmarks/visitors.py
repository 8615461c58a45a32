"""A browser's tab without a browser: Streamlit's own protocol over its websocket; a time is from asking to the run's end."""

import time
from asyncio import timeout
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from tests.live import LivePanel

_PATIENCE = 60.0  # seconds
_SMALL = 128  # bytes: the end of a run is a tiny message, so the big ones need not be read


@dataclass(slots=True)
class Visitor:
    """One tab on one page; `widget` and `part` are of the page's numbers, once `learn` has seen them."""

    socket: ClientConnection
    page: str
    query: str
    widget: str = ""
    part: str = ""

    async def open(self, number: int = 1) -> float:
        """The whole page anew, as after a change of its address; milliseconds."""
        return await self._run(self._asking(number))

    async def turn(self, number: int) -> float:
        """Another page of the list, as a click on its number: the part that holds the list runs; milliseconds."""
        asked = self._asking(number)
        asked.rerun_script.fragment_id = self.part
        asked.rerun_script.widget_states.widgets.add(id=self.widget, int_value=number)
        return await self._run(asked)

    async def learn(self) -> None:
        """Open the page and read what a browser would know of its numbers."""
        await self.socket.send(self._asking(1).SerializeToString())
        while True:
            part = ForwardMsg.FromString(bytes(await self.socket.recv()))  # type: ignore[arg-type]
            if part.WhichOneof("type") == "script_finished":
                return
            if part.WhichOneof("type") == "delta":
                self._note(part.delta)

    def _note(self, delta: Delta) -> None:
        if delta.new_element.WhichOneof("type") == "pagination":
            self.widget, self.part = delta.new_element.pagination.id, delta.fragment_id

    def _asking(self, number: int) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = f"{self.query}&page={number}"
        message.rerun_script.page_name = self.page
        return message

    async def _run(self, asked: BackMsg) -> float:
        began = time.perf_counter()
        async with timeout(_PATIENCE):
            await self.socket.send(asked.SerializeToString())
            await self._end()
        return (time.perf_counter() - began) * 1000

    async def _end(self) -> None:
        while True:
            answer = await self.socket.recv()
            if len(answer) <= _SMALL and isinstance(answer, bytes):
                part = ForwardMsg.FromString(answer)
                if part.WhichOneof("type") == "script_finished":
                    assert part.script_finished in (
                        ForwardMsg.FINISHED_SUCCESSFULLY,
                        ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                    )
                    return


def socket_to(panel: LivePanel, cookie: str) -> connect:
    return connect(
        f"ws://127.0.0.1:{panel.port}/_stcore/stream",
        additional_headers={"Cookie": cookie, "Origin": panel.address},
        max_size=None,
        compression=None,
    )

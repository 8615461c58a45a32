"""Outpost: one ASGI app of Streamlit's pages and the plain routes, behind one gate, with the worker at its side.

Start it with `python app.py`: it fails closed. (`streamlit run app.py` is gated alike.)
"""

import gc

from engine import interrupts

if __name__ == "__main__":
    interrupts.leave_at_once()
    gc.disable()  # until all is imported and frozen: none of it is garbage, and looking for some is a sixth of a start

import asyncio
import contextlib
import importlib
import socket
import sys
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from engine import first_start, logs, setup_code, supervision
from engine.config import Config, load
from engine.desk import Problem
from engine.installation import Outpost, current
from pages import errors
from pages.plain import routes
from pages.plain.gate import Gate

# What every page needs. Tables and charts need pandas and Arrow as well: 80 MB that wait for the first of them.
_WARM = ("numpy", "streamlit.runtime.scriptrunner.magic_funcs")


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """The worker runs while the panel does."""
    logs.set_up()
    here = current()
    stop = asyncio.Event()
    keeping = asyncio.create_task(supervision.supervise(stop) if here.config.with_worker else stop.wait())
    warming = asyncio.create_task(asyncio.to_thread(_warm))
    sys.stdout.write(f"\n  Outpost is at {here.config.public_url}\n{_setup_line(here)}  Stop it with Ctrl-C.\n\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        stop.set()
        await keeping
        await warming
        here.database.close()


def _setup_line(here: Outpost) -> str:
    """Where the set-up code lies, while it is asked for; the code itself is in no log."""
    with here.database.read() as session:
        is_owed = first_start.is_needed(session)
    if not is_owed or not setup_code.is_asked(here.config):
        return ""
    return f"  The first start asks for the code in {setup_code.keep(here.config)}\n"


def _warm() -> None:
    """The first page must not pay for these imports; frozen, they are never walked by the garbage collector again."""
    for name in _WARM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.enable()


app = st.App(
    "pages/router.py",
    routes=[*routes.PUBLIC, *routes.PRIVATE],
    middleware=[Middleware(Gate, public=routes.PUBLIC, private=routes.PRIVATE)],
    lifespan=lifespan,
    on_script_error=errors.on_script_error,
)


def main() -> int:
    try:
        config = load()
        _require_free(config)
        current()
    except Problem as problem:
        sys.stderr.write(f"\n  Outpost can't start: {problem}\n\n")
        return 1
    app.run(config={"server.port": config.port, "server.address": config.address})
    return 0  # after Ctrl-C it is not reached: the server has obeyed it by then, and says it again


def _require_free(config: Config) -> None:
    """A taken port gets a sentence before the database is opened."""
    family = socket.AF_INET6 if ":" in config.address else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((config.address, config.port))
        except OSError as trouble:
            raise Problem(
                f"It can't listen on {config.address}, port {config.port} ({trouble.strerror}). End what uses it, or set"
                " OUTPOST_PORT or OUTPOST_ADDRESS."
            ) from trouble


if __name__ == "__main__":
    sys.exit(main())

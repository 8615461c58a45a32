"""The page behind a mail's unsubscribe link: looking changes nothing, since scanners look; only POST does (RFC 8058)."""

from collections.abc import Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import clock, unsubscribes
from engine.desk import Problem
from engine.installation import current
from engine.unsubscribes import WayOut
from engine.warm_up_key import key_for
from pages.plain import forms


async def show(request: Request) -> Response:
    return await _page(request, _look)


async def act(request: Request) -> Response:
    """A mail provider sends no form token and no cookie; the signature in the link is what allows it."""
    return await _page(request, _unsubscribe)


async def _page(request: Request, task: Callable[[str], WayOut]) -> Response:
    try:
        way_out = await anyio.to_thread.run_sync(task, request.path_params["token"])
    except Problem as problem:
        return forms.page(request, "unsubscribe", status=404, problem=str(problem), way_out=None)
    return forms.page(request, "unsubscribe", way_out=way_out)


def _look(token: str) -> WayOut:
    here = current()
    with here.database.read() as session:
        return unsubscribes.look(session, token, key_for(here.vault))


def _unsubscribe(token: str) -> WayOut:
    here = current()
    with here.database.write() as session:
        return unsubscribes.unsubscribe(session, token, key_for(here.vault), clock.now())

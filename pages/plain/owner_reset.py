"""The page behind an owner's reset link: choosing a new password."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import clock, owner_resets
from engine.desk import Problem
from engine.installation import current
from engine.owner_resets import Reset
from pages.plain import forms
from pages.plain.forms import Sent


async def show(request: Request) -> Response:
    return await _page(request)


async def accept(request: Request) -> Response:
    form = await forms.sent(request)
    if not form.is_own:
        return await _page(request, forms.STALE)
    try:
        token = await anyio.to_thread.run_sync(_accept, request, form)
    except Problem as problem:
        return await _page(request, str(problem))
    return forms.with_session(forms.go("/"), token, current().config)


async def _page(request: Request, problem: str = "") -> Response:
    try:
        reset = await anyio.to_thread.run_sync(_look, request.path_params["token"])
    except Problem as gone:
        return forms.page(request, "gone", status=410, why=str(gone))
    return forms.page(request, "owner_reset", status=422 if problem else 200, problem=problem, reset=reset)


def _look(token: str) -> Reset:
    with current().database.read() as session:
        return owner_resets.look(session, token, clock.now())


def _accept(request: Request, form: Sent) -> str:
    token = request.path_params["token"]
    return owner_resets.accept(current().database, token, form["password"], forms.browser(request), clock.now())

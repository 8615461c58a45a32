"""The page behind an invitation link: what it offers, and becoming a user by it."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import clock, invitations
from engine.desk import Problem
from engine.installation import current
from engine.invitations import Offer
from pages.plain import forms
from pages.plain.forms import Sent


async def show(request: Request) -> Response:
    return await _page(request)


async def accept(request: Request) -> Response:
    form = await forms.sent(request)
    if not form.is_own:
        return await _page(request, forms.STALE, form["name"])
    try:
        token = await anyio.to_thread.run_sync(_accept, request, form)
    except Problem as problem:
        return await _page(request, str(problem), form["name"])
    return forms.go("/sign-in") if token is None else forms.with_session(forms.go("/"), token, current().config)


async def _page(request: Request, problem: str = "", name: str = "") -> Response:
    try:
        offer = await anyio.to_thread.run_sync(_look, request.path_params["token"])
    except Problem as gone:
        return forms.page(request, "gone", status=410, why=str(gone))
    return forms.page(request, "invitation", status=422 if problem else 200, problem=problem, offer=offer, name=name)


def _look(token: str) -> Offer:
    with current().database.read() as session:
        return invitations.look(session, token, clock.now())


def _accept(request: Request, form: Sent) -> str | None:
    token = request.path_params["token"]
    return invitations.accept(current().database, token, form["name"], form["password"], forms.browser(request), clock.now())

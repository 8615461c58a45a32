"""Signing in and out, without a websocket: the password, then the code where one is owed."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import clock, first_start, sessions, setup_code, sign_in
from engine.desk import Problem
from engine.installation import current
from engine.sign_in import Answer, CodeOwed, Refused, Welcome
from pages.plain import cookies, forms
from pages.plain.forms import Sent


async def show(request: Request) -> Response:
    if await anyio.to_thread.run_sync(_needs_owner):
        return forms.go("/welcome")
    return forms.page(request, "sign_in", email="", next=forms.inside(request.query_params.get("next", "/")))


async def attempt(request: Request) -> Response:
    form = await forms.sent(request)
    if not form.is_own:
        return _password_again(request, form, forms.STALE)
    return _answered(request, form, await anyio.to_thread.run_sync(_with_password, request, form))


async def attempt_code(request: Request) -> Response:
    form = await forms.sent(request)
    if not form.is_own:
        return _password_again(request, form, forms.STALE)
    return _answered(request, form, await anyio.to_thread.run_sync(_with_code, request, form))


def _answered(request: Request, form: Sent, answer: Answer) -> Response:
    following = forms.inside(form["next"])
    match answer:
        case Welcome(token):
            return forms.with_session(forms.go(following), token, current().config)
        case CodeOwed(token):
            return forms.page(request, "code", owed=token, next=following)
        case Refused(why, again):
            if again and form["owed"]:
                return forms.page(request, "code", status=401, problem=why, owed=form["owed"], next=following)
            return _password_again(request, form, why)


def _password_again(request: Request, form: Sent, why: str) -> Response:
    """What was typed stays, except the password."""
    values = {"email": form["email"], "next": forms.inside(form["next"])}
    return forms.page(request, "sign_in", status=401, problem=why, **values)


def _with_password(request: Request, form: Sent) -> Answer:
    return sign_in.with_password(current().database, form["email"], form["password"], forms.browser(request), clock.now())


def _with_code(request: Request, form: Sent) -> Answer:
    here = current()
    return sign_in.with_code(here.database, here.vault, form["owed"], form["code"], forms.browser(request), clock.now())


async def ask_to_leave(request: Request) -> Response:
    return forms.page(request, "sign_out")


async def leave(request: Request) -> Response:
    form = await forms.sent(request)
    if not form.is_own:
        return forms.page(request, "sign_out", status=403, problem=forms.STALE)
    await anyio.to_thread.run_sync(_end, request)
    response = forms.go("/sign-in")
    cookies.drop_session(response, current().config)
    return response


def _end(request: Request) -> None:
    here = current()
    with here.database.write() as session:
        sessions.end(session, sessions.digest(cookies.session_token(request, here.config)), clock.now())


async def welcome(request: Request) -> Response:
    if not await anyio.to_thread.run_sync(_needs_owner):
        return forms.go("/sign-in")
    asked = setup_code.is_asked(current().config)
    return forms.page(request, "welcome", asks_code=asked, email="", name="", workspace="")


async def make_owner(request: Request) -> Response:
    form = await forms.sent(request)
    if not await anyio.to_thread.run_sync(_needs_owner):
        return forms.go("/sign-in")
    asked = setup_code.is_asked(current().config)
    values = {"asks_code": asked, "email": form["email"], "name": form["name"], "workspace": form["workspace"]}
    if not form.is_own:
        return forms.page(request, "welcome", status=403, problem=forms.STALE, **values)
    try:
        token = await anyio.to_thread.run_sync(_make_owner, request, form)
    except Problem as problem:
        return forms.page(request, "welcome", status=422, problem=str(problem), **values)
    return forms.with_session(forms.go("/"), token, current().config)


def _needs_owner() -> bool:
    with current().database.read() as session:
        return first_start.is_needed(session)


def _make_owner(request: Request, form: Sent) -> str:
    here = current()
    setup_code.check(here.config, form["code"])
    token = first_start.make_owner(
        here.database,
        form["email"],
        form["name"],
        form["password"],
        form["workspace"],
        forms.browser(request),
        clock.now(),
    )
    setup_code.forget(here.config)
    return token

"""After the provider: the public routes where Google and Microsoft send the browser back, and what came of it.

They stand outside the gate, which would put code and state into the address of the sign-in page; each is bound to the
session that began it. Whatever came in the address is gone from it with the answer: each ends in a redirect.
"""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import clock, consents, provider_returns
from engine.desk import Denied, Problem
from engine.grants import tokens_of
from engine.installation import current
from engine.provider_apps import GOOGLE_RETURN, MICROSOFT_RETURN, NAMES
from engine.provider_returns import Back, Result
from engine.provider_sign_in import ELSEWHERE, LATE, UNKNOWN, USED
from pages.plain import connect, cookies, forms, visitor
from storage.kinds import Provider

# The redirect names a sentence, so that an address can't put words into our mouth.
_OVER = {"used": USED, "late": LATE, "elsewhere": ELSEWHERE, "signed-out": provider_returns.SIGNED_OUT, "unknown": UNKNOWN}
_MOST = 8_192  # letters of a code or an error's description


async def google(request: Request) -> Response:
    return await _come_back(request, GOOGLE_RETURN)


async def microsoft(request: Request) -> Response:
    return await _come_back(request, MICROSOFT_RETURN)


async def approval(request: Request) -> Response:
    """The client's administrator, who has no user here, comes back with a yes or a no."""
    if request.method != "GET":
        return _nothing()
    try:
        answer = await anyio.to_thread.run_sync(_approved, request)
    except Problem:
        return forms.go("/connect/answered/over")
    return forms.go(f"/connect/answered/{'yes' if answer.is_approved else 'no'}")


async def over(request: Request) -> Response:
    why = _OVER.get(request.path_params["why"], UNKNOWN)
    return forms.page(request, "connect_over", status=410, why=why)


async def answered(request: Request) -> Response:
    answer = request.path_params["answer"]
    return forms.page(request, "approval", status=200 if answer in ("yes", "no") else 410, answer=answer)


async def result(request: Request) -> Response:
    try:
        workspace_id, found = await anyio.to_thread.run_sync(_result, request)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    return forms.page(
        request,
        "connect_result",
        result=found,
        provider=NAMES[found.provider],
        is_microsoft=found.provider is Provider.MICROSOFT,
        home=connect.identity_path(workspace_id, found.identity_id),
        again=connect.path(workspace_id, found.identity_id, found.provider, found.address),
    )


async def _come_back(request: Request, path: str) -> Response:
    if request.method != "GET":  # a scanner's HEAD must use nothing up
        return _nothing()
    try:
        back = await anyio.to_thread.run_sync(_finished, request, path)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    except Problem as problem:
        return forms.go(f"/connect/over/{_name_of(str(problem))}")
    if back.is_connected:
        return forms.go(connect.identity_path(back.workspace_id, back.identity_id))
    return forms.go(f"/connect/result/{back.flow_id}?w={back.workspace_id}")


def _name_of(sentence: str) -> str:
    return next((name for name, known in _OVER.items() if known == sentence), "unknown")


def _finished(request: Request, path: str) -> Back:
    here = current()
    tokens = tokens_of(here, clock.now)
    token = cookies.session_token(request, here.config)
    return provider_returns.come_back(tokens, token, f"{here.config.public_url}{path}", _query(request))


def _approved(request: Request) -> consents.Answered:
    with current().database.write() as session:
        return consents.answered(session, _query(request), clock.now())


def _result(request: Request) -> tuple[int | None, Result]:
    visit = visitor.of(request)
    return visit.workspace_id, visitor.ask(visit, provider_returns.result_of, flow_id=request.path_params["flow_id"])


def _query(request: Request) -> dict[str, str]:
    return {name: value[:_MOST] for name, value in request.query_params.items()}


def _nothing() -> Response:
    return PlainTextResponse("", 405, {"Allow": "GET", "Cache-Control": "no-store"})

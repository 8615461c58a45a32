"""`/health`: one word for anybody who asks, a sentence a part for who is signed in; 503 when a part is ill."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine import clock, health
from engine.health import Part
from engine.installation import current
from engine.supervision import worker
from pages.plain import cookies


async def answer(request: Request) -> Response:
    parts, is_signed_in = await anyio.to_thread.run_sync(_look, request)
    is_well = all(part.is_well for part in parts)
    words = {part.name: "ok" if part.is_well else "degraded" for part in parts}
    body: dict[str, object] = {"status": "ok" if is_well else "degraded", **words}
    if is_signed_in:
        body["sentences"] = {part.name: part.sentence for part in parts}
    return JSONResponse(body, 200 if is_well else 503, {"Cache-Control": "no-store"})


def _look(request: Request) -> tuple[tuple[Part, ...], bool]:
    here, now = current(), clock.now()
    is_signed_in = health.may_read(here.database, cookies.session_token(request, here.config), now)
    return health.look(here.database, here.config, worker, now), is_signed_in

"""An identity's photo, for those who may see the identity."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine.desk import Denied
from engine.photos import photo
from pages.plain import forms, visitor


async def answer(request: Request) -> Response:
    try:
        content = await anyio.to_thread.run_sync(_photo, request)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    if content is None:
        return PlainTextResponse("This identity has no photo.", 404)
    return Response(content, media_type="image/webp", headers={"Cache-Control": "private, max-age=60"})


def _photo(request: Request) -> bytes | None:
    return visitor.ask(visitor.of(request), photo, identity_id=request.path_params["identity_id"])

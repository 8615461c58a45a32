"""The few files of the panel's own look. A page without a session needs all but the script."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "look"
_TYPES = {
    "panel.css": "text/css",
    "links.js": "text/javascript",
    "mark.svg": "image/svg+xml",
    "inter-latin-wght-normal.woff2": "font/woff2",
    "inter-latin-ext-wght-normal.woff2": "font/woff2",
}


def _route(name: str) -> Route:
    async def answer(_request: Request) -> Response:
        return FileResponse(_FOLDER / name, media_type=_TYPES[name], headers={"Cache-Control": "public, max-age=3600"})

    return Route(f"/look/{name}", answer, methods=["GET"])


SCRIPT = _route("links.js")
ROUTES = [_route(name) for name in _TYPES if name != "links.js"]

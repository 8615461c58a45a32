"""How a plain page is made: one Jinja template, the form's token, and an answer that no cache keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from engine.config import Config
from engine.installation import current
from engine.sessions import Browser
from pages.plain import cookies

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_MOST_FIELDS = 40
_LONGEST_FIELD = 16 * 1024  # before anybody has signed in, so a flood of forms must stay small


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back; `is_own` says that it is one that we gave to this browser."""

    fields: Mapping[str, str]
    is_own: bool
    file: bytes = field(default=b"", repr=False)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


async def sent(request: Request, largest_file: int = 0) -> Sent:
    """The form; with `largest_file` bytes allowed, it may bring one file. A larger one comes cut, one byte too long."""
    if largest_file and not _is_within(request, 2 * largest_file):
        return Sent({}, is_own=False)
    try:
        form = await request.form(max_files=int(largest_file > 0), max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)
    except HTTPException:  # no form, or one that is too large: none of ours
        return Sent({}, is_own=False)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    content = await files[0].read(largest_file + 1) if files else b""
    await form.close()
    return Sent(fields, cookies.is_own_form(request, current().config, fields.get("form_token", "")), content)


def _is_within(request: Request, most: int) -> bool:
    """Files are written to the disk as they come, so their size is asked for before."""
    length = request.headers.get("content-length", "")
    return length.isascii() and length.isdecimal() and int(length) <= most


def page(request: Request, template: str, *, status: int = 200, problem: str = "", **values: object) -> Response:
    config = current().config
    token = cookies.form_token(request, config)
    text = _templates.get_template(f"{template}.html").render(
        form_token=token, problem=problem, practice=config.practice, **values
    )
    response = HTMLResponse(text, status, {"Cache-Control": "no-store"})
    cookies.keep_form_token(request, response, config, token)
    return response


def refusal(request: HTTPConnection, status: int, why: str) -> Response:
    """A page with the sentence for who reads pages, the sentence itself for a program."""
    kept = {"Cache-Control": "no-store"}
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(why, status, kept)
    text = _templates.get_template("refusal.html").render(problem="", practice=current().config.practice, why=why)
    return HTMLResponse(text, status, kept)


def go(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def with_session(response: Response, token: str, config: Config) -> Response:
    cookies.keep_session(response, config, token)
    return response


def browser(request: Request) -> Browser:
    return Browser(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def inside(path: str) -> str:
    """The path when it stays inside the panel, else the first page: a link must not sign in to somewhere else."""
    is_inside = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-")) and path.isprintable()
    return path if is_inside and "\\" not in path else "/"


def quoted(value: str) -> str:
    """A value as it stands in an address of ours."""
    return quote(value, safe="")


STALE = "This form was open for too long, or in another browser, or holds too much text. Please send it again."

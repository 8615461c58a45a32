"""The page behind a share link, for somebody who is no user: consent, then LinkedIn login and what it asks, or manually."""

import base64
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import clock, linkedin_consent, share_details, share_links
from engine.contact_details import Contact
from engine.desk import Problem
from engine.installation import current
from engine.photos import Picture
from engine.share_links import Invited
from pages.plain import cookies, forms
from pages.plain.forms import Sent
from storage.kinds import LinkedInSignInState

_DONE = (LinkedInSignInState.DONE,)
_ASKED = {
    LinkedInSignInState.CODE: "code",
    LinkedInSignInState.APPROVE: "approve",
    LinkedInSignInState.CONTRACT: "contract",
}
_DETAILS = ("first_name", "last_name", "job_title", "email", "phone", "linkedin_url", "meeting_url")
_BEGINNINGS = ("begin", "fill_in")


async def show(request: Request) -> Response:
    await anyio.to_thread.run_sync(_note, request)
    return await _page(request)


async def submit(request: Request) -> Response:
    form = await forms.sent(request, share_details.LARGEST_PHOTO)
    if not form.is_own:
        return await _page(request, forms.STALE, form)
    try:
        if form["what"] not in _BEGINNINGS and not _is_theirs(request, request.path_params["token"]):
            raise Problem(share_links.GONE)
        await anyio.to_thread.run_sync(_do, request, form)
    except Problem as problem:
        return await _page(request, str(problem), form)
    response = forms.go(f"/share/{request.path_params['token']}")
    if form["what"] in _BEGINNINGS:
        cookies.keep_share(response, current().config, share_links.keepsake(current().vault, request.path_params["token"]))
    return response


async def _page(request: Request, problem: str = "", form: Sent | None = None) -> Response:
    try:
        offer = await anyio.to_thread.run_sync(_look, request.path_params["token"])
    except Problem as gone:
        return forms.page(request, "gone", status=410, why=str(gone), is_outsider=True)
    kept = {name: form[name] if form else "" for name in ("name", *_DETAILS, "accepts")}
    left = max(0, int((offer.expires_at - clock.now()).total_seconds()) // 60)
    return forms.page(
        request,
        "share",
        status=422 if problem else 200,
        problem=problem,
        offer=offer,
        step=_step(offer, _is_theirs(request, request.path_params["token"])),
        manually=offer.may_fill_in and _wants_manually(request, form),
        wording=linkedin_consent.WORDING,
        left=f"{left // 60}\u00a0h {left % 60}\u00a0min" if left >= 60 else f"{left}\u00a0min",
        open_for=_open_for(offer),
        picture=_picture(offer),
        **kept,
    )


def _is_theirs(request: Request, token: str) -> bool:
    return share_links.is_keepsake(current().vault, cookies.share(request, current().config), token)


def _wants_manually(request: Request, form: Sent | None) -> bool:
    return form["what"] == "fill_in" if form and form["what"] else request.query_params.get("way") == "manually"


def _step(offer: Invited, is_theirs: bool) -> str:
    """Which of its faces the page shows; how the sign-in goes is shown to the browser that began it alone."""
    going = offer.progress
    if offer.was_filled_in and is_theirs:
        return "filled"
    if going is None or not is_theirs:
        return "used" if offer.is_used else "form"
    if going.state in _DONE:
        return "done"
    if not going.state.is_under_way:
        return "again"
    if going.has_answer:
        return "working"
    return _ASKED.get(going.state, "working")


def _open_for(offer: Invited) -> str:
    """How long the sign-in is still held open, as the page says it."""
    seconds = (offer.progress.ends_at - clock.now()).total_seconds() if offer.progress is not None else 0
    return f"{int(seconds // 60)} min" if seconds >= 60 else "less than a minute"


def _picture(offer: Invited) -> str:
    """Of the check that a person must finish elsewhere, as it stands in the page itself."""
    shown = offer.progress.picture if offer.progress is not None else None
    return f"data:image/png;base64,{base64.b64encode(shown).decode()}" if shown else ""


def _look(token: str) -> Invited:
    with current().database.read() as session:
        return share_links.look(session, token, clock.now())


def _note(request: Request) -> None:
    token, now = request.path_params["token"], clock.now()
    try:
        with current().database.read() as session:
            share_links.working(session, token, now)
    except Problem:
        return  # whoever tries links out keeps nobody from writing
    with current().database.write() as session:
        share_links.note_opened(session, token, forms.browser(request), now)


def _do(request: Request, form: Sent) -> None:
    """What the form asks: begin, begin again, or answer."""
    token, vault, now = request.path_params["token"], current().vault, clock.now()
    picture = _redrawn(token, form)
    tasks: dict[str, Callable[[Any], None]] = {
        "begin": lambda session: share_links.submit(
            session,
            vault,
            token,
            form["name"],
            form["email"],
            form["password"],
            form["accepts"] == "yes",
            forms.browser(request),
            now,
        ),
        "fill_in": lambda session: share_details.fill_in(
            session,
            token,
            Contact(**{name: form[name] for name in _DETAILS}),
            picture,
            form["accepts"] == "yes",
            forms.browser(request),
            now,
        ),
        "again": lambda session: share_links.again(session, vault, token, form["email"], form["password"], now),
        "code": lambda session: share_links.answer(session, vault, token, _number(form), "code", form["code"], now),
        "contract": lambda session: share_links.answer(
            session, vault, token, _number(form), "contract", form["option"], now
        ),
        "resend": lambda session: share_links.answer(session, vault, token, _number(form), "resend", "", now),
    }
    task = tasks.get(form["what"])
    if task is None:
        raise Problem(forms.STALE)
    with current().database.write() as session:
        task(session)


def _redrawn(token: str, form: Sent) -> Picture | None:
    with current().database.read() as session:
        return share_details.redrawn(session, token, form.file, clock.now()) if form["what"] == "fill_in" else None


def _number(form: Sent) -> int:
    return int(form["number"]) if form["number"].isascii() and form["number"].isdecimal() and len(form["number"]) < 9 else -1

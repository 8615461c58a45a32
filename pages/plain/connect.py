"""Before the provider: what will be asked there, for which address, and on to it in the same tab."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine import consents, provider_sign_in
from engine.connections.oauth import endpoints
from engine.desk import Denied, Problem
from engine.identities import get
from engine.installation import current
from engine.provider_apps import NAMES, RETURNS
from engine.visits import Visit
from pages.plain import forms, visitor
from storage.kinds import Permission, Provider

ASK = "ask"  # the button that asks the client's administrator first


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the visitor stands: whose address is signed in, and at which provider."""

    visit: Visit
    provider: Provider
    identity_id: int
    identity_name: str
    address: str

    @property
    def home(self) -> str:
        return identity_path(self.visit.workspace_id, self.identity_id)


def identity_path(workspace_id: int | None, identity_id: int) -> str:
    return f"/identity?w={workspace_id}&id={identity_id}&section=email"


def path(workspace_id: int | None, identity_id: int, provider: Provider, address: str = "") -> str:
    """Where signing in begins; the address may be left to the person."""
    named = f"&address={forms.quoted(address)}" if address else ""
    return f"/connect/{provider.value}?w={workspace_id}&identity={identity_id}{named}"


async def show(request: Request) -> Response:
    try:
        place = await anyio.to_thread.run_sync(_place, request)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    return _page(request, place, place.address)


async def begin(request: Request) -> Response:
    form = await forms.sent(request)
    try:
        place = await anyio.to_thread.run_sync(_place, request)
    except Denied as denied:
        return forms.refusal(request, 404, str(denied))
    if not form.is_own:
        return _page(request, place, form["address"], forms.STALE)
    try:
        _require_home(request)
        if form["answer"] == ASK:
            await anyio.to_thread.run_sync(_ask_administrator, place, form["address"])
            return forms.go(place.home)
        url = await anyio.to_thread.run_sync(_begun, place, form["address"])
    except Problem as problem:
        return _page(request, place, form["address"], str(problem))
    # No redirect: the page's own form may lead nowhere else (form-action), and need not.
    return forms.page(request, "connect_go", provider=NAMES[place.provider], url=url)


def _page(request: Request, place: _Place, address: str, problem: str = "") -> Response:
    return forms.page(
        request,
        "connect",
        status=422 if problem else 200,
        problem=problem,
        provider=NAMES[place.provider],
        is_microsoft=place.provider is Provider.MICROSOFT,
        identity=place.identity_name,
        address=address,
        home=place.home,
    )


def _require_home(request: Request) -> None:
    """The answer comes to the panel's own address, where a session of another name of this computer is not known."""
    home = current().config.public_url
    if _origin(request.headers.get("origin", home)) != _origin(home):
        raise Problem(f"Open the panel at {home} and begin there: the provider's answer comes to that address.")


def _origin(url: str) -> tuple[str, str | None, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:  # a port that no address has
        return "", None, 0


def _place(request: Request) -> _Place:
    visit = visitor.of(request)
    number = request.query_params.get("identity", "")
    provider = request.path_params["provider"]
    if not visit.may(Permission.MANAGE) or provider not in RETURNS:
        raise Denied
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        raise Denied
    identity = visitor.ask(visit, get, identity_id=int(number))
    address = request.query_params.get("address", "")[:254]
    return _Place(visit, Provider(provider), identity.id, identity.name, address)


def _begun(place: _Place, address: str) -> str:
    """The provider's address for this sign-in; what its return needs is kept first."""
    here, where, state = current(), endpoints(), secrets.token_urlsafe(32)
    permit = visitor.ask(
        place.visit,
        provider_sign_in.may_sign_in,
        identity_id=place.identity_id,
        provider=place.provider,
        address=address,
        vault=here.vault,
        where=where,
    )
    begun = provider_sign_in.begin(permit, where, f"{here.config.public_url}{RETURNS[place.provider][0]}", state)
    kept: Mapping[str, object] = begun.flow
    visitor.ask(
        place.visit,
        provider_sign_in.remember,
        identity_id=place.identity_id,
        permit=permit,
        flow=dict(kept),
        state=state,
        session_hash=place.visit.token_hash,
        vault=here.vault,
    )
    return begun.url


def _ask_administrator(place: _Place, address: str) -> None:
    vault = current().vault
    visitor.ask(place.visit, consents.ask_administrator, identity_id=place.identity_id, address=address, vault=vault)

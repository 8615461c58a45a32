"""The panel's two cookies: the session, and the token that a form must send back."""

import hmac
import secrets

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from engine import sessions
from engine.config import Config


def session_name(config: Config) -> str:
    """Cookies ignore the port: two installations on one host would sign each other's users out under one name."""
    return f"{_prefix(config)}outpost-session-{config.port}"


def _form_name(config: Config) -> str:
    return f"{_prefix(config)}outpost-form-{config.port}"


def _prefix(config: Config) -> str:
    return "__Host-" if _is_https(config) else ""


def _is_https(config: Config) -> bool:
    return config.public_url.startswith("https://")


def session_token(connection: HTTPConnection, config: Config) -> str:
    return connection.cookies.get(session_name(config), "")


def keep_session(response: Response, config: Config, token: str) -> None:
    _keep(response, config, session_name(config), token, int(sessions.ends().absolute.total_seconds()))


def drop_session(response: Response, config: Config) -> None:
    response.delete_cookie(session_name(config), path="/", secure=_is_https(config), httponly=True, samesite="lax")


def form_token(request: Request, config: Config) -> str:
    """The token that is in the browser already, so that a second tab does not break the first one's form."""
    return request.cookies.get(_form_name(config)) or secrets.token_urlsafe(32)


def keep_form_token(request: Request, response: Response, config: Config, token: str) -> None:
    if _form_name(config) not in request.cookies:
        _keep(response, config, _form_name(config), token, 24 * 60 * 60)


def is_own_form(request: Request, config: Config, given: str) -> bool:
    kept = request.cookies.get(_form_name(config), "")
    return bool(kept) and hmac.compare_digest(kept.encode(), given.encode())


def share(request: Request, config: Config) -> str:
    """What was kept of a share link that this browser used."""
    return request.cookies.get(_share_name(config), "")


def keep_share(response: Response, config: Config, value: str) -> None:
    _keep(response, config, _share_name(config), value, 24 * 60 * 60)


def _share_name(config: Config) -> str:
    return f"{_prefix(config)}outpost-share-{config.port}"


def _keep(response: Response, config: Config, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=_is_https(config), httponly=True, samesite="lax")

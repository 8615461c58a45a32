"""Google's sign-in for mail: the consent with PKCE, the code for tokens, the refresh and the revocation."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import google.auth.exceptions
import requests
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2 import OAuth2Error

from engine.connections.oauth import (
    App,
    Begun,
    Denial,
    Endpoints,
    Granted,
    SignInTrouble,
    WebSession,
    equip,
    unreachable,
    unwell,
)

MAIL = "https://mail.google.com/"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
SCOPES = ("openid", EMAIL, MAIL)
_ENDED = "Google no longer accepts this sign-in (it was revoked, ran out, or the password changed); reconnect it."
_APP = {
    "invalid_client": "Google does not know this client id or refuses its secret; check both under Settings › Providers.",
    "unauthorized_client": "This Google app may not ask for mail; check its type (Web application) in the Cloud console.",
    "redirect_uri_mismatch": "The redirect address is missing in the Google app; copy it from Settings › Providers.",
    "org_internal": "This Google app is for its own organisation only; make it External, or sign in with an address of it.",
    "admin_policy_enforced": (
        "The Google Workspace administrator does not allow this app; they can trust its client id under"
        " Security › API controls."
    ),
}


def begin(app: App, where: Endpoints, redirect: str, address: str, state: str) -> Begun:
    """The consent's address; consent is asked anew each time, for only then Google gives a refresh token again."""
    flow = _flow(app, where, redirect)
    url, _ = flow.authorization_url(access_type="offline", prompt="consent", login_hint=address, state=state)
    return Begun(url, {"verifier": flow.code_verifier})


def finish(app: App, where: Endpoints, redirect: str, flow: Mapping[str, Any], query: Mapping[str, str]) -> Granted:
    """The code for tokens; SignInTrouble when it was refused. The caller has checked the state.

    Whose they are is asked by `identified`, so that they can be stored before anything else may fail.
    """
    if query.get("error"):
        raise _denied(query["error"])
    exchange = _flow(app, where, redirect, str(flow["verifier"]))
    try:
        token = _exchanged(exchange, query.get("code", ""))
    except (requests.RequestException, OSError) as error:
        raise unreachable("Google", error) from error
    scopes = token.get("scope") or ()
    return Granted(
        access_token=str(token["access_token"]),
        refresh_token=str(token.get("refresh_token") or ""),
        seconds=float(token.get("expires_in") or 3600),
        scopes=frozenset(scopes.split() if isinstance(scopes, str) else scopes),
    )


def identified(where: Endpoints, granted: Granted) -> Granted:
    """The same with the address that signed in ("" where it was not allowed to be told); SignInTrouble when unwell."""
    try:
        person = _userinfo(where, granted.access_token)
    except (requests.RequestException, OSError) as error:
        raise unreachable("Google", error) from error
    return replace(granted, address=str(person.get("email", "")).lower(), subject=str(person.get("sub", "")))


def missing(scopes: frozenset[str]) -> str:
    """The sentence about what was unticked; empty when the mail may be read and sent."""
    if MAIL in scopes:
        return ""
    return (
        "The box for reading and sending mail was not ticked at Google, so the address can't be used;"
        " connect again and leave every box ticked. Nothing was kept."
    )


def refresh(app: App, where: Endpoints, refresh_token: str) -> Granted:
    heard = _Heard(WebSession(where.ca_file))
    credentials = Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token=refresh_token, token_uri=where.google_token, client_id=app.client_id, client_secret=app.secret
    )
    try:
        credentials.refresh(heard)  # type: ignore[no-untyped-call]
    except google.auth.exceptions.RefreshError as error:
        raise _refresh_refused(error) from error
    except google.auth.exceptions.TransportError as error:
        cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
        raise unreachable("Google", cause) from error
    rotated = str(credentials.refresh_token or "")
    return Granted(str(credentials.token), rotated if rotated != refresh_token else "", heard.seconds)


def revoke(where: Endpoints, token: str) -> bool:
    """Give the grant back at Google; False when Google could not be told."""
    try:
        answer = WebSession(where.ca_file).post(where.google_revoke, data={"token": token})
    except (requests.RequestException, OSError):
        return False
    return answer.status_code in (200, 400)  # 400: it was dead already


class _Heard(Request):
    """google-auth's own transport, listening for `expires_in`: its `expiry` hangs on this computer's clock."""

    def __init__(self, session: requests.Session) -> None:
        super().__init__(session=session)
        self.seconds = 3600.0

    def __call__(self, *args: Any, **values: Any) -> Any:
        answer = super().__call__(*args, **values)  # type: ignore[no-untyped-call]
        if answer.status == 200:
            try:
                self.seconds = float(json.loads(answer.data)["expires_in"])
            except (ValueError, KeyError, TypeError) as error:
                raise unwell("Google") from error
        return answer


def _flow(app: App, where: Endpoints, redirect: str, verifier: str | None = None) -> Flow:
    client = {
        "client_id": app.client_id,
        "client_secret": app.secret,
        "auth_uri": where.google_authorize,
        "token_uri": where.google_token,
        "redirect_uris": [redirect],
    }
    flow = Flow.from_client_config(
        {"web": client}, SCOPES, redirect_uri=redirect, code_verifier=verifier, autogenerate_code_verifier=verifier is None
    )
    equip(flow.oauth2session, where.ca_file)
    flow.oauth2session.register_compliance_hook("access_token_response", _sound)
    return flow


def _sound(answer: requests.Response) -> requests.Response:
    """A provider in trouble answers with a status, or with a page of HTML."""
    if answer.status_code >= 500 or answer.status_code == 429:
        raise unwell("Google", answer.status_code)
    if "json" not in answer.headers.get("content-type", ""):
        raise unwell("Google")
    return answer


def _exchanged(flow: Flow, code: str) -> Mapping[str, Any]:
    try:
        token: Mapping[str, Any] = flow.fetch_token(code=code, timeout=20)
    except Warning as changed:  # oauthlib raises this class itself when the scopes differ from those asked for
        return getattr(changed, "token", {})
    except OAuth2Error as error:
        raise _denied(error.error or "") from error
    return token


def _userinfo(where: Endpoints, token: str) -> Mapping[str, Any]:
    """Who signed in, asked of Google itself, so that a clock that is off can't spoil it."""
    answer = WebSession(where.ca_file).get(where.google_userinfo, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code in (401, 403):
        return {}  # the box for the address was unticked
    if answer.status_code != 200:
        raise unwell("Google", answer.status_code)
    try:
        found: Mapping[str, Any] = answer.json()
    except ValueError as error:
        raise unwell("Google") from error
    return found


def _denied(error: str) -> SignInTrouble:
    if error == "access_denied":
        return SignInTrouble(Denial.CANCELLED, "The sign-in at Google was cancelled, so nothing was connected.")
    if error == "invalid_grant":
        return SignInTrouble(Denial.CANCELLED, "Google's answer was used already or too old; connect again.")
    if error in ("server_error", "temporarily_unavailable"):
        return unwell("Google")
    sentence = _APP.get(error, "Google refused the sign-in; check the app under Settings › Providers and connect again.")
    return SignInTrouble(Denial.APP_WRONG, sentence)


def _refresh_refused(error: google.auth.exceptions.RefreshError) -> SignInTrouble:
    details = next((one for one in error.args if isinstance(one, dict)), {})
    said = str(details.get("error", "")) or str(error.args[0] if error.args else "")
    if said.startswith("invalid_grant"):
        return SignInTrouble(Denial.ENDED, _ENDED)
    known = next((sentence for name, sentence in _APP.items() if said.startswith(name)), "")
    return SignInTrouble(Denial.APP_WRONG, known) if known else unwell("Google")

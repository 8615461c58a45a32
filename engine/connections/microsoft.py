"""Microsoft 365's sign-in for mail: the consent, the code for tokens, the refresh, and the administrator's consent.

What comes next is decided on `error`; the numbers may change, so they only explain (engine.connections.microsoft_words).
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msal
import requests

from engine.connections.microsoft_words import SENTENCES, asks_for_approval, explained
from engine.connections.oauth import App, Begun, Denial, Endpoints, Granted, SignInTrouble, WebSession, unreachable, unwell

IMAP = "https://outlook.office.com/IMAP.AccessAsUser.All"
SMTP = "https://outlook.office.com/SMTP.Send"
MAIL_SEND = "https://graph.microsoft.com/Mail.Send"
MAIL_READ_WRITE = "https://graph.microsoft.com/Mail.ReadWrite"
SCOPES = (IMAP, SMTP)
GRAPH_SCOPES = (MAIL_SEND, MAIL_READ_WRITE)
_NAME = "Microsoft"
_PASSING = frozenset({"server_error", "temporarily_unavailable", "service_unavailable"})
_APP_ERRORS = frozenset({"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "invalid_resource"})
_PERSON_ERRORS = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})


def begin(app: App, where: Endpoints, redirect: str, address: str, state: str) -> Begun:
    """Graph is another resource: it is consented to here, and its tokens are asked for when they are needed."""
    scopes = [*SCOPES, *(GRAPH_SCOPES if app.by_graph else ())]
    with warnings.catch_warnings():
        # msal would rather have a form posted to us; our session's cookie does not come along with one.
        warnings.simplefilter("ignore", UserWarning)
        flow = _asked(lambda: _client(app, where).initiate_auth_code_flow(
            scopes, redirect_uri=redirect, state=state, login_hint=address
        ))  # fmt: skip
    if "auth_uri" not in flow:
        raise _denied(flow, while_asking=True)
    return Begun(flow["auth_uri"], {key: value for key, value in flow.items() if key != "auth_uri"})


def finish(app: App, where: Endpoints, redirect: str, flow: Mapping[str, Any], query: Mapping[str, str]) -> Granted:
    """The code for tokens; SignInTrouble when it was refused. The caller has checked the state."""
    if query.get("error"):
        raise _denied(query, while_asking=True)
    try:
        found = _asked(
            lambda: _client(app, where).acquire_token_by_auth_code_flow(dict(flow), dict(query), scopes=list(SCOPES))
        )
    except (ValueError, RuntimeError) as error:
        raise SignInTrouble(Denial.CANCELLED, "Microsoft's answer does not fit this sign-in; connect again.") from error
    return _granted(found, while_asking=True)


def refresh(app: App, where: Endpoints, refresh_token: str, scopes: Sequence[str] = SCOPES) -> Granted:
    """A new client each time: msal would repeat a failed answer from its own store."""
    found = _asked(lambda: _client(app, where).acquire_token_by_refresh_token(refresh_token, list(scopes)))
    return _granted(found, while_asking=False)


def missing(scopes: frozenset[str]) -> str:
    names = {scope.rsplit("/", 1)[-1] for scope in scopes}
    absent = [scope.rsplit("/", 1)[-1] for scope in SCOPES if scope.rsplit("/", 1)[-1] not in names]
    if not absent:
        return ""
    return (
        f"Microsoft did not grant {' and '.join(absent)}, without which the address can't be used;"
        " connect again and allow everything that is asked. Nothing was kept."
    )


def consent_link(app: App, where: Endpoints, redirect: str, state: str) -> str:
    """Where an administrator approves the app; the tenant is never "common"."""
    tenant = app.tenant if app.tenant not in ("", "common", "consumers") else "organizations"
    scopes = SCOPES + (GRAPH_SCOPES if app.by_graph else ())
    asked = {"client_id": app.client_id, "scope": " ".join(scopes), "redirect_uri": redirect, "state": state}
    return where.for_browser(f"{where.microsoft}/{tenant}/v2.0/adminconsent?{urlencode(asked)}")


def refusal_of(query: Mapping[str, str]) -> str:
    """The sentence for an administrator's answer that is no yes."""
    return explained(query.get("error_description", "")) or "The administrator did not approve the app."


def _client(app: App, where: Endpoints) -> Any:
    """msal asks for the tenant's description at once, so a wrong tenant ends here."""
    try:
        return msal.ConfidentialClientApplication(
            app.client_id,
            app.secret,
            authority=f"{where.microsoft}/{app.tenant or 'organizations'}",
            instance_discovery=False,
            http_client=WebSession(where.ca_file),
        )
    except ValueError as error:
        if isinstance(error.__context__, json.JSONDecodeError):
            raise unwell(_NAME) from error
        raise SignInTrouble(Denial.APP_WRONG, SENTENCES[90002]) from error


def _asked(ask: Callable[[], Any]) -> dict[str, Any]:
    """What msal answers, with its many ways to say that Microsoft is unwell made one."""
    try:
        answer: dict[str, Any] = ask() or {}
    except requests.HTTPError as error:
        raise unwell(_NAME, error.response.status_code if error.response is not None else 0) from error
    except json.JSONDecodeError as error:
        raise unwell(_NAME) from error
    except (requests.RequestException, OSError) as error:
        raise unreachable(_NAME, error) from error
    except msal.exceptions.MsalServiceError as error:
        raise unwell(_NAME) from error
    return answer


def _granted(found: Mapping[str, Any], *, while_asking: bool) -> Granted:
    if "access_token" not in found:
        raise _denied(found, while_asking=while_asking)
    claims = found.get("id_token_claims") or {}
    return Granted(
        access_token=str(found["access_token"]),
        refresh_token=str(found.get("refresh_token") or ""),
        seconds=float(found.get("expires_in") or 3600),
        scopes=frozenset(str(found.get("scope") or "").split()),
        address=str(claims.get("preferred_username") or "").lower(),
        other_address=str(claims.get("email") or "").lower(),
        subject=str(claims.get("oid") or ""),
        tenant=str(claims.get("tid") or ""),
    )


def _denied(answer: Mapping[str, Any], *, while_asking: bool) -> SignInTrouble:
    error, said = str(answer.get("error") or ""), str(answer.get("error_description") or "")
    if error == "access_denied":
        kind = Denial.APPROVAL_NEEDED if asks_for_approval(said) else Denial.CANCELLED
        return SignInTrouble(kind, explained(said) or _CANCELLED)
    if error in _PASSING or not error:
        return unwell(_NAME)
    if error in _PERSON_ERRORS and not while_asking:
        return SignInTrouble(Denial.ENDED, explained(said) or "Microsoft no longer accepts this sign-in; reconnect it.")
    if error in _PERSON_ERRORS:
        kind = Denial.APPROVAL_NEEDED if error == "consent_required" or asks_for_approval(said) else Denial.REFUSED
        return SignInTrouble(kind, explained(said) or "Microsoft asks for something more; connect again and follow it.")
    if error in _APP_ERRORS:
        return SignInTrouble(Denial.APP_WRONG, explained(said) or _APP_WRONG)
    return SignInTrouble(Denial.REFUSED, explained(said) or "Microsoft refused the sign-in; connect again.")


_CANCELLED = (
    "The sign-in at Microsoft was left without an answer. If Microsoft showed “Approval required”, an administrator of the"
    " mail domain must approve the app first."
)
_APP_WRONG = "Microsoft refuses the app; check its client id, secret and tenant under Settings › Providers."

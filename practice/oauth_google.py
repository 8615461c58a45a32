"""Google's half of the sign-in stand-in: consent with boxes to untick, tokens, revocation, and who signed in."""

from collections.abc import Mapping

from engine import clock
from practice import oauth_pages as pages
from practice.oauth_answers import Answer, Call, html, redirect, said
from practice.oauth_book import Book, Consent, id_token

_WHO = "Google"


def answer(book: Book, call: Call) -> Answer | None:
    """None for what is not Google's."""
    match call.method, call.path:
        case "GET", "/o/oauth2/v2/auth":
            return _ask(book, call.query)
        case "POST", "/o/oauth2/v2/auth":
            return _answered(book, call.form)
        case "POST", "/token":
            return _token(book, call)
        case "POST", "/revoke":
            return said(200, {}) if book.revoke(call.form.get("token", "")) else said(400, {"error": "invalid_token"})
        case "GET", "/v1/userinfo":
            return _userinfo(book, call.bearer)
    return None


def _ask(book: Book, query: Mapping[str, str]) -> Answer:
    if query.get("client_id") not in book.clients:
        return html(401, pages.page(_WHO, "Error 401: invalid_client", "<p>The OAuth client was not found.</p>"))
    if not call_back_is_known(book, query.get("redirect_uri", "")):
        return html(400, pages.page(_WHO, "Error 400: redirect_uri_mismatch", "<p>Add it to the app.</p>"))
    if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
        return html(400, pages.page(_WHO, "Error 400: invalid_request", "<p>A code with PKCE is asked here.</p>"))
    return html(200, pages.consent(_WHO, query, query.get("scope", "").split(), tickable=True))


def call_back_is_known(book: Book, uri: str) -> bool:
    if book.redirects is None:
        return uri.startswith(("http://localhost:", "http://127.0.0.1:"))
    return uri in book.redirects


def _answered(book: Book, form: Mapping[str, str]) -> Answer:
    state = {"state": form.get("state", "")}
    if form.get("answer") != "allow":
        return redirect(form["redirect_uri"], {"error": "access_denied", **state})
    ticked = tuple(scope for number, scope in enumerate(form["scope"].split()) if f"scope{number}" in form)
    consent = Consent(
        form["client_id"],
        form["redirect_uri"],
        form.get("email", "").lower(),
        ticked,
        form["code_challenge"],
        is_offline=form.get("access_type") == "offline",
        is_anew=form.get("prompt") == "consent",
    )
    return redirect(form["redirect_uri"], {**state, "code": book.code_for(consent), "scope": " ".join(ticked)})


def _token(book: Book, call: Call) -> Answer:
    form = call.form
    if not book.is_client(form.get("client_id", ""), form.get("client_secret", "")):
        return said(401, {"error": "invalid_client", "error_description": "The OAuth client was not found."})
    if form.get("grant_type") == "refresh_token":
        found = book.refresh(form.get("refresh_token", ""), rotate=False)
        return _dead() if found is None else _tokens(book, found[0], "")
    consent = book.redeem(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
    if consent is None:
        return said(400, {"error": "invalid_grant", "error_description": "Malformed auth code."})
    return _tokens(book, consent, book.grant_for(consent))


def _dead() -> Answer:
    return said(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})


def _tokens(book: Book, consent: Consent, refresh_token: str) -> Answer:
    given = {
        "access_token": book.access_for(consent, consent.scopes),
        "expires_in": int(book.token_life),
        "scope": " ".join(consent.scopes),
        "token_type": "Bearer",
        "id_token": id_token(_claims(book, consent)),
    }
    return said(200, {**given, "refresh_token": refresh_token} if refresh_token else given)


def _claims(book: Book, consent: Consent) -> dict[str, object]:
    now = int(clock.now().timestamp()) + book.id_token_shift
    who = {"sub": consent.address[::-1], "email": consent.address, "email_verified": True}
    return {"iss": "https://accounts.google.com", "aud": consent.client_id, "iat": now, "exp": now + 3600, **who}


def _userinfo(book: Book, token: str) -> Answer:
    access = book.opened_by(token)
    if access is None:
        return said(401, {"error": "invalid_token"})
    if "https://www.googleapis.com/auth/userinfo.email" not in access.scopes:
        return said(200, {"sub": access.address[::-1]})
    return said(200, {"sub": access.address[::-1], "email": access.address, "email_verified": True})

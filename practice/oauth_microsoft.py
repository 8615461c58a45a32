"""Microsoft's half of the sign-in stand-in: tenants, consent, "Approval required", an administrator's consent, tokens."""

from collections.abc import Mapping

from engine import clock
from practice import oauth_pages as pages
from practice.oauth_answers import Answer, Call, html, redirect, said
from practice.oauth_book import Book, Consent, Policy, id_token, tenant_of
from practice.oauth_google import call_back_is_known

_WHO = "Microsoft"
_OPEN = frozenset({"openid", "profile", "offline_access"})
_GUESTS = frozenset({"common", "organizations"})


def answer(book: Book, base: str, call: Call) -> Answer | None:
    """None for what is not Microsoft's; `base` is this server's own address."""
    tenant, _, rest = call.path.strip("/").partition("/")
    match call.method, rest.removeprefix("v2.0/"):
        case "GET", ".well-known/openid-configuration":
            return _describe(base, tenant)
        case "GET", "oauth2/v2.0/authorize":
            return _ask(book, call.query)
        case "POST", "oauth2/v2.0/authorize":
            return _answered(book, call.form)
        case "POST", "oauth2/v2.0/token":
            return _token(book, call)
        case "GET", "adminconsent":
            return _ask_administrator(book, tenant, call.query)
        case "POST", "adminconsent":
            return _administrator(book, call.form)
    return None


def _describe(base: str, tenant: str) -> Answer:
    if tenant.startswith("nowhere"):
        return _refused(400, "invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found.")
    here = f"{base}/{tenant}"
    return said(
        200,
        {
            "issuer": f"{here}/v2.0",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "jwks_uri": f"{here}/discovery/v2.0/keys",
        },
    )


def _ask(book: Book, query: Mapping[str, str]) -> Answer:
    trouble = _app_trouble(book, query)
    if trouble:
        return html(400, pages.page(_WHO, "Sorry, but we’re having trouble signing you in", f"<p>{trouble}</p>"))
    return html(200, pages.consent(_WHO, query, query.get("scope", "").split(), tickable=False))


def _app_trouble(book: Book, query: Mapping[str, str]) -> str:
    if query.get("client_id") not in book.clients:
        return "AADSTS700016: Application was not found in the directory."
    if not call_back_is_known(book, query.get("redirect_uri", "")):
        return "AADSTS50011: The redirect URI specified in the request does not match."
    return ""


def _answered(book: Book, form: Mapping[str, str]) -> Answer:
    back, state, address = form["redirect_uri"], {"state": form.get("state", "")}, form.get("email", "").lower()
    if form.get("answer") == "cancel":
        description = "AADSTS65004: User declined to consent to access the app."
        return redirect(back, {"error": "access_denied", "error_description": description, **state})
    if form.get("answer") == "back":
        description = "AADSTS90094: The grant requires admin permission."
        denied = {"error": "access_denied", "error_subcode": "cancel", "error_description": description}
        return redirect(back, {**denied, **state})
    policy = book.policy(address, form["client_id"])
    if policy is Policy.APPROVAL:
        return html(200, pages.approval_required(form))
    if policy is Policy.BLOCKED:
        description = "AADSTS53003: Access has been blocked by Conditional Access policies."
        return redirect(back, {"error": "interaction_required", "error_description": description, **state})
    scopes = tuple(form["scope"].split())
    consent = Consent(form["client_id"], back, address, scopes, form["code_challenge"], form.get("nonce", ""))
    return redirect(back, {"code": book.code_for(consent), **state})


def _token(book: Book, call: Call) -> Answer:
    form = call.form
    if not book.is_client(form.get("client_id", ""), form.get("client_secret", "")):
        return _refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    if form.get("grant_type") == "refresh_token":
        found = book.refresh(form.get("refresh_token", ""), rotate=True)
        if found is None:
            return _refused(400, "invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked.")
        return _tokens(book, found[0], found[1] or form["refresh_token"], tuple(form.get("scope", "").split()))
    consent = book.redeem(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
    if consent is None:
        return _refused(400, "invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed.")
    # A token is for one resource; what else was consented to is asked for by a refresh.
    return _tokens(book, consent, book.grant_for(consent), tuple(form.get("scope", "").split()) or consent.scopes)


def _tokens(book: Book, consent: Consent, refresh_token: str, scopes: tuple[str, ...]) -> Answer:
    opened = tuple(scope for scope in scopes if scope not in _OPEN)
    now = int(clock.now().timestamp()) + book.id_token_shift
    claims = {
        "aud": consent.client_id,
        "iss": f"https://login.microsoftonline.com/{tenant_of(consent.address)}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "nonce": consent.nonce,
        "oid": tenant_of(consent.address[::-1]),
        "tid": tenant_of(consent.address),
        "preferred_username": consent.address,
        "sub": consent.address[::-1],
    }
    return said(
        200,
        {
            "access_token": book.access_for(consent, opened),
            "refresh_token": refresh_token,
            "expires_in": int(book.token_life),
            "scope": " ".join(opened),
            "token_type": "Bearer",
            "id_token": id_token(claims),
        },
    )


def _ask_administrator(book: Book, tenant: str, query: Mapping[str, str]) -> Answer:
    trouble = "AADSTS900144: “common” is no tenant for this." if tenant == "common" else _app_trouble(book, query)
    if trouble:
        return html(400, pages.page(_WHO, "Sorry, but we’re having trouble signing you in", f"<p>{trouble}</p>"))
    return html(200, pages.admin_consent(query, query.get("scope", "").split()))


def _administrator(book: Book, form: Mapping[str, str]) -> Answer:
    back, state = form["redirect_uri"], {"state": form.get("state", "")}
    if form.get("answer") != "allow":
        description = "AADSTS65004: The resource owner or authorization server denied the request."
        return redirect(back, {"error": "access_denied", "error_description": description, **state})
    domain = form.get("email", "").rpartition("@")[2].lower()
    book.approved.add((form["client_id"], domain))
    return redirect(back, {"admin_consent": "True", "tenant": tenant_of(f"x@{domain}"), "scope": form["scope"], **state})


def _refused(status: int, error: str, description: str) -> Answer:
    return said(status, {"error": error, "error_description": description})

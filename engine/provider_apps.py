"""The apps that ask at Google and Microsoft: the installation's, and a workspace's own that stands before it."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.connections.oauth import App
from engine.desk import Desk, Problem, use_case
from storage.kinds import MailboxState, Permission, Provider
from storage.tables import Mailbox, MailGrant, ProviderApp
from storage.vault import Place, Vault

NAMES = {Provider.GOOGLE: "Google", Provider.MICROSOFT: "Microsoft 365"}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.I)
_GOOGLE_ID = re.compile(r"[A-Za-z0-9_-]+\.apps\.googleusercontent\.com")


GOOGLE_RETURN = "/connect/google/return"
MICROSOFT_RETURN = "/connect/microsoft/return"
APPROVAL_RETURN = "/connect/microsoft/approval"
RETURNS = {Provider.GOOGLE: (GOOGLE_RETURN,), Provider.MICROSOFT: (MICROSOFT_RETURN, APPROVAL_RETURN)}


@dataclass(frozen=True, slots=True)
class AppForm:
    """What the form of one provider holds; an empty secret keeps the one that is stored."""

    provider: Provider
    client_id: str
    secret: str = field(default="", repr=False)
    tenant: str = ""
    in_testing: bool = False
    sends_by_graph: bool = False


@dataclass(frozen=True, slots=True)
class AppView:
    """An app as the page shows it: never its secret."""

    provider: Provider
    client_id: str
    tenant: str
    in_testing: bool
    sends_by_graph: bool
    is_of_workspace: bool


def redirect_problem(public_url: str) -> str:
    """Why the providers would refuse the panel's own address as a redirect address; empty when they take it."""
    parts = urlsplit(public_url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return ""
    if parts.hostname in ("127.0.0.1", "::1"):
        return "Microsoft takes http only for the name localhost: set OUTPOST_URL to it while you try things out here."
    return (
        "Google and Microsoft take no redirect address without https: put a server with HTTPS in front of the panel and set"
        " OUTPOST_URL to its address."
    )


@use_case(needs=Permission.MANAGE, reads=True)
def apps_in_use(desk: Desk) -> dict[Provider, AppView]:
    """Which app each provider's sign-in of this workspace goes through; none where nobody entered one."""
    found = {provider: find(desk.session, desk.workspace, provider) for provider in NAMES}
    return {provider: _view(row) for provider, row in found.items() if row is not None}


@use_case(needs=Permission.ADMINISTER, reads=True)
def workspace_apps(desk: Desk) -> dict[Provider, AppView]:
    rows = desk.session.scalars(select(ProviderApp).where(ProviderApp.workspace_id == desk.workspace))
    return {row.provider: _view(row) for row in rows}


@use_case(needs=Permission.OWN, reads=True)
def installation_apps(desk: Desk) -> dict[Provider, AppView]:
    rows = desk.session.scalars(select(ProviderApp).where(ProviderApp.workspace_id.is_(None)))
    return {row.provider: _view(row) for row in rows}


@use_case(needs=Permission.ADMINISTER)
def set_workspace_app(desk: Desk, form: AppForm, vault: Vault) -> int:
    desk.require_all_identities()  # every address of the workspace signs in by it
    return _set(desk, desk.workspace, form, vault)


@use_case(needs=Permission.OWN)
def set_installation_app(desk: Desk, form: AppForm, vault: Vault) -> int:
    return _set(desk, None, form, vault)


def find(session: Session, workspace_id: int, provider: Provider) -> ProviderApp | None:
    """The workspace's own app, else the installation's."""
    rows = session.scalars(
        select(ProviderApp)
        .where(ProviderApp.provider == provider, ProviderApp.secret.is_not(None))
        .where((ProviderApp.workspace_id == workspace_id) | ProviderApp.workspace_id.is_(None))
        .order_by(ProviderApp.workspace_id.is_(None))
    )
    return rows.first()


def opened(row: ProviderApp, vault: Vault) -> App:
    """The app with its secret, for one conversation with the provider."""
    assert row.secret is not None
    return App(row.provider, row.client_id, vault.open(row.secret, _place(row)), row.tenant, row.sends_by_graph)


def _set(desk: Desk, workspace_id: int | None, form: AppForm, vault: Vault) -> int:
    tidy = _checked(form)
    of_place = ProviderApp.workspace_id.is_(None) if workspace_id is None else ProviderApp.workspace_id == workspace_id
    row = desk.session.scalars(select(ProviderApp).where(of_place, ProviderApp.provider == form.provider)).one_or_none()
    old = None if row is None else _audited(row)
    if row is None:
        if not tidy.secret:
            raise Problem("Enter the client secret; the provider shows it once, when it is made.")
        row = ProviderApp(workspace_id=workspace_id, provider=form.provider, client_id="", changed_at=desk.now)
        desk.session.add(row)
        desk.session.flush()  # the secret is sealed for the row's id
    if row.client_id not in ("", tidy.client_id):
        _end_grants(desk, row.id)
    row.client_id, row.tenant, row.changed_at = tidy.client_id, tidy.tenant, desk.now
    row.in_testing, row.sends_by_graph = tidy.in_testing, tidy.sends_by_graph
    if tidy.secret:
        row.secret = vault.seal(tidy.secret, _place(row))
    _try_again(desk, row.id)
    new = {**_audited(row), "secret_changed": bool(tidy.secret)}
    desk.audit("provider_app.changed", f"provider_app:{row.id}", old=old, new=new)
    return row.id


def _try_again(desk: Desk, app_id: int) -> None:
    """What failed by the app as it was is tried with the app as it is."""
    grants = select(MailGrant.id).where(MailGrant.provider_app_id == app_id, MailGrant.ended_at.is_(None))
    desk.session.execute(update(MailGrant).where(MailGrant.id.in_(grants)).values(retry_at=None))
    waiting = (Mailbox.grant_id.in_(grants), Mailbox.state == MailboxState.DEGRADED, Mailbox.removed_at.is_(None))
    desk.session.execute(update(Mailbox).where(*waiting).values(next_probe_at=desk.now))


def _end_grants(desk: Desk, app_id: int) -> None:
    """What people granted to another app is good for nothing with this one."""
    grants = select(MailGrant.id).where(MailGrant.provider_app_id == app_id, MailGrant.ended_at.is_(None))
    using = (Mailbox.grant_id.in_(grants), Mailbox.state != MailboxState.DISCONNECTED, Mailbox.removed_at.is_(None))
    state, note = MailboxState.RECONNECT_NEEDED, "An admin entered another app for its provider; sign in again."
    changed = {"state": state, "state_since": desk.now, "state_note": note, "next_probe_at": None}
    desk.session.execute(update(Mailbox).where(*using).values(**changed), execution_options={"synchronize_session": False})
    desk.session.execute(
        update(MailGrant).where(MailGrant.id.in_(grants)).values(ended_at=desk.now, note=note),
        execution_options={"synchronize_session": False},
    )


def _checked(form: AppForm) -> AppForm:
    client_id, secret, tenant = form.client_id.strip(), form.secret.strip(), form.tenant.strip().lower()
    if not client_id:
        raise Problem("Enter the client id; the provider's console shows it on the app's page.")
    if any(not 32 < ord(character) < 127 for character in client_id + secret + tenant):
        raise Problem("Client id, secret and tenant are made of letters, digits and signs without spaces; copy them anew.")
    if len(client_id) > 300 or len(secret) > 500:
        raise Problem("That is too long for a client id or a secret; copy them anew.")
    if form.provider is Provider.GOOGLE:
        return _google(form, client_id, secret)
    return _microsoft(form, client_id, secret, tenant)


def _google(form: AppForm, client_id: str, secret: str) -> AppForm:
    if not _GOOGLE_ID.fullmatch(client_id):
        raise Problem("A Google client id ends with .apps.googleusercontent.com; copy it from Clients in the Cloud console.")
    return AppForm(form.provider, client_id, secret, "", form.in_testing, False)


def _microsoft(form: AppForm, client_id: str, secret: str, tenant: str) -> AppForm:
    if not _GUID.fullmatch(client_id):
        raise Problem("The Application (client) ID is 32 letters and digits with dashes; copy it from the app's Overview.")
    if _GUID.fullmatch(secret):
        raise Problem("That is the secret's ID; copy its Value, which Entra shows only right after it was made.")
    tenant = tenant or "organizations"
    if tenant != "organizations" and not (_GUID.fullmatch(tenant) or _DOMAIN.fullmatch(tenant)):
        raise Problem(
            "The tenant is “organizations” for every company, or one company's tenant id or domain; “common” does not work"
            " for an administrator's consent."
        )
    return AppForm(form.provider, client_id, secret, tenant, False, form.sends_by_graph)


def _place(row: ProviderApp) -> Place:
    return Place(row.workspace_id or 0, "provider_app", row.id, "secret")


def _view(row: ProviderApp) -> AppView:
    return AppView(row.provider, row.client_id, row.tenant, row.in_testing, row.sends_by_graph, row.workspace_id is not None)


def _audited(row: ProviderApp) -> dict[str, object]:
    return {
        "provider": row.provider.value,
        "client_id": row.client_id,
        "tenant": row.tenant,
        "in_testing": row.in_testing,
        "sends_by_graph": row.sends_by_graph,
    }

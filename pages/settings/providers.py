"""The apps by which addresses sign in at Google and Microsoft 365: the installation's, and a workspace's own before it."""

import streamlit as st

from engine import provider_apps
from engine.installation import current
from engine.provider_apps import NAMES, AppForm, AppView
from pages import badges, notices, shell
from pages.settings import provider_guides, secret_fields
from storage.kinds import Permission, Provider

_SET_UP = badges.Look("green", "check_circle", "set up")
_OTHER = badges.Look("blue", "dns", "uses the installation's app")
_NONE = badges.Look("gray", "radio_button_unchecked", "not set up")
_EVERYBODY, _WORKSPACE = "All workspaces", "This workspace only"


def show() -> None:
    visit = shell.visit()
    shell.require(Permission.ADMINISTER, visit)
    shell.header(
        "Providers",
        "People sign their addresses in at Google and Microsoft 365 by an app that you register there once. No password is"
        " kept here, and each person can take the sign-in back.",
    )
    if problem := provider_apps.redirect_problem(current().config.public_url):
        notices.warning(problem)
    of_workspace = True
    if visit.may(Permission.OWN):
        chosen = st.segmented_control("The app is for", [_EVERYBODY, _WORKSPACE], default=_EVERYBODY, required=True)
        of_workspace = chosen == _WORKSPACE
    elif not visit.all_identities:
        notices.warning("An app serves every identity, and you have access to named ones only. Ask another admin.")
        return
    apps = shell.ask(provider_apps.workspace_apps if of_workspace else provider_apps.installation_apps)
    used = shell.ask(provider_apps.apps_in_use)
    for provider in (Provider.GOOGLE, Provider.MICROSOFT):
        with st.container(border=True):
            _provider(provider, apps.get(provider), used.get(provider), of_workspace=of_workspace)


def _provider(provider: Provider, app: AppView | None, used: AppView | None, *, of_workspace: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(NAMES[provider], anchor=False, width="content")
        st.markdown(badges.tag(_SET_UP if app else _OTHER if of_workspace and used else _NONE), width="content")
    paths = provider_apps.RETURNS[provider]
    st.caption(f"Copy into the app, as its redirect {'address' if len(paths) == 1 else 'addresses'}:")
    for path in paths:
        st.code(f"{current().config.public_url}{path}", language=None)
    with st.expander("How to register the app", icon=":material/menu_book:"):
        st.markdown(provider_guides.GUIDES[provider])
    _form(provider, app, "own" if of_workspace else "all", of_workspace=of_workspace)


def _form(provider: Provider, app: AppView | None, key: str, *, of_workspace: bool) -> None:
    with st.form(f"{provider}-{key}", border=False):
        client_id = st.text_input("Client id", app.client_id if app else "", key=f"id-{provider}-{key}", autocomplete="off")
        kept = "Kept; enter one to replace it" if app else ""
        secret = secret_fields.field("Client secret", f"secret-{provider}-{key}", placeholder=kept)
        tenant, in_testing, by_graph = "", False, False
        if provider is Provider.GOOGLE:
            in_testing = st.checkbox(
                "The consent screen is in “Testing”",
                app.in_testing if app else False,
                key=f"testing-{key}",
                help="Google then ends every sign-in after seven days; the address counts down to it.",
            )
        else:
            tenant = st.text_input(
                "Tenant", app.tenant if app else "organizations", key=f"tenant-{key}", help=provider_guides.TENANT
            )
            by_graph = st.checkbox(
                "Send by Microsoft Graph where a tenant forbids SMTP",
                app.sends_by_graph if app else False,
                key=f"graph-{key}",
                help="Asks for Mail.Send and Mail.ReadWrite as well.",
            )
        pressed = st.form_submit_button("Save this app", type="primary")
    if pressed:
        _save(AppForm(provider, client_id or "", secret, tenant or "", in_testing, by_graph), key, of_workspace)


def _save(form: AppForm, key: str, of_workspace: bool) -> None:
    task = provider_apps.set_workspace_app if of_workspace else provider_apps.set_installation_app
    try:
        shell.ask(task, form=form, vault=current().vault)
    except shell.Problem as problem:
        notices.error(str(problem))
    else:
        secret_fields.forget(f"secret-{form.provider}-{key}")
        notices.toast(f"The {NAMES[form.provider]} app is saved; its secret is sealed.", icon=":material/check_circle:")
        st.rerun()


show()

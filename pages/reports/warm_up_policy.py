"""The warm-up policy of the installation: how fast, with whom, at what price; and what a month costs the client."""

import streamlit as st

from engine import warm_up_pool
from engine.rules.warm_up import RAMPS
from engine.warm_up_statements import statement
from pages import badges, notices, shell
from storage.kinds import PoolScope, WarmUpPreset

_SCOPES = {
    PoolScope.INSTALLATION: "All addresses of this installation, also other clients'",
    PoolScope.WORKSPACE: "Addresses of the same workspace only",
}


@st.dialog("Warm-up policy and price")
def show() -> None:
    now = shell.ask(warm_up_pool.policy)
    with st.form("warm-up-policy", border=False):
        presets = list(WarmUpPreset)
        preset = st.radio(
            "How fast, where a workspace says nothing else", presets, presets.index(now.preset), format_func=_ramp
        )
        scopes = list(_SCOPES)
        scope = st.radio(
            "Between whom mails go, where a workspace says nothing else",
            scopes,
            scopes.index(now.scope),
            format_func=lambda one: _SCOPES[one],
            help="An address can also be switched out of the pool by itself, on its card.",
        )
        price = st.number_input("Price per address and month", 0.0, 10_000.0, now.price_cents / 100, step=1.0, format="%.2f")
        st.caption("Warm-ups that run keep the ramp and the price they began with; with whom they write changes at once.")
        pressed = st.form_submit_button("Save the policy", type="primary")
    if pressed:
        task, cents = warm_up_pool.set_policy, round(price * 100)
        if shell.attempt(task, preset=preset, scope=scope, price_cents=cents) is not None:
            notices.toast("Saved; it holds from now on.")
            st.rerun()


@st.dialog("Warm-up policy of this workspace")
def show_workspace() -> None:
    pace, scope = shell.ask(warm_up_pool.pace), shell.ask(warm_up_pool.scope)
    with st.form("warm-up-workspace", border=False):
        presets: list[WarmUpPreset | None] = [None, *WarmUpPreset]
        as_all = f"As the installation says, now: {pace.default.value}"
        own_pace = st.radio(
            "How fast", presets, presets.index(pace.own), format_func=lambda one: as_all if one is None else _ramp(one)
        )
        scopes: list[PoolScope | None] = [None, *_SCOPES]
        inherited = f"As the installation says, now: {_SCOPES[scope.default].lower()}"
        own_scope = st.radio(
            "Between whom mails go",
            scopes,
            scopes.index(scope.own),
            format_func=lambda one: inherited if one is None else _SCOPES[one],
        )
        st.caption(
            "Warm-ups that run keep the ramp they began with. Between whom mails go holds at once and both ways: who keeps"
            " to itself is written to by nobody else either."
        )
        pressed = st.form_submit_button("Save the policy", type="primary")
    if not pressed or shell.attempt(warm_up_pool.set_pace, own=own_pace) is None:
        return
    if shell.attempt(warm_up_pool.set_scope, own=own_scope) is not None:
        notices.toast("Saved; it holds from now on.")
        st.rerun()


def _ramp(preset: WarmUpPreset) -> str:
    ramp = RAMPS[preset]
    return f"{preset.value.capitalize()}: {ramp.first} on day 1, +{ramp.rise} a day, at most {ramp.most}"


def cost(visit: shell.Visit) -> None:
    """This month's sum for the workspace, address by address under a fold."""
    month = visit.now.date().replace(day=1)
    found = shell.ask(statement, year=month.year, month=month.month)
    charged = [line for line in found.lines if line.price_cents]
    if not charged:
        return
    with st.expander(
        f"{month:%B %Y}: {found.sum_cents / 100:,.2f} for {len(charged):,} address{'' if len(charged) == 1 else 'es'}",
        icon=":material/receipt_long:",
    ):
        rows = [{"Address": line.address, "Price": line.price_cents / 100} for line in charged]
        st.dataframe(rows, hide_index=True, column_config={"Price": st.column_config.NumberColumn(format="%.2f")})
        badges.quiet("Each address that warmed up on any day of the month costs the fixed price once.")
        shell.link("statement", label="Client statement", icon=":material/receipt_long:")

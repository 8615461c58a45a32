"""The Stop button and its drawer: what it will hold, pressing it, when the last action began, releasing it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine import stop_effects, stops
from engine.identities import IdentityView
from engine.stop_effects import Held
from pages import badges, reader, shell
from pages.campaigns.doing import done
from storage.kinds import Permission, StopScope

_OPEN = "stop-drawer"


@dataclass(frozen=True, slots=True)
class Brake:
    """One scope of Stop: what people call it, and the use cases behind its buttons."""

    scope: StopScope
    name: str
    held: Callable[..., Held]
    press: Callable[..., Any]
    release: Callable[..., Any]
    values: dict[str, int]


def button(visit: shell.Visit, identity: IdentityView | None = None) -> None:
    """Show Stop for the identity, or without one for the workspace and, for an owner, the installation."""
    brakes = _brakes(visit, identity)
    label, icon = "Stop" if identity else "Stop everything", ":material/stop_circle:"
    if identity and _is_pressed(brakes[0]):
        label, icon = ("Release", ":material/play_arrow:") if visit.may(Permission.MANAGE) else ("About the stop", icon)
    if st.button(label, icon=icon, key="stop-open"):
        st.session_state[_OPEN] = True
    if st.session_state.get(_OPEN):
        _drawer(visit, brakes)


def _brakes(visit: shell.Visit, identity: IdentityView | None) -> list[Brake]:
    if identity:
        held, press, release = stop_effects.of_identity, stops.press_identity, stops.release_identity
        return [Brake(StopScope.IDENTITY, identity.name, held, press, release, {"identity_id": identity.id})]
    found = [
        Brake(
            StopScope.WORKSPACE,
            visit.workspace_name,
            stop_effects.of_workspace,
            stops.press_workspace,
            stops.release_workspace,
            {},
        )
    ]
    if visit.may(Permission.OWN):
        found.append(
            Brake(
                StopScope.INSTALLATION,
                "the whole installation",
                stop_effects.of_installation,
                stops.press_installation,
                stops.release_installation,
                {},
            )
        )
    return found


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Stop", position="right", width="small", icon=":material/stop_circle:", on_dismiss=_close)
def _drawer(visit: shell.Visit, brakes: list[Brake]) -> None:
    brake = brakes[0]
    if len(brakes) > 1:
        names = [one.name for one in brakes]
        chosen = st.radio("What to stop", range(len(names)), format_func=lambda number: badges.plain(names[number]))
        brake = brakes[chosen or 0]
    held = shell.ask(brake.held, **brake.values)
    if _is_pressed(brake):
        _pressed(visit, brake, held)
    else:
        _before(visit, brake, held)


def _is_pressed(brake: Brake) -> bool:
    wanted = brake.values.get("identity_id")
    return any(one.scope is brake.scope and one.identity_id == wanted for one in shell.ask(stops.active_stops))


def _before(visit: shell.Visit, brake: Brake, held: Held) -> None:
    people = "" if brake.scope is StopScope.IDENTITY else f" of {_count(held.identities, 'identity', 'identities')}"
    st.markdown(
        f"No new action{people} begins after this, in {_count(held.campaigns, 'running campaign', 'running campaigns')}. "
        + ("Nothing is being sent right now." if not held.in_flight else f"{held.in_flight} being sent right now will end.")
    )
    st.markdown("Nothing is lost. *Release* goes on inside hours and limits; what was missed is not made up for in one go.")
    _last(visit, held)
    st.text_input("Why (others see this)", key="stop-note", max_chars=200)
    st.button(
        f"Stop {badges.plain(brake.name, 40)}",
        type="primary",
        icon=":material/stop_circle:",
        width="stretch",
        on_click=_press,
        args=(brake,),
    )


def _press(brake: Brake) -> None:
    shell.attempt(brake.press, note=st.session_state.get("stop-note") or "", **brake.values)


def _pressed(visit: shell.Visit, brake: Brake, held: Held) -> None:
    badges.badge(badges.STOPPED)
    st.markdown(f"{badges.plain(brake.name)} is stopped. No new action begins.")
    if held.in_flight:
        st.markdown(f"{held.in_flight} being sent when Stop was pressed will still end.")
    _last(visit, held)
    may_release = Permission.OWN if brake.scope is StopScope.INSTALLATION else Permission.MANAGE
    if not visit.may(may_release) or (brake.scope is StopScope.WORKSPACE and not visit.all_identities):
        badges.quiet("A manager or an admin can release it.")
        return
    pressed = st.button(f"Release {badges.plain(brake.name, 40)}", icon=":material/play_arrow:", width="stretch")
    if pressed and done(brake.release, **brake.values):
        _close()
        st.rerun()


def _last(visit: shell.Visit, held: Held) -> None:
    if held.last_effect_at is None:
        st.caption("No action has begun yet.")
        return
    badges.when(held.last_effect_at, reader.zone(), visit.now, "Last action: ")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"

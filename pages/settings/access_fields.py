"""The fields for a role and the identities within reach, as inviting and editing a user ask them."""

from collections.abc import Sequence

import streamlit as st

from engine.people import Choice
from storage.kinds import Role

ROLES = {Role.ADMIN: "Admin", Role.MANAGER: "Manager", Role.OPS: "Ops"}
_WHAT = {
    Role.ADMIN: "everything in this workspace, users too",
    Role.MANAGER: "identities, campaigns, warm-up",
    Role.OPS: "reads everything, may press Stop",
}


def role(present: Role, key: str) -> Role:
    options = list(ROLES)
    chosen = st.radio(
        "Role",
        options,
        index=options.index(present),
        format_func=lambda one: ROLES[one],
        captions=[_WHAT[one] for one in options],
        key=f"{key}-role",
    )
    return chosen or present


def reach(present: Sequence[int] | None, choices: Sequence[Choice], key: str) -> list[int] | None:
    """None for all identities."""
    names = {one.id: one.name for one in choices}
    every = st.toggle("All identities, also those added later", value=present is None, key=f"{key}-all")
    if every:
        return None
    return st.multiselect(
        "Identities",
        list(names),
        default=[one for one in present or () if one in names],
        format_func=lambda id_: names.get(id_, ""),
        key=f"{key}-identities",
        placeholder="Choose who they may see",
    )

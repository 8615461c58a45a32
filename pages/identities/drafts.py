"""Which version of an identity each open form was filled from, so that the second of two savers is told."""

from dataclasses import dataclass

import streamlit as st

from engine.identities import IdentityView


@dataclass(frozen=True, slots=True)
class Draft:
    """`key` starts the keys of the form's fields; `version` is what the next save says it was read at."""

    form: str
    identity_id: int
    filled_at: int
    version: int

    @property
    def key(self) -> str:
        return f"{self.form}-{self.identity_id}-{self.filled_at}"


def begin(form: str, identity: IdentityView, probe: str) -> Draft:
    """The draft of an open form; `probe` ends the key of one of its fields: without that field it is filled anew."""
    kept = st.session_state.get(_slot(form, identity.id))
    if isinstance(kept, Draft) and f"{kept.key}-{probe}" in st.session_state:
        return kept
    return _keep(Draft(form, identity.id, identity.version, identity.version))


def saved(draft: Draft, version: int) -> None:
    """After a save: this form is filled anew, and the identity's other forms stand on the new version too."""
    for slot, other in list(st.session_state.items()):
        if isinstance(other, Draft) and other.identity_id == draft.identity_id and other.version == draft.version:
            _keep(Draft(other.form, other.identity_id, other.filled_at, version))
            if other.form == draft.form:
                del st.session_state[str(slot)]


def overwrite(draft: Draft, version: int) -> None:
    """After a refusal that was read: what is entered stays, and the next save replaces what somebody else saved."""
    _keep(Draft(draft.form, draft.identity_id, draft.filled_at, version))


def _keep(draft: Draft) -> Draft:
    st.session_state[_slot(draft.form, draft.identity_id)] = draft
    return draft


def _slot(form: str, identity_id: int) -> str:
    return f"draft-{form}-{identity_id}"

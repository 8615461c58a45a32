"""Sign-ins at Google that were cut off between its answer and ours: the code is kept until what it brought is stored.

A code is good once. The process may die, or the line break, after Google granted and before anything of it is stored here;
then the worker presents the code itself: if Google had not seen it, what it brings now is given back. If it was used,
nobody holds what it brought (a provider should then end it, RFC 6749 4.1.2, but Google does not promise to), so a person
is told how to take it back. Microsoft takes no grant back, so there nothing could be done with a code.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import alerts, giving_back, held_grants, logs
from engine.connections import google
from engine.connections.oauth import App, Denial, Granted, SignInTrouble
from engine.grants import Tokens
from engine.provider_apps import opened
from storage.columns import to_micros
from storage.kinds import AlertKind, Provider
from storage.tables import ProviderApp, SignInFlow
from storage.vault import Place, Vault

_UNDER_WAY = timedelta(minutes=2)  # longer than the exchange itself may take
_PRESENTED_UNTIL = "presented_until"  # beside the code: who presents it is at it until then, or dead
_PATIENCE = timedelta(hours=1)  # with a Google that is unwell; a code lives for minutes
TOLD = (
    "This sign-in at Google was cut off before its answer could be kept, so Google may still list Outpost as allowed."
    " Connect the address again, or remove Outpost under Google account › Security › Third-party access."
)
_log = logs.logger("worker")


def place_of(row: SignInFlow) -> Place:
    return Place(row.workspace_id, "sign_in_flow", row.id, "flow")


def note_code(vault: Vault, row: SignInFlow, flow: Mapping[str, Any], query: Mapping[str, str], redirect: str) -> None:
    """Before the code is presented: keep what it takes to present it, in the transaction that uses the sign-in up."""
    is_needed = row.provider is Provider.GOOGLE and query.get("code") and not query.get("error")
    kept = json.dumps({**flow, "code": query.get("code", ""), "redirect": redirect})
    row.flow = vault.seal(kept, place_of(row)) if is_needed else None


def landed(session: Session, flow_id: int) -> None:
    """What the code brought is stored here, or Google said that it brings nothing."""
    session.get_one(SignInFlow, flow_id).flow = None


def is_over(session: Session, workspace_id: int, address: str, now: datetime) -> None:
    """The address is connected: Google knows one grant of it, which disconnecting takes back whole."""
    alerts.clear(session, _alert(workspace_id, address), now)


def settle_due(tokens: Tokens, most: int = 20) -> int:
    """For the worker: see to the sign-ins that were cut off; how many were."""
    now = tokens.now()
    cut_off = SignInFlow.used_at <= now - _UNDER_WAY, SignInFlow.flow.is_not(None)
    with tokens.database.read() as session:
        due = session.scalars(select(SignInFlow.id).where(*cut_off).order_by(SignInFlow.used_at).limit(most)).all()
    for flow_id in due:
        try:
            _settle(tokens, flow_id, tokens.now())
        except Exception as error:  # a secret that does not open must not keep the others from being seen to
            _log.exception("sign_in.cut_off", flow=flow_id, problem=type(error).__name__)
    return len(due)


def _settle(tokens: Tokens, flow_id: int, now: datetime) -> None:
    claimed = _claim(tokens, flow_id, now)
    if claimed is None:
        return
    flow, asking = claimed
    granted: Granted | None = None
    if asking is not None:
        try:
            granted = google.finish(asking, tokens.where, flow["redirect"], flow, {"code": flow["code"]})
        except SignInTrouble as trouble:
            _log.warning("sign_in.cut_off", flow=flow_id, denial=trouble.denial.value)
            if trouble.denial is Denial.UNWELL and _may_be_asked_again(tokens, flow_id, flow, now):
                return
    with tokens.database.write() as session:
        row = session.get_one(SignInFlow, flow_id)
        if granted is not None:
            app = session.get_one(ProviderApp, row.provider_app_id)
            held_grants.hold(session, tokens.vault, app, row.workspace_id, row.address, granted, now, timedelta(0))
        elif not giving_back.is_used(session, row.provider, row.address):
            _tell(session, row, now)
        landed(session, flow_id)


def _claim(tokens: Tokens, flow_id: int, now: datetime) -> tuple[dict[str, Any], App | None] | None:
    """The right to present the code, and what it takes; None where another has it, or has seen to it.

    A second one with the same code hears that it was used, and Google may end what it brought the first. Who takes it
    writes so down beside the code; writers are one after another, so nobody reads what another is about to write.
    """
    with tokens.database.write() as session:
        row = session.get_one(SignInFlow, flow_id)
        if row.flow is None:
            return None
        flow: dict[str, Any] = json.loads(tokens.vault.open(row.flow, place_of(row)))
        if to_micros(now) < flow.get(_PRESENTED_UNTIL, 0):
            return None
        app = session.get_one(ProviderApp, row.provider_app_id)
        taken = {**flow, _PRESENTED_UNTIL: to_micros(now + _UNDER_WAY)}
        row.flow = tokens.vault.seal(json.dumps(taken), place_of(row))
        return flow, opened(app, tokens.vault) if app.secret is not None else None


def _may_be_asked_again(tokens: Tokens, flow_id: int, flow: Mapping[str, Any], now: datetime) -> bool:
    """Give the right to present the code back, while there is patience left with a Google that is unwell."""
    with tokens.database.write() as session:
        row = session.get_one(SignInFlow, flow_id)
        if row.used_at is None or row.flow is None or now >= row.used_at + _PATIENCE:
            return False
        row.flow = tokens.vault.seal(json.dumps(flow), place_of(row))
        return True


def _tell(session: Session, row: SignInFlow, now: datetime) -> None:
    row.note, row.denial = row.note or TOLD, row.denial or Denial.UNWELL.value
    key = _alert(row.workspace_id, row.address)
    place = (row.workspace_id, row.identity_id, now, key)
    alerts.raise_alert(session, AlertKind.CONNECTION, row.address, TOLD, *place)


def _alert(workspace_id: int, address: str) -> str:
    return f"cut-off:{workspace_id}:{address}"

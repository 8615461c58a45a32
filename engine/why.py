"""Why an action did or did not run: the ordered gates with their values, the first that fails, the next possible time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.desk import Denied, Desk, use_case
from engine.rules.facts import GateReport, Verdict
from engine.rules.permit import explain, permit
from engine.situations import gather
from storage.kinds import ActionKind, ActionState, Gate, Permission, Reason
from storage.tables import Action, Campaign, Event, Identity, Lead


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one action. `gates` are asked now for an open action; `gates_then` are the values when it ran."""

    action_id: int
    kind: ActionKind
    state: ActionState
    reason: Reason | None
    identity_id: int
    identity_name: str
    zone: str
    lead_id: int | None
    lead_name: str
    campaign_id: int | None
    campaign_name: str
    due_at: datetime
    verdict: Verdict | None
    gates: tuple[GateReport, ...]
    gates_then: tuple[tuple[Gate, str], ...]
    ran_at: datetime | None
    note: str


@use_case(needs=Permission.READ, reads=True)
def explain_action(desk: Desk, action_id: int) -> Explanation:
    """Ask every gate for this action, by the very function that lets it run."""
    row = desk.session.execute(
        select(Action, Identity, Lead, Campaign.name)
        .join(Identity, Identity.id == Action.identity_id)
        .outerjoin(Lead, Lead.id == Action.lead_id)
        .outerjoin(Campaign, Campaign.id == Action.campaign_id)
        .where(Action.id == action_id)
    ).one_or_none()
    if row is None:
        raise Denied
    action, identity, lead, campaign = row
    verdict, gates = _asked_now(desk, action)
    then, ran_at = _values_then(desk, action_id)
    return Explanation(
        action_id=action.id,
        kind=action.kind,
        state=action.state,
        reason=action.reason,
        identity_id=identity.id,
        identity_name=identity.name,
        zone=identity.zone,
        lead_id=action.lead_id,
        lead_name=lead.name if lead is not None else "",
        campaign_id=action.campaign_id,
        campaign_name=campaign or "",
        due_at=action.due_at,
        verdict=verdict,
        gates=gates,
        gates_then=then,
        ran_at=ran_at,
        note=action.note,
    )


def _asked_now(desk: Desk, action: Action) -> tuple[Verdict | None, tuple[GateReport, ...]]:
    if not action.state.is_open:
        return None, ()
    facts = gather(desk.session, [action.id], desk.now)[action.id]
    return permit(facts, desk.now), explain(facts, desk.now)


def _values_then(desk: Desk, action_id: int) -> tuple[tuple[tuple[Gate, str], ...], datetime | None]:
    """The values of every gate when it was last booked or skipped, as the ledger kept them."""
    found = desk.session.execute(
        select(Event.at, Event.evidence)
        .where(Event.action_id == action_id, Event.after.in_([ActionState.RESERVED, ActionState.SKIPPED]))
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    gates = (found.evidence or {}).get("gates", {}) if found is not None else {}
    return tuple((Gate(name), value) for name, value in gates.items()), found.at if found is not None else None

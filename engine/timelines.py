"""What happened to one lead, in words and in order: from its import to its last mail, each action with a link to its why."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.desk import Desk, Problem, use_case
from engine.letters import Rendered, rendered
from engine.steps import steps_of
from storage.kinds import ActionKind, ActionState, IncomingKind, LeadState, Permission
from storage.tables import Action, Campaign, Event, IncomingMail, Lead, LeadImport, LeadPause, Mailbox, Step

_WORDS = {
    ActionState.PLANNED: "{what} planned",
    ActionState.DUE: "{what} due",
    ActionState.RESERVED: "{what}: quota taken",
    ActionState.SENDING: "{what}: sending began",
    ActionState.ACCEPTED: "{what} sent",
    ActionState.CONFIRMED: "{what} confirmed in the Sent folder",
    ActionState.FAILED_TEMPORARY: "{what} failed for now; it is tried again",
    ActionState.FAILED_PERMANENT: "{what} failed",
    ActionState.CANCELLED: "{what} cancelled",
    ActionState.SKIPPED: "{what} skipped",
    ActionState.UNKNOWN: "{what}: the outcome is not known",
    ActionState.RECONCILING: "{what} is being looked up",
    ActionState.PARKED: "{what} parked; a person must decide",
}
_IN_WORDS = {
    IncomingKind.REPLY: "Replied",
    IncomingKind.AUTO_REPLY: "Out of office{back}",
    IncomingKind.UNSUBSCRIBE: "Asked by mail not to be written to",
    IncomingKind.HARD_BOUNCE: "A mail came back: it can't be delivered to this address",
    IncomingKind.SOFT_BOUNCE: "A mail came back undelivered",
    IncomingKind.COMPLAINT: "Reported a mail as spam",
    IncomingKind.WARM_UP: "Warm-up mail",
    IncomingKind.OTHER: "Wrote",
}
_OVER = frozenset(LeadState) - {LeadState.NEW, LeadState.ACTIVE}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline; `mail` is what was sent, on the line on which it was."""

    at: datetime
    words: str
    state: ActionState | LeadState | None = None
    reason: str = ""
    actor: str = ""
    action_id: int | None = None
    is_latest: bool = True  # of its action: the line that tells how it stands
    mail: Rendered | None = None
    came_in: IncomingKind | None = None
    text: str = ""  # what is new in a mail that came in


@use_case(needs=Permission.READ, reads=True)
def of_lead(desk: Desk, lead_id: int) -> tuple[Moment, ...]:
    """The lead's whole story, the oldest line first."""
    lead = desk.session.get_one(Lead, lead_id)
    campaign = desk.session.get_one(Campaign, lead.campaign_id)
    moments = [_beginning(desk.session, lead)]
    if campaign.launched_at is not None and lead.state is not LeadState.NEW:
        moments.append(Moment(max(campaign.launched_at, lead.created_at), f"Campaign “{campaign.name}” was launched"))
    moments += _events(desk.session, lead)
    moments += _came_in(desk.session, lead)
    moments += _pauses(desk.session, lead)
    if lead.state in _OVER:
        reason = lead.state_reason.sentence if lead.state_reason else ""
        moments.append(Moment(lead.state_since, f"Sequence ended: {lead.state.replace('_', ' ')}", lead.state, reason))
    return tuple(sorted(moments, key=lambda moment: moment.at))


def _beginning(session: Session, lead: Lead) -> Moment:
    if lead.import_id is None:
        return Moment(lead.created_at, "Added to the campaign")
    file = session.get_one(LeadImport, lead.import_id)
    return Moment(lead.created_at, f"Imported from “{file.file_name}”, row {lead.row_number}")


def _came_in(session: Session, lead: Lead) -> list[Moment]:
    rows = session.scalars(select(IncomingMail).where(IncomingMail.lead_id == lead.id).order_by(IncomingMail.id))
    return [
        Moment(
            row.arrived_at,
            "The server still tries to deliver a mail" if row.is_delay else _IN_WORDS[row.kind].format(back=_back(row)),
            reason=row.reason.sentence if row.reason else "",
            actor=row.sender,
            came_in=row.kind,
            text=row.text,
        )
        for row in rows
    ]


def _pauses(session: Session, lead: Lead) -> list[Moment]:
    found: list[Moment] = []
    for row in session.scalars(select(LeadPause).where(LeadPause.lead_id == lead.id)):
        found.append(Moment(row.since, "Sequence paused", reason=row.reason.sentence))
        if row.ended_at is not None:
            found.append(Moment(row.ended_at, f"Sequence continued by {row.ended_by}"))
    return found


def _back(row: IncomingMail) -> str:
    return f", back on {row.back_on.day} {row.back_on:%B %Y}" if row.back_on else ""


def _events(session: Session, lead: Lead) -> list[Moment]:
    steps = {step.id: step for step in steps_of(session, lead.campaign_id)}
    rows = session.execute(
        select(Event, Action.step_id)
        .join(Action, Action.id == Event.action_id)
        .where(Action.lead_id == lead.id)
        .order_by(Event.id)
    )
    found = [_moment(session, event, steps.get(step_id or 0), list(steps.values()), lead) for event, step_id in rows]
    latest = {moment.action_id: place for place, moment in enumerate(found)}
    return [replace(moment, is_latest=latest[moment.action_id] == place) for place, moment in enumerate(found)]


def _moment(session: Session, event: Event, step: Step | None, steps: list[Step], lead: Lead) -> Moment:
    what = event.kind.label + (f" of step {step.position}" if step else "")
    is_mail = event.after is ActionState.ACCEPTED and event.kind is ActionKind.EMAIL and step is not None
    return Moment(
        event.at,
        _WORDS[event.after].format(what=what),
        event.after,
        event.reason.sentence if event.reason else "",
        event.actor,
        event.action_id,
        mail=_mail(session, step, steps, lead) if is_mail and step is not None else None,
    )


def _mail(session: Session, step: Step, steps: list[Step], lead: Lead) -> Rendered | None:
    """What the step says to this lead: a step's text stays as it is from the first mail on."""
    until = [each for each in steps if each.position <= step.position and each.kind is ActionKind.EMAIL]
    signature = session.scalar(select(Mailbox.signature).where(Mailbox.id == lead.mailbox_id)) or ""
    try:
        return rendered(until, lead, signature)
    except Problem:
        return None

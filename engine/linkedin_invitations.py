"""Invitations that are out: recorded when they went, ended when they are accepted or withdrawn."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import agenda, linkedin_lanes
from engine.entries import entry_of
from engine.outcomes import day_of
from storage.kinds import ActionKind, ActionState
from storage.ledger import Entry, Note, move
from storage.tables import OPEN, Action, Campaign, Lane, Lead, LinkedInInvitation, Step


def record(session: Session, entry: Entry, now: datetime) -> LinkedInInvitation | None:
    """The invitation of a connection request that went out, written once; None for one without a lead."""
    lead = session.get(Lead, entry.lead_id) if entry.lead_id is not None else None
    if lead is None or not lead.linkedin_url:
        return None
    pending = pending_to(session, entry.identity_id, lead.linkedin_url)
    if pending is not None:
        return pending
    own = (LinkedInInvitation.lead_id == lead.id, LinkedInInvitation.action_id == entry.id)
    known = session.scalar(select(LinkedInInvitation).where(*own))
    if known is not None:
        return known
    made = LinkedInInvitation(
        workspace_id=entry.workspace_id,
        identity_id=entry.identity_id,
        action_id=entry.id,
        lead_id=lead.id,
        profile=lead.linkedin_url,
        name=lead.name,
        sent_at=now,
    )
    session.add(made)
    session.flush()
    return made


def pending_to(session: Session, identity_id: int, profile: str) -> LinkedInInvitation | None:
    return session.scalar(
        select(LinkedInInvitation).where(
            LinkedInInvitation.identity_id == identity_id,
            LinkedInInvitation.profile == profile,
            LinkedInInvitation.accepted_at.is_(None),
            LinkedInInvitation.withdrawn_at.is_(None),
        )
    )


def went_out(session: Session, entry: Entry, now: datetime) -> None:
    """A person decided that this action had happened: what it began (a wait, a cool-down) begins by that, too."""
    if entry.kind is ActionKind.CONNECTION_REQUEST:
        record(session, entry, now)
    elif entry.kind is ActionKind.WITHDRAWAL and (row := withdrawn_by(session, entry)) is not None:
        withdrawn(session, row, now)


def withdrawn_by(session: Session, entry: Entry) -> LinkedInInvitation | None:
    """The invitation that a withdrawal takes back."""
    return session.scalar(select(LinkedInInvitation).where(LinkedInInvitation.withdrawal_id == entry.id))


def catch_up(session: Session, identity_id: int, now: datetime) -> None:
    """Record those that went out and have no line of ours yet."""
    own = (LinkedInInvitation.lead_id == Action.lead_id, LinkedInInvitation.action_id == Action.id)
    known = select(LinkedInInvitation.id).where(*own).exists()
    missing = select(Action.id).where(
        Action.campaign_id.in_(select(Campaign.id).where(Campaign.identity_id == identity_id)),  # an index finds them by it
        Action.identity_id == identity_id,
        Action.kind == ActionKind.CONNECTION_REQUEST,
        Action.state == ActionState.ACCEPTED,
        ~known,
    )
    for action_id in session.scalars(missing):
        if (entry := entry_of(session, action_id)) is not None:
            record(session, entry, now)


def accepted(session: Session, identity_id: int, profiles: Collection[str], now: datetime) -> int:
    """End the pending invitations to these people, who are connections now; returns how many those were."""
    rows = session.scalars(
        select(LinkedInInvitation).where(
            LinkedInInvitation.identity_id == identity_id,
            LinkedInInvitation.profile.in_(profiles),
            LinkedInInvitation.accepted_at.is_(None),
            LinkedInInvitation.withdrawn_at.is_(None),
        )
    ).all()
    for row in rows:
        row.accepted_at = now
        _confirm(session, row, {"accepted": now.isoformat()}, now)
    session.flush()
    lane = linkedin_lanes.lane_of(session, identity_id)
    if rows and lane is not None:
        agenda.wake_lane(session, [lane.id], now)
    return len(rows)


def withdrawn(session: Session, row: LinkedInInvitation, now: datetime) -> None:
    """The invitation was taken back: nobody of the workspace may invite this person for 21 days."""
    if row.accepted_at is None and row.withdrawn_at is None:
        row.withdrawn_at = now
        _confirm(session, row, {"withdrawn": now.isoformat()}, now)
        session.flush()


def _confirm(session: Session, row: LinkedInInvitation, evidence: dict[str, str], now: datetime) -> None:
    """A request whose end is known is confirmed, and no longer counts as pending."""
    entry = entry_of(session, row.action_id) if row.action_id is not None else None
    if entry is not None and entry.state is ActionState.ACCEPTED:
        note = Note(now, day_of(entry, now), "worker", None, evidence)
        move(session, entry, ActionState.CONFIRMED, note)


def never_accepted(session: Session, identity_id: int, now: datetime) -> list[int]:
    """The leads whose message has waited for their acceptance longer than its step may.

    They wait for the person, as the verdict does, also where another campaign's lead is who was invited.
    """
    waiting = (
        select(Action.lead_id, Action.created_at, LinkedInInvitation.sent_at, Step.acceptance_days)
        .join(Lead, Lead.id == Action.lead_id)
        .join(Step, Step.id == Action.step_id)
        .where(
            LinkedInInvitation.identity_id == identity_id,
            LinkedInInvitation.accepted_at.is_(None),
            Action.lane_id.in_(select(Lane.id).where(Lane.identity_id == identity_id)),
            Action.kind == ActionKind.LINKEDIN_MESSAGE,
            text(f"action.{OPEN}"),
        )
    )
    of_lead = waiting.join(LinkedInInvitation, LinkedInInvitation.lead_id == Action.lead_id)
    of_person = waiting.join(LinkedInInvitation, LinkedInInvitation.profile == Lead.linkedin_url)
    begun = [(row, row.sent_at) for row in session.execute(of_lead)]
    # One that was out before counts from when the lead's own message was planned.
    still_out = of_person.where(LinkedInInvitation.withdrawn_at.is_(None))
    begun += [(row, max(row.sent_at, row.created_at)) for row in session.execute(still_out)]
    return list({row.lead_id: None for row, since in begun if since + timedelta(days=row.acceptance_days) <= now})

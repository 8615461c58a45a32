"""What a mail that came in does, in the transaction that keeps it: before the next gate, and once.

A reply ends the lead's sequence; a hard bounce, a complaint and a wish to be left alone suppress the person in the workspace
too. The third soft bounce pauses the lead until a person lets it go on. An out-of-office is no reply: it moves what is next.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import absences, alerts, bounce_rates, sequence, soft_bounces
from engine.desk import WORKER, Desk
from storage.kinds import AlertKind, IncomingKind, LeadState, Reason, SuppressionKind
from storage.tables import Campaign, IncomingMail, Lead, Mailbox, Suppression

_ENDS = {
    IncomingKind.REPLY: (LeadState.REPLIED, Reason.LEAD_REPLIED),
    IncomingKind.HARD_BOUNCE: (LeadState.BOUNCED, Reason.LEAD_BOUNCED),
    IncomingKind.COMPLAINT: (LeadState.UNSUBSCRIBED, Reason.COMPLAINED),
    IncomingKind.UNSUBSCRIBE: (LeadState.UNSUBSCRIBED, Reason.LEAD_UNSUBSCRIBED),
}
_WHY = {
    IncomingKind.HARD_BOUNCE: "Mail to this address came back: nobody is there.",
    IncomingKind.COMPLAINT: "Reported a mail as spam.",
    IncomingKind.UNSUBSCRIBE: "Asked by mail not to be written to.",
}


def apply(session: Session, mail: IncomingMail, mailbox: Mailbox, email: str, now: datetime) -> None:
    """Do what the mail means for its lead."""
    if mail.kind is IncomingKind.AUTO_REPLY:
        _wait_for_return(session, mail)
    elif mail.kind is IncomingKind.SOFT_BOUNCE:
        if not mail.is_delay and soft_bounces.mind(session, mail.lead_id or 0, now):
            mail.reason = Reason.SOFT_BOUNCES
    elif mail.kind in _ENDS:
        state, mail.reason = _ENDS[mail.kind]
        if mail.kind in _WHY:
            suppress(session, mail.workspace_id, email, _WHY[mail.kind], state, mail.reason, now)
        _end(session, mail, state, mail.reason, now)
    if mail.kind is IncomingKind.COMPLAINT:
        _tell_complaint(session, mailbox, email, now)
    if mail.kind is IncomingKind.HARD_BOUNCE:
        bounce_rates.watch(session, mailbox, now)


def suppress(
    session: Session, workspace_id: int, email: str, why: str, state: LeadState, reason: Reason, now: datetime
) -> bool:
    """Put an address on the workspace's list and end every sequence to it; False when it was on it."""
    known = select(Suppression.id).where(
        Suppression.workspace_id == workspace_id,
        Suppression.kind == SuppressionKind.ADDRESS,
        Suppression.value == email.lower(),
    )
    is_new = session.scalar(known) is None
    if is_new:
        session.add(
            Suppression(
                workspace_id=workspace_id,
                kind=SuppressionKind.ADDRESS,
                value=email.lower(),
                why=why,
                since=now,
                added_by=None,
            )
        )
        desk = Desk(session, WORKER, workspace_id, now)
        desk.audit("suppressions.added", f"workspace:{workspace_id}", new={"added": 1, "first": [email], "why": why})
    same = select(Lead.id).where(Lead.workspace_id == workspace_id, Lead.email == email.lower(), sequence.UNFINISHED)
    sequence.end(session, session.scalars(same).all(), state, reason, WORKER.label, now)
    return is_new


def _end(session: Session, mail: IncomingMail, state: LeadState, reason: Reason, now: datetime) -> None:
    if mail.lead_id is None:
        return
    lead = session.get_one(Lead, mail.lead_id)
    old = lead.state
    sequence.end(session, [lead.id], state, reason, WORKER.label, now)
    session.refresh(lead)
    if lead.state is LeadState.FINISHED:  # the answer to the last step counts as much
        lead.state, lead.state_reason, lead.state_since = state, reason, now
    if lead.state is not old:
        identity_id = session.scalar(select(Campaign.identity_id).where(Campaign.id == lead.campaign_id))
        desk = Desk(session, WORKER, mail.workspace_id, now)
        desk.audit(f"lead.{state}", f"lead:{lead.id}", old={"state": old}, new={"state": state}, identity_id=identity_id)


def _wait_for_return(session: Session, mail: IncomingMail) -> None:
    """The next step comes the day after the return, or a week after the arrival; also one that is planned later only."""
    session.flush()
    lead_id = mail.lead_id or 0
    is_active = session.scalar(select(Lead.state).where(Lead.id == lead_id)) is LeadState.ACTIVE
    if absences.mind(session, lead_id) or is_active:
        mail.reason = Reason.OUT_OF_OFFICE


def _tell_complaint(session: Session, mailbox: Mailbox, email: str, now: datetime) -> None:
    alerts.raise_alert(
        session,
        AlertKind.COMPLAINT,
        mailbox.address,
        f"{email} reported a mail as spam. Nothing is sent to them any more; look at whom this campaign writes to.",
        mailbox.workspace_id,
        mailbox.identity_id,
        now,
        f"complaint:{mailbox.id}:{email}",
    )

"""What ends with an address and comes back with it: exactly the leads that were mid-sequence on it.

Rows remember each of them. None is moved to another address meanwhile; one that replied, bounced, unsubscribed or was
stopped in between keeps that end.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, insert, literal, select, update
from sqlalchemy.orm import Session

from engine import absences, sequence
from engine.entries import entries_of
from engine.people_elsewhere import written_to_elsewhere
from engine.suppressions import chunks, suppressed_leads
from storage.kinds import ActionState, CampaignState, LeadState, Reason
from storage.ledger import Entry, Note, connection_of, revive
from storage.prepared import COUNTED
from storage.tables import Action, Campaign, DisconnectedLead, Disconnection, Lead, Step

_CHUNK = 500
_UNTRIED = (ActionState.CANCELLED, ActionState.SKIPPED)
_ENDED_WITH_IT = (Reason.ADDRESS_DISCONNECTED, Reason.LEAD_FAILED)
_GOES_ON = (CampaignState.RUNNING, CampaignState.PAUSED)


def fail_leads(session: Session, mailbox_id: int, actor: str, now: datetime) -> int:
    """Fail the leads that are mid-sequence on an address, and cancel what waits for them; how many."""
    row = session.scalars(_open(mailbox_id)).one_or_none()
    if row is None:
        row = Disconnection(mailbox_id=mailbox_id, at=now, by=actor, leads=0)
        session.add(row)
        session.flush()
    # As sets, in one transaction: what is remembered is what fails, and fifty thousand leads keep nobody waiting for long.
    leads = _mid_sequence(mailbox_id)
    remembered = leads.with_only_columns(literal(row.id, DisconnectedLead.disconnection_id.type), Lead.id)
    columns = ["disconnection_id", "lead_id"]
    remember = insert(DisconnectedLead).from_select(columns, remembered)
    failed = connection_of(session).execute(remember, execution_options=COUNTED).rowcount
    sequence.end_all(session, leads, LeadState.FAILED, Reason.ADDRESS_DISCONNECTED, actor, now)
    row.leads += failed
    return failed


def leads_mid_sequence(session: Session, mailbox_id: int) -> list[int]:
    return list(session.scalars(_mid_sequence(mailbox_id).order_by(Lead.id)))


def _mid_sequence(mailbox_id: int) -> Select[int]:
    wanted = select(Lead.id).join(Campaign, Campaign.id == Lead.campaign_id)
    return wanted.where(Lead.mailbox_id == mailbox_id, Lead.state == LeadState.ACTIVE, Campaign.state.in_(_GOES_ON))


def healable(session: Session, mailbox_id: int) -> int:
    """How many leads wait for this address to come back."""
    waiting = _waiting(mailbox_id).where(sequence.HEALABLE, Campaign.state.in_(_GOES_ON))
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def heal(session: Session, mailbox_id: int, actor: str, now: datetime) -> int:
    """The same address is connected again: bring back what its disconnection failed, at the step where it was; how many.

    The caller wakes the address's lane.
    """
    row = session.scalars(_open(mailbox_id)).one_or_none()
    if row is None:
        return 0
    for chunk in chunks(session.scalars(_waiting(mailbox_id)).all(), _CHUNK):
        row.healed += _heal(session, row.id, chunk, actor, now)
    row.healed_at = now
    return row.healed


def _open(mailbox_id: int) -> Select[Disconnection]:
    return select(Disconnection).where(Disconnection.mailbox_id == mailbox_id, Disconnection.healed_at.is_(None))


def _waiting(mailbox_id: int) -> Select[int]:
    return (
        select(Lead.id)
        .join(DisconnectedLead, DisconnectedLead.lead_id == Lead.id)
        .join(Disconnection, Disconnection.id == DisconnectedLead.disconnection_id)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(Disconnection.mailbox_id == mailbox_id, Disconnection.healed_at.is_(None))
        .order_by(Lead.id)
    )


def _heal(session: Session, disconnection_id: int, lead_ids: Sequence[int], actor: str, now: datetime) -> int:
    why_not = _kept_ended(session, lead_ids, now)
    back = [each for each in lead_ids if each not in why_not]
    _settle(session, disconnection_id, back, now, None)
    for lead_id, reason in why_not.items():
        _settle(session, disconnection_id, [lead_id], None, reason)
    active = {"state": LeadState.ACTIVE, "state_reason": None, "state_since": now}
    if back:
        session.execute(update(Lead), [{"id": each, **active} for each in back])
    last = _last_actions(session, back)
    for lead_id in back:
        if lead_id in last:
            _take_up(session, lead_id, last[lead_id][0], actor, now)
    return len(back)


def _settle(
    session: Session, disconnection_id: int, lead_ids: Sequence[int], healed_at: datetime | None, why_not: Reason | None
) -> None:
    row = update(DisconnectedLead).where(
        DisconnectedLead.disconnection_id == disconnection_id, DisconnectedLead.lead_id.in_(lead_ids)
    )
    session.execute(row.values(healed_at=healed_at, why_not=why_not), execution_options={"synchronize_session": False})


def _kept_ended(session: Session, lead_ids: Sequence[int], now: datetime) -> dict[int, Reason]:
    """Leads that something else ended meanwhile → what; those that would have ended by it get that end now."""
    found: dict[int, Reason] = {}
    rows = session.execute(
        select(Lead, Campaign.state).join(Campaign, Campaign.id == Lead.campaign_id).where(Lead.id.in_(lead_ids))
    ).all()
    for lead, campaign_state in rows:
        if lead.state is not LeadState.FAILED or lead.state_reason is not Reason.ADDRESS_DISCONNECTED:
            found[lead.id] = lead.state_reason or Reason.LEAD_FINISHED
        elif campaign_state not in _GOES_ON:
            found[lead.id] = Reason.CAMPAIGN_FINISHED
    campaigns = {lead.id: lead.campaign_id for lead, _ in rows if lead.id not in found}
    for end in _ends(session, campaigns):
        lead_id, state, reason = end
        if lead_id not in found:
            found[lead_id] = reason
            sequence.end(session, [lead_id], state, reason, "worker", now)
    return found


def _ends(session: Session, campaigns: dict[int, int]) -> list[tuple[int, LeadState, Reason]]:
    """What would have ended these leads while they were away."""
    ids = list(campaigns)
    ends = [(each, LeadState.LEFT_OUT, Reason.SUPPRESSED) for each in suppressed_leads(session, ids)]
    for campaign_id in set(campaigns.values()):
        there = [each for each in ids if campaigns[each] == campaign_id]
        for lead_id in written_to_elsewhere(session, campaign_id, there, now_only=True):
            ends.append((lead_id, LeadState.LEFT_OUT, Reason.WRITTEN_TO_ELSEWHERE))
    for lead_id, (entry, reason) in _last_actions(session, ids).items():
        if entry.state is ActionState.FAILED_PERMANENT:
            state = LeadState.BOUNCED if reason is Reason.RECIPIENT_REFUSED else LeadState.FAILED
            ends.append((lead_id, state, reason or Reason.LEAD_FAILED))
        elif entry.state in _UNTRIED and reason not in _ENDED_WITH_IT:
            state = LeadState.STOPPED if reason is Reason.DECIDED_GIVE_UP else LeadState.FAILED
            ends.append((lead_id, state, reason or Reason.LEAD_FAILED))
    return ends


def _last_actions(session: Session, lead_ids: Sequence[int]) -> dict[int, tuple[Entry, Reason | None]]:
    """lead id → its furthest action, and why that one waits or how it ended."""
    rows = session.execute(
        select(Action.id, Action.lead_id, Action.reason)
        .join(Step, Step.id == Action.step_id)
        .where(Action.lead_id.in_(lead_ids))
        .order_by(Step.position)
    ).all()
    furthest = {row.lead_id: row for row in rows}
    entries = {each.id: each for each in entries_of(session, lead_ids=lead_ids, states=tuple(ActionState))}
    return {lead: (entries[row.id], row.reason) for lead, row in furthest.items()}


def _take_up(session: Session, lead_id: int, entry: Entry, actor: str, now: datetime) -> None:
    """Go on where the lead was: bring back its cancelled step, or plan the one after what ended in the meantime."""
    if entry.state in _UNTRIED:
        day = now.astimezone(ZoneInfo(entry.zone)).date()
        revive(session, entry, Note(now, day, actor, Reason.ADDRESS_RECONNECTED))
        absences.mind(session, lead_id)
    elif entry.state.is_sent:
        position, sent_at = session.execute(
            select(Step.position, Action.final_at).join(Step, Step.id == Action.step_id).where(Action.id == entry.id)
        ).one()
        sequence.go_on(session, lead_id, entry.campaign_id, position, sent_at or now, now)

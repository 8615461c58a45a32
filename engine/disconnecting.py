"""What ends with an address and comes back with it: exactly the leads that were mid-sequence on it.

Rows remember each of them. None is moved to another address meanwhile; one that replied, bounced, unsubscribed or was
stopped in between keeps that end. They come back a piece at a time: whoever connects the address brings back the first,
the page or the worker the others, and a disconnection is open until the last of its leads is settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, insert, literal, select, update
from sqlalchemy.orm import Session

from engine import absences, agenda, sequence
from engine.desk import WORKER, Desk, use_case
from engine.entries import entries_of
from engine.people_elsewhere import written_to_elsewhere
from engine.pieces import paced
from engine.suppressions import suppressed_leads
from storage.columns import table_of
from storage.database import Database
from storage.kinds import ActionState, CampaignState, LeadState, MailboxState, Permission, Reason
from storage.ledger import Entry, Note, connection_of, revive
from storage.prepared import COUNTED
from storage.tables import Action, Campaign, DisconnectedLead, Disconnection, Lane, Lead, Mailbox, Step

CHUNK = 500  # leads brought back in one transaction: a tenth of a second
_UNTRIED = (ActionState.CANCELLED, ActionState.SKIPPED)
_ENDED_WITH_IT = (Reason.ADDRESS_DISCONNECTED, Reason.LEAD_FAILED)
_GOES_ON = (CampaignState.RUNNING, CampaignState.PAUSED)
# Nothing but a sign-in leads from disconnected to one of these.
_CONNECTED = Mailbox.state.in_(tuple(state for state in MailboxState if state.may_be_read))


@dataclass(frozen=True, slots=True)
class Healed:
    """How far an address's leads are back: `back` since it was connected, `remaining` still to be settled."""

    back: int
    remaining: int


def fail_leads(session: Session, mailbox_id: int, actor: str, now: datetime) -> int:
    """Fail the leads that are mid-sequence on an address, and cancel what waits for them; how many."""
    # As sets, in one transaction: what is remembered is what fails, and fifty thousand leads keep nobody waiting for long.
    leads, again = _mid_sequence(mailbox_id), 0
    row = session.scalars(_open(mailbox_id)).one_or_none()
    if row is None:
        row = Disconnection(mailbox_id=mailbox_id, at=now, by=actor, leads=0)
        session.add(row)
        session.flush()
    else:
        again = _take_back(session, row, leads)
    known = select(DisconnectedLead.lead_id).where(DisconnectedLead.disconnection_id == row.id)
    new = leads.where(Lead.id.not_in(known)) if again else leads
    remembered = new.with_only_columns(literal(row.id, DisconnectedLead.disconnection_id.type), Lead.id)
    columns = ["disconnection_id", "lead_id"]
    remember = insert(DisconnectedLead).from_select(columns, remembered)
    failed = connection_of(session).execute(remember, execution_options=COUNTED).rowcount
    sequence.end_all(session, leads, LeadState.FAILED, Reason.ADDRESS_DISCONNECTED, actor, now)
    row.leads += failed
    return failed + again


def _take_back(session: Session, row: Disconnection, leads: Select[int]) -> int:
    """The address is disconnected before all its leads were back: those that were wait like the others; how many."""
    those = DisconnectedLead.disconnection_id == row.id
    back = update(table_of(DisconnectedLead)).where(those, DisconnectedLead.lead_id.in_(leads))
    taken = connection_of(session).execute(back.values(healed_at=None, why_not=None), execution_options=COUNTED).rowcount
    row.healed = session.scalar(select(func.count()).where(those, DisconnectedLead.healed_at.is_not(None))) or 0
    return taken


def leads_mid_sequence(session: Session, mailbox_id: int) -> list[int]:
    return list(session.scalars(_mid_sequence(mailbox_id).order_by(Lead.id)))


def _mid_sequence(mailbox_id: int) -> Select[int]:
    wanted = select(Lead.id).join(Campaign, Campaign.id == Lead.campaign_id)
    return wanted.where(Lead.mailbox_id == mailbox_id, Lead.state == LeadState.ACTIVE, Campaign.state.in_(_GOES_ON))


def healable(session: Session, mailbox_id: int) -> int:
    """How many leads wait for this address to come back, or to be brought back now that it is."""
    waiting = (
        _unsettled(mailbox_id)
        .join(Lead, Lead.id == DisconnectedLead.lead_id)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(sequence.HEALABLE, Campaign.state.in_(_GOES_ON))
    )
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def heal(session: Session, mailbox_id: int, actor: str, now: datetime) -> Healed:
    """The same address is connected again: bring back the next of those that its disconnection failed, each at the step
    where it was. `heal_more` or the worker does it for those that remain, for as long as the address is connected.
    """
    row = session.scalars(_open(mailbox_id)).one_or_none()
    if row is None:
        return Healed(0, 0)
    chunk = session.scalars(_unsettled(mailbox_id).order_by(DisconnectedLead.lead_id).limit(CHUNK)).all()
    row.healed += _heal(session, row.id, chunk, actor, now)
    session.flush()
    remaining = session.scalar(select(func.count()).select_from(_unsettled(mailbox_id).subquery())) or 0
    if not remaining:
        row.healed_at = now
    agenda.wake_lane(session, session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox_id)).all(), now)
    return Healed(row.healed, remaining)


@use_case(needs=Permission.MANAGE)
def heal_more(desk: Desk, mailbox_id: int) -> Healed:
    """Bring back the next leads of an address that is connected again."""
    return _heal_further(desk, mailbox_id)


def healings_waiting(session: Session) -> list[int]:
    """The addresses that are connected again and have leads still to come back."""
    waiting = (
        select(Mailbox.id)
        .join(Disconnection, Disconnection.mailbox_id == Mailbox.id)
        .where(Disconnection.healed_at.is_(None), _CONNECTED, Mailbox.removed_at.is_(None))
    )
    return list(session.scalars(waiting.order_by(Mailbox.id)))


def continue_healing(database: Database, mailbox_id: int, now: datetime) -> None:
    """Bring back all leads of an address that is connected again, a transaction a piece; for the worker."""

    def piece(session: Session) -> Healed:
        workspace_id = session.get_one(Mailbox, mailbox_id).workspace_id
        return _heal_further(Desk(session, WORKER, workspace_id, now), mailbox_id)

    paced(lambda: database.do(piece), lambda done: done.remaining > 0)


def _heal_further(desk: Desk, mailbox_id: int) -> Healed:
    """Nothing, once the address is disconnected again or broke: the others wait until it is back."""
    mailbox = desk.session.get_one(Mailbox, mailbox_id, with_for_update=True)
    under_way = select(Disconnection.id).where(Disconnection.mailbox_id == mailbox_id, Disconnection.healed_at.is_(None))
    if not mailbox.state.may_be_read or mailbox.removed_at is not None or desk.session.scalar(under_way) is None:
        return Healed(0, 0)
    done = heal(desk.session, mailbox_id, desk.actor.label, desk.now)
    if not done.remaining:
        desk.audit(
            "mailbox.leads_back", f"mailbox:{mailbox_id}", new={"leads_back": done.back}, identity_id=mailbox.identity_id
        )
    return done


def _open(mailbox_id: int) -> Select[Disconnection]:
    return select(Disconnection).where(Disconnection.mailbox_id == mailbox_id, Disconnection.healed_at.is_(None))


def _unsettled(mailbox_id: int) -> Select[int]:
    """The leads of which nobody has decided yet whether they come back."""
    return (
        select(DisconnectedLead.lead_id)
        .join(Disconnection, Disconnection.id == DisconnectedLead.disconnection_id)
        .where(
            Disconnection.mailbox_id == mailbox_id,
            Disconnection.healed_at.is_(None),
            DisconnectedLead.healed_at.is_(None),
            DisconnectedLead.why_not.is_(None),
        )
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

"""A lead's sequence: its first step planned at launch, each next one when the step before is final, its end."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, exists, literal, literal_column, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import absences, agenda
from engine.desk import WORKER, Desk
from engine.entries import entries_of
from storage.columns import table_of
from storage.kinds import OPEN_STATES, ActionKind, ActionState, CampaignState, Channel, LeadState, Reason
from storage.ledger import Entry, Note, connection_of, move, plan
from storage.ledger_sets import cancel_waiting
from storage.prepared import Prepared
from storage.tables import Action, Campaign, Identity, Installation, Lane, Lead, Mailbox, Scrape, Step

_CHUNK = 1_000
_GOING_ON = (LeadState.NEW, LeadState.ACTIVE)
# Failed with its address: ended for now, and brought back when the same address is connected again.
HEALABLE = and_(Lead.state == LeadState.FAILED, Lead.state_reason == Reason.ADDRESS_DISCONNECTED)
UNFINISHED = or_(Lead.state.in_(_GOING_ON), HEALABLE)


def begin(session: Session, campaign_id: int, lead_ids: Sequence[int], now: datetime) -> int:
    """Plan the first step of leads that were just launched and dealt their address; returns how many were planned."""
    step = _FIRST.row(connection_of(session), {"campaign": campaign_id})
    planned = 0
    for chunk in _chunks(lead_ids):
        planned += _plan_step(session, step, chunk, now + timedelta(minutes=step.wait_minutes), now)
        session.execute(
            update(Lead)
            .where(Lead.id.in_(chunk), Lead.state == LeadState.NEW)
            .values(state=LeadState.ACTIVE, state_reason=None, state_since=now),
            execution_options={"synchronize_session": False},
        )
    return planned


def advance(session: Session, entry: Entry, now: datetime) -> None:
    """After a step went out: plan the next one after its wait, or finish the lead, and the campaign with its last lead."""
    if entry.lead_id is None or entry.step_id is None:
        return
    connection = connection_of(session)
    state, position = _REACHED.row(connection, {"lead": entry.lead_id, "step": entry.step_id})
    if state is LeadState.ACTIVE:
        go_on(session, entry.lead_id, entry.campaign_id, position, now, now)


def advance_all(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """`advance` for steps of different leads that went out together."""
    connection = connection_of(session)
    rows = _REACHED_BY.rows(connection, {"actions": [entry.id for entry in entries]})
    _AT.change_all(connection, [{"lead": row.lead_id, "reached": row.position} for row in rows])
    active = [row for row in rows if row.lead_state is LeadState.ACTIVE]
    done = [row.lead_id for row in active if row.id is None]
    if done:
        _close(session, done, LeadState.FINISHED, None, now)
    for step in {row.id: row for row in active if row.id is not None}.values():
        leads = [row.lead_id for row in active if row.id == step.id]
        _go_on_with(session, step, leads, now, now)


def go_on(session: Session, lead_id: int, campaign_id: int | None, position: int, since: datetime, now: datetime) -> None:
    """Plan the step after `position`, which went out at `since`, or finish the lead."""
    asked = {"campaign": campaign_id, "after": position}
    following = _FOLLOWING.row(connection_of(session), asked)
    if following is None:
        close(session, lead_id, LeadState.FINISHED, None, now)
    else:
        _go_on_with(session, following, [lead_id], since, now)


def _go_on_with(session: Session, step: Any, lead_ids: list[int], since: datetime, now: datetime) -> None:
    _plan_step(session, step, lead_ids, since + timedelta(minutes=step.wait_minutes), now)
    for lead_id in lead_ids:
        absences.mind(session, lead_id)


_REACHED = Prepared(
    update(table_of(Lead))
    .where(Lead.id == bindparam("lead"))
    .values(position=select(Step.position).where(Step.id == bindparam("step")).scalar_subquery())
    .returning(Lead.state, Lead.position)
)
_STEP = select(Step.id, Step.kind, Step.wait_minutes).order_by(Step.position).limit(literal_column("1"))
_FOLLOWING = Prepared(_STEP.where(Step.campaign_id == bindparam("campaign"), Step.position > bindparam("after")))
_FIRST = Prepared(_STEP.where(Step.campaign_id == bindparam("campaign")))
_BY = aliased(Step)
_NEXT = select(Step.id).where(Step.campaign_id == _BY.campaign_id, Step.position > _BY.position).correlate(_BY)
_REACHED_BY = Prepared(
    select(Lead.id.label("lead_id"), Lead.state.label("lead_state"), _BY.position, Step.id, Step.kind, Step.wait_minutes)
    .select_from(Action)
    .join(Lead, Lead.id == Action.lead_id)
    .join(_BY, _BY.id == Action.step_id)
    .outerjoin(Step, Step.id == _NEXT.order_by(Step.position).limit(literal_column("1")).scalar_subquery())
    .where(Action.id.in_(bindparam("actions", expanding=True))),
    "actions",
)
_AT = Prepared(update(table_of(Lead)).where(Lead.id == bindparam("lead")).values(position=bindparam("reached")))


def end(session: Session, lead_ids: Iterable[int], state: LeadState, reason: Reason, actor: str, now: datetime) -> int:
    """Stop sequences: open actions are cancelled with the reason and the leads take the state; returns how many leads.

    A lead that failed with its address takes the state too: it replied, bounced or was stopped, and is not brought back.
    """
    ended = 0
    for chunk in _chunks(list(lead_ids)):
        for entry in entries_of(session, lead_ids=chunk, states=OPEN_STATES):
            day = now.astimezone(ZoneInfo(entry.zone)).date()
            move(session, entry, ActionState.CANCELLED, Note(now, day, actor, reason))
        ended += len(_close(session, chunk, state, reason, now, _END))
    return ended


def end_all(session: Session, leads: Select[int], state: LeadState, reason: Reason, actor: str, now: datetime) -> None:
    """`end` for the leads that a query finds, however many: the database is kept from others for a moment only."""
    campaigns = set(session.scalars(select(Lead.campaign_id).where(Lead.id.in_(leads), UNFINISHED).distinct()))
    cancel_waiting(session, leads, reason, actor, now)
    ending = update(Lead).where(Lead.id.in_(leads), UNFINISHED)
    changes = {"state": state, "state_reason": reason, "state_since": now}
    session.execute(ending.values(**changes), execution_options={"synchronize_session": False})
    _finish_if_done(session, campaigns, now)


def close(session: Session, lead_id: int, state: LeadState, reason: Reason | None, now: datetime) -> None:
    """Give a lead its final state, and finish the campaign when it was the last."""
    _close(session, [lead_id], state, reason, now)


def _close(
    session: Session,
    lead_ids: list[int],
    state: LeadState,
    reason: Reason | None,
    now: datetime,
    statement: Prepared | None = None,
) -> list[int]:
    connection = connection_of(session)
    changes = {"state": state, "state_reason": reason, "state_since": now}
    closed = (statement or _CLOSE).rows(connection, {"leads": lead_ids, **changes})
    _finish_if_done(session, {row.campaign_id for row in closed}, now)
    return [row.id for row in closed]


def finish_if_done(session: Session, campaign_id: int, now: datetime) -> None:
    """Finish a running campaign that has no lead left to go on with, now or when its address is back."""
    _finish_if_done(session, {campaign_id}, now)


def _finish_if_done(session: Session, campaign_ids: Collection[int], now: datetime) -> None:
    if not campaign_ids:
        return
    for row in _FINISH_IF_DONE.rows(connection_of(session), {"campaigns": list(campaign_ids), "now": now}):
        Desk(session, WORKER, row.workspace_id, now).audit(
            "campaign.finished",
            f"campaign:{row.id}",
            old={"state": CampaignState.RUNNING.value},
            new={"state": CampaignState.FINISHED.value, "why": "No lead is left to go on with."},
            identity_id=row.identity_id,
        )


_OF_THESE = update(table_of(Lead)).where(Lead.id.in_(bindparam("leads", expanding=True)))
_CLOSE = Prepared(_OF_THESE.where(Lead.state.in_(_GOING_ON)).returning(Lead.id, Lead.campaign_id), "leads")
_END = Prepared(_OF_THESE.where(UNFINISHED).returning(Lead.id, Lead.campaign_id), "leads")
_FINISH_IF_DONE = Prepared(
    update(table_of(Campaign))
    .where(
        Campaign.id.in_(bindparam("campaigns", expanding=True)),
        Campaign.state == CampaignState.RUNNING,
        ~exists(select(Lead.id).where(Lead.campaign_id == Campaign.id, UNFINISHED)),
        # Whoever is still being read from Sales Navigator is to begin, too.
        ~exists(select(Scrape.id).where(Scrape.campaign_id == Campaign.id, Scrape.ended_at.is_(None))),
    )
    .values(state=CampaignState.FINISHED, finished_at=bindparam("now"))
    .returning(Campaign.id, Campaign.workspace_id, Campaign.identity_id),
    "campaigns",
)


def _plan_step(session: Session, step: Any, lead_ids: Sequence[int], due_at: datetime, now: datetime) -> int:
    places = _PLACES if step.kind.channel is Channel.EMAIL else _LINKEDIN_PLACES
    rows = places.rows(connection_of(session), {"leads": list(lead_ids)})
    planned = 0
    for zone in {row.zone for row in rows}:
        group = [row for row in rows if row.zone == zone]
        note = Note(now, now.astimezone(ZoneInfo(zone)).date(), "worker")
        planned += plan(session, [_action(row, step, due_at, now) for row in group], note)
    agenda.wake_lane(session, {row.lane_id for row in rows}, due_at)
    return planned


_PLACE = (Lead.id, Lead.workspace_id, Lead.campaign_id, Lane.id.label("lane_id"), Lane.identity_id, Identity.zone)
_PLACES = Prepared(
    select(
        *_PLACE,
        Mailbox.address,
        select(Installation.mark).scalar_subquery().label("mark"),
    )
    .join(Mailbox, Mailbox.id == Lead.mailbox_id)
    .join(Lane, Lane.mailbox_id == Mailbox.id)
    .join(Identity, Identity.id == Lane.identity_id)
    .where(Lead.id.in_(bindparam("leads", expanding=True))),
    "leads",
)

_LINKEDIN_PLACES = Prepared(
    select(
        *_PLACE,
        literal("").label("address"),
        literal("").label("mark"),
    )
    .join(Campaign, Campaign.id == Lead.campaign_id)
    .join(Lane, and_(Lane.identity_id == Campaign.identity_id, Lane.channel == Channel.LINKEDIN))
    .join(Identity, Identity.id == Lane.identity_id)
    .where(Lead.id.in_(bindparam("leads", expanding=True))),
    "leads",
)


def _action(row: Any, step: Any, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": row.workspace_id,
        "identity_id": row.identity_id,
        "lane_id": row.lane_id,
        "kind": step.kind,
        "state": ActionState.PLANNED,
        "campaign_id": row.campaign_id,
        "lead_id": row.id,
        "step_id": step.id,
        "due_at": due_at,
        "message_id": message_id(row.mark or "-", row.id, step.id, row.address) if step.kind is ActionKind.EMAIL else None,
        "created_at": now,
    }


def message_id(mark: str, lead_id: int, step_id: int, address: str) -> str:
    """The Message-ID of a lead's step, with its angle brackets: the same one from a restored backup too."""
    unique = uuid5(NAMESPACE_URL, f"{mark}/{lead_id}/{step_id}")
    return f"<{unique}@{address.rpartition('@')[2]}>"


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk

"""Campaigns: made, renamed, duplicated, given an inbox, paused, resumed and finished."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from engine import agenda, scrape_keeping, sequence, warm_up_locks
from engine.desk import Desk, Problem, use_case
from engine.pieces import paced
from storage.database import Database
from storage.kinds import CampaignState, LeadState, Permission, Reason
from storage.tables import Campaign, Identity, Lead, LeadImport, LeadImportFile, Mailbox, Scrape, Step

LONGEST_NAME = 200
_CHUNK = 1_000
_GOING_ON = (LeadState.NEW, LeadState.ACTIVE)


@dataclass(frozen=True, slots=True)
class InboxChoice:
    """An address that the campaign may use."""

    mailbox_id: int
    address: str
    may_send: bool
    leads: int  # of this campaign, dealt to it


@use_case(needs=Permission.MANAGE)
def create(desk: Desk, identity_id: int, name: str) -> int:
    """Begin a draft, with its first step to be written."""
    if desk.session.get_one(Identity, identity_id).archived_at is not None:
        raise Problem("This identity is archived. Bring it back first, or choose another one.")
    made = Campaign(
        workspace_id=desk.workspace,
        identity_id=identity_id,
        name=_name(name),
        created_at=desk.now,
        created_by=desk.actor.user_id,
    )
    desk.session.add(made)
    desk.session.flush()
    desk.audit("campaign.created", f"campaign:{made.id}", new={"name": made.name}, identity_id=identity_id)
    return made.id


@use_case(needs=Permission.MANAGE)
def rename(desk: Desk, campaign_id: int, name: str) -> None:
    campaign = desk.session.get_one(Campaign, campaign_id)
    old, campaign.name = campaign.name, _name(name)
    if old != campaign.name:
        _audit(desk, campaign, "campaign.renamed", {"name": old}, {"name": campaign.name})


@use_case(needs=Permission.MANAGE)
def duplicate(desk: Desk, campaign_id: int) -> int:
    """A draft with the same steps and inbox, and no leads."""
    of = desk.session.get_one(Campaign, campaign_id)
    made = Campaign(
        workspace_id=of.workspace_id,
        identity_id=of.identity_id,
        name=_name(f"{of.name[: LONGEST_NAME - 7]} (copy)"),
        mailbox_id=of.mailbox_id,
        created_at=desk.now,
        created_by=desk.actor.user_id,
    )
    desk.session.add(made)
    desk.session.flush()
    for step in desk.session.scalars(select(Step).where(Step.campaign_id == of.id).order_by(Step.position)):
        desk.session.add(
            Step(
                campaign_id=made.id,
                position=step.position,
                kind=step.kind,
                wait_minutes=step.wait_minutes,
                subject=step.subject,
                body=step.body,
                body_html=step.body_html,
                may_drop_note=step.may_drop_note,
                acceptance_days=step.acceptance_days,
            )
        )
    _audit(desk, made, "campaign.duplicated", None, {"name": made.name, "of": of.id})
    return made.id


@use_case(needs=Permission.READ, reads=True)
def inbox_choices(desk: Desk, campaign_id: int) -> tuple[InboxChoice, ...]:
    """The identity's addresses, and how many of the campaign's leads each has been dealt."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    dealt = dealt_counts(desk.session, campaign_id)
    rows = desk.session.scalars(
        select(Mailbox).where(Mailbox.identity_id == campaign.identity_id, Mailbox.removed_at.is_(None)).order_by(Mailbox.id)
    )
    return tuple(
        InboxChoice(row.id, row.address, row.state.may_send and row.paused_at is None, dealt.get(row.id, 0)) for row in rows
    )


@use_case(needs=Permission.MANAGE)
def set_inbox(desk: Desk, campaign_id: int, mailbox_id: int | None) -> None:
    """Use one address, or None for Shuffle. Leads that were dealt an address keep it."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    if mailbox_id is not None and desk.session.get_one(Mailbox, mailbox_id).identity_id != campaign.identity_id:
        raise Problem("This address belongs to another identity. Choose one of the campaign's identity.")
    if campaign.state is CampaignState.FINISHED:
        raise Problem("The campaign is finished, so its inbox stays as it was.")
    old, campaign.mailbox_id = campaign.mailbox_id, mailbox_id
    if old != mailbox_id:
        _audit(desk, campaign, "campaign.inbox_changed", {"mailbox_id": old}, {"mailbox_id": mailbox_id})


@use_case(needs=Permission.MANAGE)
def pause(desk: Desk, campaign_id: int) -> None:
    """Hold the campaign: from this commit on no new action of it begins. One that a warm-up holds stays so after it."""
    held = desk.session.get_one(Campaign, campaign_id)
    if warm_up_locks.keep_paused(desk.session, held, desk.actor.label):
        _audit(desk, held, "campaign.kept_paused", None, {"by": desk.actor.label})
        return
    campaign = _in_state(desk, campaign_id, CampaignState.RUNNING, "Only a running campaign can be paused.")
    campaign.state = CampaignState.PAUSED
    campaign.paused_at, campaign.paused_by = desk.now, desk.actor.label
    _audit(desk, campaign, "campaign.paused", {"state": "running"}, {"state": "paused"})


@use_case(needs=Permission.MANAGE)
def resume(desk: Desk, campaign_id: int) -> None:
    identity_id = desk.session.get_one(Campaign, campaign_id).identity_id
    if desk.session.get_one(Identity, identity_id).archived_at is not None:
        raise Problem("The campaign's identity is archived. Bring it back first, then resume the campaign.")
    warm_up_locks.require_none(desk.session, identity_id, "resumed", desk.now)
    campaign = _in_state(desk, campaign_id, CampaignState.PAUSED, "Only a paused campaign can be resumed.")
    campaign.state = CampaignState.RUNNING
    campaign.paused_at, campaign.paused_by = None, ""
    _audit(desk, campaign, "campaign.resumed", {"state": "paused"}, {"state": "running"})
    sequence.finish_if_done(desk.session, campaign_id, desk.now)  # its last lead may have ended while it was paused
    agenda.wake_identity(desk.session, campaign.identity_id, desk.now)


@use_case(needs=Permission.MANAGE)
def finish(desk: Desk, campaign_id: int) -> None:
    """End the campaign for good: from this commit on nothing of it begins; its leads' sequences end by `end_more`."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    if campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        raise Problem("Only a running or paused campaign can be finished.")
    old, campaign.state = campaign.state, CampaignState.FINISHED
    campaign.finished_at = desk.now
    scrape_keeping.end_all(desk.session, [campaign_id], desk.actor.label, desk.now)
    _audit(desk, campaign, "campaign.finished", {"state": old}, {"state": "finished"})


@use_case(needs=Permission.MANAGE)
def end_more(desk: Desk, campaign_id: int) -> int:
    """End the sequences of the next leads of a finished campaign; says how many are left."""
    return _end_chunk(desk.session, campaign_id, desk.actor.label, desk.now)


def endings_waiting(session: Session) -> list[int]:
    """The finished campaigns with leads whose sequences are still to end."""
    going_on = exists().where(Lead.campaign_id == Campaign.id, Lead.state.in_(_GOING_ON))
    finished = select(Campaign.id).where(Campaign.state == CampaignState.FINISHED, going_on)
    return list(session.scalars(finished.order_by(Campaign.id)).all())


def continue_ending(database: Database, campaign_id: int, now: datetime) -> None:
    """End all sequences of a finished campaign, a transaction a chunk; for the worker."""
    paced(lambda: database.do(lambda session: _end_chunk(session, campaign_id, "worker", now)), lambda left: left > 0)


def _end_chunk(session: Session, campaign_id: int, actor: str, now: datetime) -> int:
    if session.get_one(Campaign, campaign_id).state is not CampaignState.FINISHED:
        return 0
    going_on = select(Lead.id).where(Lead.campaign_id == campaign_id, Lead.state.in_(_GOING_ON))
    chunk = session.scalars(going_on.limit(_CHUNK)).all()
    sequence.end(session, chunk, LeadState.STOPPED, Reason.CAMPAIGN_FINISHED, actor=actor, now=now)
    return session.scalar(select(func.count()).select_from(going_on.subquery())) or 0


@use_case(needs=Permission.MANAGE)
def delete_draft(desk: Desk, campaign_id: int) -> None:
    """Remove a draft that has no leads."""
    campaign = _in_state(desk, campaign_id, CampaignState.DRAFT, "Only a draft can be deleted.")
    if desk.session.scalar(select(Lead.id).where(Lead.campaign_id == campaign_id).limit(1)):
        raise Problem("This draft has leads. Launch it or leave it; what was imported is kept.")
    if desk.session.scalar(select(Scrape.id).where(Scrape.campaign_id == campaign_id).limit(1)):
        raise Problem("This draft read people from Sales Navigator. Launch it or leave it; what was read is kept.")
    imports = select(LeadImport.id).where(LeadImport.campaign_id == campaign_id)  # those that brought nobody, or not yet
    desk.session.execute(delete(LeadImportFile).where(LeadImportFile.import_id.in_(imports)))
    desk.session.execute(delete(LeadImport).where(LeadImport.campaign_id == campaign_id))
    desk.session.execute(delete(Step).where(Step.campaign_id == campaign_id))
    desk.session.delete(campaign)
    _audit(desk, campaign, "campaign.deleted", {"name": campaign.name}, None)


def dealt_counts(session: Session, campaign_id: int) -> dict[int, int]:
    """mailbox id → how many of the campaign's leads it has been dealt."""
    rows = session.execute(
        select(Lead.mailbox_id, func.count())
        .where(Lead.campaign_id == campaign_id, Lead.mailbox_id.is_not(None))
        .group_by(Lead.mailbox_id)
    )
    return {mailbox_id: count for mailbox_id, count in rows if mailbox_id is not None}


def _in_state(desk: Desk, campaign_id: int, state: CampaignState, sentence: str) -> Campaign:
    campaign = desk.session.get_one(Campaign, campaign_id)
    if campaign.state is not state:
        raise Problem(f"{sentence} This one is {campaign.state}.")
    campaign.version += 1
    return campaign


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Problem("Give the campaign a name.")
    if len(name) > LONGEST_NAME:
        raise Problem(f"The name has {len(name)} characters; shorten it to {LONGEST_NAME}.")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise Problem("The name contains a control character; type it again instead of pasting it.")
    return name


def _audit(desk: Desk, campaign: Campaign, what: str, old: dict[str, object] | None, new: dict[str, object] | None) -> None:
    desk.audit(what, f"campaign:{campaign.id}", old=old, new=new, identity_id=campaign.identity_id)

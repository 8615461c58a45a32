"""Workspaces: one a client; made, renamed, archived and brought back."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, func, select

from engine import agenda
from engine.desk import Denied, Desk, Problem, use_case
from engine.names import checked_name
from engine.visits import clients_of
from storage.kinds import CampaignState, Permission
from storage.tables import Campaign, Identity, Mailbox, Membership, Scrape, WarmUp, Workspace

_NAME = "the workspace's name"


@dataclass(frozen=True, slots=True)
class WorkspaceLine:
    id: int
    name: str
    identities: int
    running_campaigns: int
    users: int
    created_at: datetime
    archived_at: datetime | None


@use_case(needs=Permission.OWN, reads=True)
def list_all(desk: Desk) -> list[WorkspaceLine]:
    """Every workspace, archived ones last."""
    identities = _counts(desk, select(Identity.workspace_id, func.count()).where(Identity.archived_at.is_(None)))
    running = _counts(desk, select(Campaign.workspace_id, func.count()).where(Campaign.state == CampaignState.RUNNING))
    users = _counts(desk, select(Membership.workspace_id, func.count()))
    rows = desk.session.scalars(select(Workspace).order_by(Workspace.archived_at.is_not(None), func.lower(Workspace.name)))
    return [
        WorkspaceLine(
            row.id,
            row.name,
            identities.get(row.id, 0),
            running.get(row.id, 0),
            users.get(row.id, 0),
            row.created_at,
            row.archived_at,
        )
        for row in rows
    ]


@use_case(needs=Permission.OWN)
def create(desk: Desk, name: str) -> int:
    called = _free_name(desk, name)
    made = Workspace(name=called, created_at=desk.now)
    desk.session.add(made)
    desk.session.flush()
    replace(desk, workspace_id=made.id).audit("workspace.created", f"workspace:{made.id}", new={"name": called})
    return made.id


@use_case(needs=Permission.ADMINISTER)
def rename(desk: Desk, name: str) -> None:
    """Rename the workspace one is in."""
    row = desk.session.get_one(Workspace, desk.workspace)
    if row.name == name.strip():
        return
    called = _free_name(desk, name)
    desk.audit("workspace.renamed", f"workspace:{row.id}", old={"name": row.name}, new={"name": called})
    row.name = called


@use_case(needs=Permission.OWN)
def archive(desk: Desk, archived_id: int) -> None:
    """Put a workspace away: nobody opens it, nothing of it is done (the verdict takes it for stopped), nothing is lost,
    `restore` brings it back.

    Refused while a campaign or a warm-up runs, or Sales Navigator is read.
    """
    row = _workspace(desk, archived_id)
    running = select(func.count()).select_from(Campaign)
    count = desk.session.scalar(running.where(Campaign.workspace_id == archived_id, Campaign.state == CampaignState.RUNNING))
    if count:
        campaigns = "1 campaign is" if count == 1 else f"{count} campaigns are"
        raise Problem(f"{campaigns} running in {row.name}. Pause or finish them first, then archive it.")
    warming = select(Mailbox.address).join(WarmUp, WarmUp.mailbox_id == Mailbox.id)
    address = desk.session.scalar(warming.where(Mailbox.workspace_id == archived_id, WarmUp.stopped_at.is_(None)).limit(1))
    if address:
        raise Problem(f"{address} is warming up in {row.name}. Stop its warm-ups first, then archive it.")
    reading = select(Scrape.id).where(Scrape.workspace_id == archived_id, Scrape.ended_at.is_(None))
    if desk.session.scalar(reading.limit(1)):
        raise Problem(f"People are being read from Sales Navigator in {row.name}. Stop the reading first, then archive it.")
    if row.archived_at is None:
        row.archived_at = desk.now
        replace(desk, workspace_id=archived_id).audit("workspace.archived", f"workspace:{archived_id}")


@use_case(needs=Permission.OWN)
def restore(desk: Desk, archived_id: int) -> None:
    row = _workspace(desk, archived_id)
    if row.archived_at is not None:
        row.archived_at = None
        agenda.wake_workspace(desk.session, archived_id, desk.now)
        replace(desk, workspace_id=archived_id).audit("workspace.restored", f"workspace:{archived_id}")


def _workspace(desk: Desk, workspace_id: int) -> Workspace:
    row = desk.session.get(Workspace, workspace_id)
    if row is None:
        raise Denied
    return row


def _free_name(desk: Desk, name: str) -> str:
    called = checked_name(name, _NAME)
    # Of the clients within the actor's reach: a refusal must not tell an admin which others there are.
    if called.casefold() in {one.name.casefold() for one in clients_of(desk.session, desk.actor)}:
        raise Problem(f"There is a workspace called {called} already. Choose another name, so that nobody mixes them up.")
    return called


def _counts(desk: Desk, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in desk.session.execute(query.group_by(query.selected_columns[0]))}
